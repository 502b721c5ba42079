import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import type { DataRequest } from '../../src/studio/session.ts';
import { memoryStore } from '../../src/studio/workbench/memory-store.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { rejectionOf } from '../support/error-of.ts';
import { stateOf } from './session-contract.ts';

/** 40 people and 25 items, with stars. */
const rows = Array.from({ length: 40 }, (_, u) =>
  Array.from({ length: 10 }, (_, n) => `u${u},i${(u * 11 + n * 7) % 25},${1 + ((u + n) % 5)}`),
).flat();
const file = () => new File([`user,item,rating\n${rows.join('\n')}\n`], 'log.csv');
const config = { loss: 'sl', dimension: 4, epochs: 2, validation: { every: 2 }, build: 'simd' } as const;

let train: string;
let request: DataRequest;
let archive: Blob;
let workbench: Workbench;
const fresh = async () => {
  const session = new Workbench(nodeHost());
  const source = await session.add(file());
  return { session, source: source.id };
};
const trained = async (session: Workbench) => {
  const { id } = await session.start(config);
  await stateOf(session, id, 'done');
  return id;
};

beforeAll(async () => {
  ({ session: workbench, source: train } = await fresh());
  request = { train, split: 'random', validRatio: 0.1, seed: 1 };
  await workbench.load(request);
  archive = await workbench.archive(await trained(workbench));
});
afterAll(() => workbench.close());

test.each([
  ['another seed', { seed: 7 }, 'split random'],
  ['another split', { split: 'debiased' }, 'split random'],
  ['another ratio', { testRatio: 0.3 }, 'split random'],
  ['other filters', { minRating: 2 }, 'filters'],
] as const)('a model from an archive is not judged by data with %s', async (_, other, named) => {
  const { session, source } = await fresh();
  const { id } = await session.open(archive, 'opened');
  await session.load({ ...request, train: source, ...other });
  const error = await rejectionOf(session.judge(id, 'test'));
  expect(error).toMatchObject({ code: 'not-comparable', message: expect.stringContaining(named) });
  expect((error as Error).message).toMatch(/Load the data as they were: .*seed 1/);
  await session.load({ ...request, train: source });
  const [again, first] = [await session.judge(id, 'test'), await workbench.judge('run-1', 'test')];
  expect(again.model.metrics).toEqual(first.model.metrics);
  expect(again.opened).toBe(1);
  await session.close();
});

test('runs are judged by their own data while others are in use, and runs of two splits are not compared', async () => {
  const { session, source } = await fresh();
  await session.load({ ...request, train: source });
  const a = await trained(session);
  const own = await session.judge(a, 'test');
  await session.load({ ...request, train: source, seed: 7 });
  const b = await trained(session);
  expect((await session.judge(a, 'test')).model).toEqual(own.model);
  // The openings of two test parts are two counts.
  expect((await session.judge(b, 'test')).opened).toBe(1);
  for (const part of ['valid', 'test'] as const)
    expect(await rejectionOf(session.compare(a, b, part))).toMatchObject({ code: 'not-comparable' });
  await session.close();
});

test('data that are no longer in memory are named, with the options of the run', async () => {
  const { session, source } = await fresh();
  await session.load({ ...request, train: source, minRating: 2 });
  const run = await trained(session);
  for (const seed of [11, 12, 13]) await session.load({ ...request, train: source, seed });
  expect(await rejectionOf(session.judge(run, 'test'))).toMatchObject({
    code: 'not-comparable',
    message: expect.stringContaining('Load the data as they were: split random, validRatio 0.1, seed 1, minRating 2.'),
  });
  await session.close();
});

test('a compare that is cancelled does not take the next one with it', async () => {
  const { session, source } = await fresh();
  await session.load({ ...request, train: source });
  const [a, b] = [await trained(session), await trained(session)];
  const stop = new AbortController();
  const first = rejectionOf(session.compare(a, b, 'test', { signal: stop.signal }));
  const second = session.compare(a, b, 'test');
  stop.abort();
  expect(await first).toMatchObject({ code: 'aborted' });
  expect((await second).users).toBeGreaterThan(1);
  await session.close();
});

test('models that were saved leave memory, and come back from the store', async () => {
  const opened: string[] = [];
  const memory = memoryStore();
  const store = {
    ...memory,
    open(run: string) {
      opened.push(run);
      return memory.open(run);
    },
  };
  const session = new Workbench(nodeHost({ store }));
  const { id } = await session.add(file());
  await session.load({ ...request, train: id });
  const runs: string[] = [];
  for (let n = 0; n < 4; n++) runs.push(await trained(session));
  await session.find(runs[3]!, 'item', 'i');
  expect(opened).toEqual([]);
  const hits = await session.find(runs[0]!, 'item', 'i');
  expect(opened).toEqual([runs[0]]);
  expect(await session.find(runs[0]!, 'item', 'i')).toEqual(hits);
  expect(opened).toHaveLength(1);
  await session.close();
});
