import { TaurecError } from '../errors.ts';
import { listVersions, makeCurrent, rollBack } from '../model/versions.ts';
import type { Access } from './access.ts';
import type { Endpoint, RequestContext } from './endpoint.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Variant, Variants } from './variants.ts';

/** The parts that these endpoints use. */
interface VersionParts {
  readonly access: Access;
  readonly variants: Variants;
}

/** Endpoints for a served folder of versions: the list, publication of one of them, and rollback. Of several models, `?variant=` names one. */
export function versionEndpoints({ access, variants }: VersionParts): readonly Endpoint[] {
  const asked = ({ req }: RequestContext) => variants.byName(req.query('variant'));
  /** Makes another version current and serves it. If it cannot be opened, the one before becomes current again. */
  const change = async (
    context: RequestContext,
    choose: (folder: string) => Promise<{ name: string }>,
  ): Promise<Reply> => {
    if (!access.closed) throw new TaurecError('reload-closed');
    const { folder, host }: Variant = asked(context);
    const { current } = await listVersions(folder);
    const version = await choose(folder);
    // Opening a large model can take longer than the limit for a connection without traffic.
    context.env.incoming.socket.setTimeout(0);
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
      handle: async (context) => jsonReply(await listVersions(asked(context).folder)),
    },
    {
      method: 'POST',
      path: '/v1/versions/rollback',
      scopes: ['admin'],
      handle: (context) => change(context, rollBack),
    },
    {
      method: 'POST',
      path: '/v1/versions/:version/publish',
      scopes: ['admin'],
      handle: (context) => change(context, (folder) => makeCurrent(folder, context.req.param('version')!)),
    },
  ];
}
