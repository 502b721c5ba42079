import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TaskBoard as AnyBoard, WorkQueue as AnyQueue } from '../../src/queue/work-queue.ts';
import type { RunNews, TrainingWork } from '../../src/tuning/executor.ts';
import { QueueExecutor } from '../../src/tuning/queue/queue-executor.ts';
import type { Run, RunOutcome } from '../../src/tuning/study.ts';
import { StudyStore } from '../../src/tuning/study-store.ts';

type WorkQueue = AnyQueue<TrainingWork>;
type TaskBoard = AnyBoard<TrainingWork>;

const folder = mkdtempSync(join(tmpdir(), 'taurec-executor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const facts = { id: 'a'.repeat(64), taurec: '1.2.3', data: 'b'.repeat(64) };
const task = { key: { trial: 0, rung: 0 }, config: {}, metric: 'ndcg@20' };
const outcome: RunOutcome = { failed: { code: 'diverged', message: '' } };
const attempt = (worker: string, started = '2026-01-01T00:00:00Z') => ({ worker, fromEpoch: 0, started });

/** A queue whose boards are given; it counts what is put in. */
function fakeQueue(board: (submitted: number) => TaskBoard) {
  let submitted = 0;
  const nothing = async () => {};
  const queue: Partial<WorkQueue> = {
    announce: nothing,
    file: async () => undefined,
    submit: async () => void submitted++,
    board: async () => board(submitted),
  };
  return queue as WorkQueue;
}

const run = async (executor: QueueExecutor) => {
  const news: RunNews[] = [];
  const { signal } = new AbortController();
  await executor.run(task, { signal, sideBySide: 1, onNews: (one) => news.push(one) });
  return news;
};

test('threads are those of trainings that are done, times the workers that were met', async () => {
  const board = { attempts: ['x', 'y', 'x', 'z'].map((worker) => attempt(worker)), points: [], outcome };
  const queue = fakeQueue(() => board);
  const wide = await QueueExecutor.open(queue, facts, 8, folder);
  const narrow = await QueueExecutor.open(queue, facts, 2, folder);
  expect(wide.threads(1, [])).toEqual({ all: 1, one: 1 });
  const done = [16, 8, undefined].map((threads) => ({
    ...{ trial: 0, rung: 0, state: 'done', config: {}, seed: 1, epochs: 1 },
    ...(threads && { engine: { name: 'wasm', build: 'simd', threads } }),
  })) as Run[];
  expect(wide.threads(1, done)).toEqual({ all: 12, one: 12 });
  await run(wide);
  await run(narrow);
  expect(wide.threads(1, done)).toEqual({ all: 36, one: 12 });
  expect(narrow.threads(1, done)).toEqual({ all: 24, one: 12 });
});

test('a training that the queue lost is put in again', async () => {
  const queue = fakeQueue((submitted) => ({ attempts: [], points: [], ...(submitted > 1 && { outcome }) }));
  await run(await QueueExecutor.open(queue, facts, 1, folder, 100));
});

test('attempts that are told again after a restart are recorded once, with when they began', async () => {
  const attempts = [attempt('x'), attempt('x', '2026-01-02T00:00:00Z'), attempt('y')];
  const queue = fakeQueue(() => ({ attempts, points: [], outcome }));
  const store = new StudyStore(join(folder, 'store'), {});
  store.addTrial({ number: 0, point: {} }, { config: {}, seed: 1, epochs: 1 });
  for (let session = 0; session < 2; session++) {
    const news = await run(await QueueExecutor.open(queue, facts, 1, folder));
    expect(news).toEqual(attempts.map((one) => ({ type: 'begun', ...one })));
    for (const one of attempts) store.addAttempt(task.key, one);
  }
  expect(store.attempts(task.key)).toEqual(attempts);
  store.close();
});
