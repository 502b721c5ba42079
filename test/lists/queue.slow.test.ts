import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { WorkQueue } from '../../src/queue/work-queue.ts';
import { folder, json, start } from '../cli/taurec.ts';
import { type QueueServer, queueServers } from '../support/queue-servers.ts';
import { randomModel } from '../support/random-model.ts';

// Each test runs several processes; generous deadlines, for machines that do other things.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

/** Lists of this length have parts of 1,024 users; diversity makes a part last long enough to kill its worker in the middle. */
const lists = ['-k', '950', '--diversity', '.5'];
const users = 2 * 1024 + 100;

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 20));
};

/** A worker, and the parts that it says to have taken and done. */
function startWorker(url: string, model: string) {
  const args = ['--queue', url, '--lock-seconds', '5', '--threads', '1', '--until-done', '--json'];
  const worker = start(['worker', '--model', model, ...args]);
  const events: { type: string; part: number }[] = [];
  let rest = '';
  worker.child.stdout!.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line)));
  });
  const parts = (type: string) => events.filter((event) => event.type === type).map(({ part }) => part);
  return { ...worker, parts };
}

beforeAll(async () => {
  await saveModel(join(folder, 'model'), randomModel({ users, items: 160, dimension: 8, titles: true }));
  await saveModel(join(folder, 'other'), randomModel({ users, items: 160, dimension: 8, titles: true, seed: 2 }));
});

describe.each(queueServers)(
  'lists over a queue in %s (skipped where it is not installed)',
  (name, missing, startServer) => {
    let server: QueueServer;
    let queue: WorkQueue;
    beforeAll(async () => {
      if (missing) return;
      server = await startServer();
      queue = await openQueue(server.url);
    });
    afterAll(async () => {
      await queue?.close();
      await server?.stop();
    });

    test.skipIf(missing)(
      'a killed worker’s part is made by another; a killed coordinator goes on; equal bytes',
      async () => {
        const [whole, file] = [`whole-${name}.parquet`, `queued-${name}.parquet`];
        await json('recommend', 'model', '--all', ...lists, '--output', whole, '--threads', '2');
        const args = ['recommend', 'model', '--all', ...lists, '--output', file, '--queue', server.url, '-q'];
        const first = start(args);
        const killed = startWorker(server.url, 'model');
        await until(() => killed.parts('taken').length === 2);
        killed.child.kill('SIGKILL');
        await killed.done;
        // The one that it has done comes to the coordinator. Queues hand out parts in any order.
        const [done] = killed.parts('over');
        await until(() => existsSync(join(folder, `${file}.parts`, `00000${done}.part`)));
        first.child.kill('SIGKILL');
        await first.done;
        const [lost] = killed.parts('taken').filter((part) => !killed.parts('over').includes(part));
        const second = start(args);
        const other = startWorker(server.url, 'model');
        expect((await second.done).code).toBe(0);
        expect((await other.done).code).toBe(0);
        if (lost !== undefined) expect(other.parts('taken')).toContain(lost);
        expect(other.parts('taken')).not.toContain(done);
        expect(Buffer.compare(readFileSync(join(folder, file)), readFileSync(join(folder, whole)))).toBe(0);
        expect(existsSync(join(folder, `${file}.parts`))).toBe(false);
        // Nothing of the lists stays in the queue.
        expect(await queue.works()).toEqual([]);
      },
    );

    test.skipIf(missing)('listed users of several parts: the file of one machine', async () => {
      const listed = Array.from({ length: 1024 + 50 }, (_, i) => `u${(i * 7) % users}`);
      writeFileSync(join(folder, 'listed.txt'), `${listed.join('\n')}\n`);
      const args = ['recommend', 'model', '--users-file', 'listed.txt', '-k', '950'];
      const [whole, file] = [`listed-${name}.csv`, `listed-queued-${name}.csv`];
      await json(...args, '--output', whole);
      const exporting = start([...args, '--output', file, '--queue', server.url, '-q']);
      const worker = startWorker(server.url, 'model');
      expect((await exporting.done).code).toBe(0);
      expect((await worker.done).code).toBe(0);
      expect(worker.parts('over').sort()).toEqual([0, 1]);
      expect(Buffer.compare(readFileSync(join(folder, file)), readFileSync(join(folder, whole)))).toBe(0);
    });

    test.skipIf(missing)('a worker with another model says so and leaves the lists to others', async () => {
      const args = [
        'recommend',
        'model',
        '--all',
        ...lists,
        '--output',
        `left-${name}.csv`,
        '--queue',
        server.url,
        '-q',
      ];
      const exporting = start(args);
      await until(async () => (await queue.works()).length > 0);
      const { code, stderr } = await start(['worker', '--model', 'other', '--queue', server.url]).done;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/This worker has a model with the SHA-256 "\w+", expected \w+ as in the queue/),
      ]);
      exporting.child.kill('SIGINT');
      expect((await exporting.done).code).toBe(130);
      for (const work of await queue.works()) await queue.withdraw(work, []);
    });
  },
);
