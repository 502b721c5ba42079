import { TaurecError } from '../errors.ts';
import { listVersions, makeCurrent, rollBack } from '../model/versions.ts';
import type { Access } from './access.ts';
import type { Endpoint, RequestContext } from './endpoint.ts';
import type { ModelHost } from './model-host.ts';
import { jsonReply, type Reply } from './reply.ts';

/** The parts that these endpoints use. */
interface VersionParts {
  readonly access: Access;
  readonly host: ModelHost;
  readonly folder: string;
}

/** Endpoints for a served folder of versions: the list, publication of one of them, and rollback. */
export function versionEndpoints({ access, host, folder }: VersionParts): readonly Endpoint[] {
  /** Makes another version current and serves it. If it cannot be opened, the one before becomes current again. */
  const change = async ({ env }: RequestContext, choose: () => Promise<{ name: string }>): Promise<Reply> => {
    if (!access.closed) throw new TaurecError('reload-closed');
    const { current } = await listVersions(folder);
    const version = await choose();
    // Opening a large model can take longer than the limit for a connection without traffic.
    env.incoming.socket.setTimeout(0);
    const { error } = await host.reload('request');
    if (error) {
      await makeCurrent(folder, current);
      throw new TaurecError('reload-failed', { reason: error.message });
    }
    return jsonReply({ ...version, current: true });
  };
  return [
    {
      method: 'GET',
      path: '/v1/versions',
      scopes: ['admin'],
      handle: async () => jsonReply(await listVersions(folder)),
    },
    {
      method: 'POST',
      path: '/v1/versions/rollback',
      scopes: ['admin'],
      handle: (context) => change(context, () => rollBack(folder)),
    },
    {
      method: 'POST',
      path: '/v1/versions/:version/publish',
      scopes: ['admin'],
      handle: (context) => change(context, () => makeCurrent(folder, context.req.param('version')!)),
    },
  ];
}
