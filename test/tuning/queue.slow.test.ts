import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import type {
  Lease as AnyLease,
  WorkQueue as AnyQueue,
  QueuedTask as AnyTask,
  Verdict,
  WorkFacts,
} from '../../src/queue/work-queue.ts';
import type { TrainingWork } from '../../src/tuning/executor.ts';
import { type QueueServer, queueServers } from '../support/queue-servers.ts';
import { redisMissing, startRedis } from '../support/servers.ts';

type Lease = AnyLease<TrainingWork>;
type QueuedTask = AnyTask<TrainingWork>;
type WorkQueue = AnyQueue<TrainingWork>;

const silentWorker = join(import.meta.dirname, '../support/silent-worker.mjs');

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 20));
};

const outcome = (value: number) => ({
  value,
  epoch: 3,
  popularityPrior: 0,
  seconds: { train: 1, validate: 0.5 },
  engine: { name: 'fake', build: 'none', threads: 1 },
  curve: [{ epoch: 1, loss: 0.5, learningRate: 0.1, value }],
});

describe.each(queueServers)('a queue in %s (skipped where it is not installed)', (_, missing, startServer) => {
  let server: QueueServer;
  const queues: WorkQueue[] = [];
  const open = async (lockSeconds?: number) => {
    const queue = await openQueue<TrainingWork>(server.url, { lockSeconds });
    queues.push(queue);
    return queue;
  };
  beforeAll(async () => {
    if (!missing) server = await startServer();
  });
  afterAll(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await server?.stop();
  });

  let studies = 0;
  function study(): { facts: WorkFacts; run: (trial: number) => QueuedTask } {
    const id = createHash('sha256').update(`study ${studies++}`).digest('hex');
    const facts = { id, taurec: '1.2.3', data: createHash('sha256').update(`data of ${id}`).digest('hex') };
    const run = (trial: number): QueuedTask => {
      const task = { key: { trial, rung: 0 }, config: { epochs: 3 }, metric: 'ndcg@20' };
      return { id: `${id.slice(0, 32)}-${trial}-0`, work: id, task };
    };
    return { facts, run };
  }

  /** Starts a worker in a process of its own that takes a training, and stands still until it is woken; then it ends, and has said what it could still change. */
  async function startSilent(facts: WorkFacts) {
    const args = [server.url, '1', JSON.stringify(facts), JSON.stringify(outcome(1))];
    const child = spawn(process.execPath, [silentWorker, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const taken = 'taken\n';
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    const ended = once(child, 'close');
    await until(() => said.startsWith(taken));
    return {
      async wake() {
        child.stdin.end('\n');
        const [code] = await ended;
        return { code, said: said.slice(taken.length) };
      },
    };
  }

  /** Works until `enough` trainings are over. */
  async function work(queue: WorkQueue, facts: WorkFacts, enough: number, handler: (lease: Lease) => Promise<Verdict>) {
    const stop = new AbortController();
    let done = 0;
    await queue.work(
      async (lease) => {
        const verdict = await handler(lease);
        if (verdict === 'done' && ++done === enough) stop.abort();
        return verdict;
      },
      { facts, jobs: 1, signal: stop.signal },
    );
  }

  test.skipIf(missing)(
    'hands each training to one worker, however often it was put in; boards tell what came',
    async () => {
      const { facts, run } = study();
      const queue = await open();
      const [one, two] = [await open(), await open()];
      for (const trial of [0, 1, 2, 3, 0, 1]) await queue.submit(run(trial), facts);
      const taken: number[] = [];
      const stop = new AbortController();
      const handler = async (lease: Lease): Promise<Verdict> => {
        expect(await lease.begin()).toBe(true);
        const { trial } = lease.queued.task.key;
        await lease.addAttempt({ worker: 'me', fromEpoch: 0, started: '2026-01-01T00:00:00Z' });
        await lease.addPoints([{ epoch: 2, loss: 1, learningRate: 0.1 }], { progress: 0.5, eta: 9 });
        await lease.addPoints([
          { epoch: 1, loss: 2, learningRate: 0.1 },
          { epoch: 2, loss: 3, learningRate: 0.1 },
        ]);
        expect(await lease.finish(outcome(trial))).toBe(true);
        expect(await lease.finish(outcome(9))).toBe(false);
        taken.push(trial);
        if (taken.length === 4) stop.abort();
        return 'done';
      };
      await Promise.all([one, two].map((worker) => worker.work(handler, { facts, jobs: 2, signal: stop.signal })));
      expect(taken.sort()).toEqual([0, 1, 2, 3]);
      expect(await queue.board(run(2).id)).toEqual({
        attempts: [{ worker: 'me', fromEpoch: 0, started: '2026-01-01T00:00:00Z' }],
        points: [
          { epoch: 1, loss: 2, learningRate: 0.1 },
          { epoch: 2, loss: 3, learningRate: 0.1 },
        ],
        progress: { progress: 0.5, eta: 9 },
        outcome: outcome(2),
      });
      await queue.submit(run(2), facts);
      expect((await queue.board(run(2).id)).outcome).toEqual(outcome(2));
    },
  );

  test.skipIf(missing)('workers with other data or of another version meet no training', async () => {
    const { facts, run } = study();
    const queue = await open();
    await queue.submit(run(0), facts);
    const others = [
      { ...facts, taurec: '1.2.4' },
      { ...facts, data: study().facts.data },
    ];
    const stop = new AbortController();
    const met: string[] = [];
    const handler =
      (name: string) =>
      async (lease: Lease): Promise<Verdict> => {
        met.push(name);
        await lease.begin();
        await lease.finish(outcome(1));
        stop.abort();
        return 'done';
      };
    const workers = others.map(async (other) =>
      (await open()).work(handler('other'), { facts: other, jobs: 1, signal: stop.signal }),
    );
    await Promise.all([...workers, (await open()).work(handler('own'), { facts, jobs: 1, signal: stop.signal })]);
    expect(met).toEqual(['own']);
  });

  test.skipIf(missing)('many who begin at once, each with a study of its own, all work', async () => {
    const done = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { facts, run } = study();
        const queue = await open();
        await queue.submit(run(0), facts);
        let of: string | undefined;
        await work(queue, facts, 1, async (lease) => {
          of = lease.queued.work;
          await lease.begin();
          await lease.finish(outcome(1));
          return 'done';
        });
        return of === facts.id;
      }),
    );
    expect(done.every(Boolean)).toBe(true);
  });

  test.skipIf(missing)('checkpoints come back as they were, each in place of the one before', async () => {
    const { facts, run } = study();
    const queue = await open();
    await queue.submit(run(0), facts);
    const large = new Uint8Array(10 * 2 ** 20).map((_, i) => (i * 31) >> 3);
    const small = Uint8Array.from([0, 255, 10, 13, 0]);
    await work(await open(), facts, 1, async (lease) => {
      await lease.begin();
      expect(await lease.file()).toBeUndefined();
      for (const [epoch, data] of [large, small, large].entries()) {
        const put = { epoch, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
        expect(await lease.putFile(put, data)).toBe(true);
        const { facts, data: found } = (await lease.file())!;
        expect(facts).toMatchObject(put);
        expect(Buffer.compare(found, data)).toBe(0);
      }
      await lease.finish(outcome(1));
      return 'done';
    });
    expect(Buffer.compare((await queue.file(run(0).id))!, large)).toBe(0);
    await queue.clear(run(0).id);
    expect(await queue.file(run(0).id)).toBeUndefined();
    expect(await queue.board(run(0).id)).toMatchObject({ points: [], outcome: outcome(1) });
    await queue.withdraw(facts, [run(0).id]);
    expect(await queue.board(run(0).id)).toEqual({ attempts: [], points: [] });
  });

  test.skipIf(missing)('a training that is given back, or whose worker throws, is taken again', async () => {
    const { facts, run } = study();
    const queue = await open();
    await queue.submit(run(0), facts);
    let times = 0;
    await work(await open(), facts, 1, async (lease) => {
      await lease.begin();
      if (++times < 3) return 'release';
      await lease.finish(outcome(3));
      return 'done';
    });
    expect(times).toBe(3);
    await queue.submit(run(1), facts);
    const broken = await open();
    const work1 = broken.work(() => Promise.reject(new Error('no disk')), {
      facts,
      jobs: 1,
      signal: new AbortController().signal,
    });
    await expect(work1).rejects.toThrow('no disk');
    await work(await open(), facts, 1, async (lease) => {
      await lease.begin();
      await lease.finish(outcome(4));
      return 'done';
    });
    expect((await queue.board(run(1).id)).outcome).toEqual(outcome(4));
  });

  test.skipIf(missing)('who is taken for dead loses the training and can change nothing of it', async () => {
    const { facts, run } = study();
    const queue = await open(1);
    await queue.submit(run(0), facts);
    const silent = await startSilent(facts);
    await work(await open(1), facts, 1, async (lease) => {
      await lease.begin();
      await lease.addPoints([{ epoch: 3, loss: 2, learningRate: 0.1 }]);
      expect(await lease.finish(outcome(2))).toBe(true);
      return 'done';
    });
    const { code, said } = await silent.wake();
    expect(code).toBe(0);
    const refused = { beat: false, attempt: false, points: false, checkpoint: false, finish: false };
    expect(JSON.parse(said)).toEqual(refused);
    expect(await queue.board(run(0).id)).toEqual({
      attempts: [],
      points: [{ epoch: 3, loss: 2, learningRate: 0.1 }],
      outcome: outcome(2),
    });
  });

  test.skipIf(missing)('who lost a training does not end it for the one who has it', async () => {
    const { facts, run } = study();
    const queue = await open(1);
    await queue.submit(run(0), facts);
    const silent = await startSilent(facts);
    // The silent one wakes and is done while this one holds the training, which then gives it back.
    let times = 0;
    await work(await open(1), facts, 1, async (lease) => {
      expect(await lease.begin()).toBe(true);
      if (++times === 1) {
        await silent.wake();
        return 'release';
      }
      expect(await lease.finish(outcome(2))).toBe(true);
      return 'done';
    });
    expect(times).toBe(2);
    expect((await queue.board(run(0).id)).outcome).toEqual(outcome(2));
  });

  test.skipIf(missing)('a training whose job ended without an outcome can be put in again', async () => {
    const { facts, run } = study();
    const queue = await open();
    await queue.announce(facts);
    await queue.submit(run(0), facts);
    // The study is withdrawn while a worker is at it: in redis the job of that worker stays, and ends.
    await work(await open(), facts, 1, async (lease) => {
      await lease.begin();
      await queue.withdraw(facts, [run(0).id]);
      expect(await lease.finish(outcome(1))).toBe(false);
      return 'done';
    });
    await queue.submit(run(0), facts);
    await work(await open(), facts, 1, async (lease) => {
      expect(await lease.begin()).toBe(true);
      expect(await lease.finish(outcome(2))).toBe(true);
      return 'done';
    });
    expect((await queue.board(run(0).id)).outcome).toEqual(outcome(2));
  });

  test.skipIf(missing)('the lock of the worker counts, not that of who looks', async () => {
    const { facts, run } = study();
    const [hasty, patient] = [await open(1), await open(60)];
    await patient.submit(run(0), facts);
    await work(patient, facts, 1, async (lease) => {
      await lease.begin();
      const end = performance.now() + 3000;
      await until(async () => {
        await hasty.board(run(0).id);
        return performance.now() > end;
      });
      expect(await lease.finish(outcome(1))).toBe(true);
      return 'done';
    });
    expect((await hasty.board(run(0).id)).outcome).toEqual(outcome(1));
  });
});

