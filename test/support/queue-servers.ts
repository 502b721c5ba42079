import { postgresMissing, redisMissing, startPostgres, startRedis } from './servers.ts';

/** A server with a queue in it. */
export interface QueueServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The servers that queues run on: their names, why they are not there (undefined when they are), and how to start one. */
export const queueServers: readonly (readonly [
  name: 'redis' | 'PostgreSQL',
  missing: string | undefined,
  start: () => Promise<QueueServer>,
])[] = [
  ['redis', redisMissing, startRedis],
  [
    'PostgreSQL',
    postgresMissing,
    async () => {
      const { url, stop } = await startPostgres();
      return { url: url(), stop };
    },
  ],
];
