import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { randomModel } from '../support/random-model.ts';
import { withTerm } from '../support/random-term.ts';
import { fails, folder, json, taurec } from './taurec.ts';

const model = withTerm(
  randomModel({ users: 10, items: 40, dimension: 6, titles: true, validation: true, density: 0.2, biased: true }),
);
const log = join(folder, 'log.db');

beforeAll(async () => {
  await saveModel(join(folder, 'model'), model);
  await saveModel(join(folder, 'plain'), randomModel());
  const feedback = await openFeedback(log);
  await feedback.append([
    { user: 'u1', item: 'i3', kind: 'purchase', time: 1_767_225_600 },
    { user: 'u1', item: 'i4', kind: 'view', time: 1_767_225_600 },
  ]);
  await feedback.close();
});

const explain = (...args: string[]) => json('explain', 'model', '--user', 'u1', ...args);
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

test('explain: items of the list, seen items on request, and the items of a new person', async () => {
  const listed = ids((await json('recommend', 'model', '--user', 'u1', '-k', '40', '--feedback', log)).items);
  expect(listed).not.toContain('i3');
  expect((await explain('--item', listed[0]!)).absent).toBeUndefined();
  expect((await explain('--item', 'i3', '--include-seen', '-k', '40', '--feedback', log)).absent).toBeUndefined();
  expect((await json('explain', 'model', '--items', 'i1,i2', '--item', 'i2')).absent).toEqual([{ cause: 'given' }]);
});

test('explain, as text', async () => {
  const { code, stdout } = await taurec('explain', 'model', '--user', 'u1', '--item', 'i3', '--feedback', log);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Item .*i3.* for user u1:$/m);
  expect(stdout).toMatch(/not in the list: the user has given feedback on it \(purchase 2026-01-01 00:00\)/);
  expect(stdout).toMatch(/score -?\d\.\d{4}/);
  expect(stdout).toMatch(/because +part +neighbour +embedding/);
});

test('recommend --explain: parts that add up to the score, in JSON, in a table and in JSON lines', async () => {
  const { items } = await json('recommend', 'model', '--user', 'u1', '-k', '3', '--explain', '2');
  for (const { score, because } of items) {
    expect(because.items.length).toBeLessThanOrEqual(2);
    const parts = because.items.map(({ part }: { part: number }) => part);
    const sum = [...parts, because.others, because.embedding, because.bias].reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(score, 6);
  }
  const { stdout } = await taurec('recommend', 'model', '--user', 'u1', '--explain');
  expect(stdout).toMatch(/score +because/);
  expect((await json('recommend', 'model', '--all', '--explain', '--output', 'all.jsonl')).users).toBe(10);
  await fails(2, /explain.*JSON lines/, 'recommend', 'model', '--all', '--explain', '--output', 'all.csv');
});

test('similar --by together', async () => {
  const { item, items } = await json('similar', 'model', '--item', 'i5', '--by', 'together');
  expect(item).toBe('i5');
  const scores = items.map(({ score }: { score: number }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  await fails(1, /no neighbour term.*--neighbors/, 'similar', 'plain', '--item', 'i5', '--by', 'together');
  await fails(2, /--by together compares items/, 'similar', 'model', '--user', 'u1', '--by', 'together');
});

test('wrong usage, and unknown users', async () => {
  await fails(2, /--item ID/, 'explain', 'model', '--user', 'u1');
  await fails(2, /--user ID or --items/, 'explain', 'model', '--item', 'i1');
  await fails(2, /--feedback needs --user/, 'explain', 'model', '--items', 'i1', '--item', 'i2', '--feedback', log);
  await fails(1, /Unknown user "nobody"/, 'explain', 'model', '--user', 'nobody', '--item', 'i1');
  expect((await json('explain', 'model', '--user', 'x', '--item', 'i1', '--fallback', 'popular')).basis).toBe(
    'popular',
  );
});