test.skipIf(redisMissing)('in redis, pieces of a checkpoint that was not handed over to its end go away', async () => {
  const server = await startRedis();
  const queue = await openQueue<TrainingWork>(server.url);
  const redis = new Redis(server.url);
  const facts = { id: 'a'.repeat(64), taurec: '1.2.3', data: 'b'.repeat(64) };
  const task = { key: { trial: 0, rung: 0 }, config: {}, metric: 'ndcg@20' };
  await queue.submit({ id: 'a-0-0', work: facts.id, task }, facts);
  const lives = async () => Promise.all((await redis.keys('*:chunk:*')).map((name) => redis.ttl(name)));
  const stop = new AbortController();
  const handler = async (lease: Lease): Promise<Verdict> => {
    await lease.begin();
    const put = () => lease.putFile({ epoch: 1, bytes: 3, sha256: '' }, Uint8Array.of(1, 2, 3));
    const killed = vi.spyOn(Redis.prototype, 'eval').mockRejectedValueOnce(new Error('killed'));
    await expect(put()).rejects.toThrow('killed');
    killed.mockRestore();
    expect(await lives()).toEqual([expect.toSatisfy((seconds: number) => seconds > 3000)]);
    expect(await put()).toBe(true);
    expect(await put()).toBe(true);
    expect((await lives()).sort((a, b) => a - b)).toEqual([-1, expect.toSatisfy((seconds: number) => seconds > 3000)]);
    await lease.finish(outcome(1));
    stop.abort();
    return 'done';
  };
  await queue.work(handler, { facts, jobs: 1, signal: stop.signal });
  redis.disconnect();
  await queue.close();
  await server.stop();
});
