import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { version } from '../../src/platform/version.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { dataHash } from '../../src/training/checkpoint.ts';
import { runWorker } from '../../src/tuning/queue/run-worker.ts';
import { type RedisServer, redisMissing, startRedis, withReason } from '../support/servers.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(redisMissing)(withReason('a worker', redisMissing), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  test('keeps the checkpoints of trainings with the same key apart', async () => {
    const { train, test: valid } = syntheticDataset({ users: 60, items: 50, interactions: 900, testRatio: 0.2 });
    const data = { train, valid };
    const queue = await openQueue(server.url);
    const studies = ['a', 'b'].map((letter) => ({ id: letter.repeat(64), taurec: version, data: dataHash(data) }));
    for (const [i, study] of studies.entries()) {
      const config = { loss: 'sl', epochs: 20, dimension: 8 * (i + 1), checkpointEvery: 1, validation: { every: 10 } };
      const task = { key: { trial: 0, rung: 0 }, config, metric: 'ndcg@20' };
      await queue.announce(study);
      await queue.submit({ id: `${study.id}-0-0`, work: study.id, task }, study);
    }
    const stop = new AbortController();
    const paths = new Map<string, Set<string | undefined>>();
    let over = 0;
    await runWorker(data, {
      queue: server.url,
      jobs: 2,
      threads: 2,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'taken') paths.set(event.run, new Set());
        if (event.type === 'news' && event.news.type === 'checkpoint') paths.get(event.run)!.add(event.news.path);
        if (event.type === 'over' && ++over === 2) stop.abort();
      },
    });
    const [one, two] = studies.map(({ id }) => [...paths.get(`${id}-0-0`)!]);
    expect(one).toHaveLength(1);
    expect(two).toHaveLength(1);
    expect(one).not.toEqual(two);
    for (const { id } of studies)
      expect((await queue.board(`${id}-0-0`)).outcome).toMatchObject({ epoch: expect.any(Number) });
    await queue.close();
  });
});
