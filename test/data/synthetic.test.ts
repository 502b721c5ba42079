import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csrRow, csrTranspose } from '../../src/array/csr.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';

test('the size is exact, rows ascend, the parts are disjoint, and every user keeps a training item', () => {
  const size = fc.record({
    users: fc.integer({ min: 1, max: 40 }),
    items: fc.integer({ min: 4, max: 60 }),
    fill: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(size, fc.nat(), ({ users, items, fill }, seed) => {
      const most = users * Math.floor(items / 2);
      const interactions = Math.round(2 * users + fill * (most - 2 * users));
      const { train, valid, test } = syntheticDataset({ users, items, interactions, seed, validRatio: 0.1 });
      const parts = [train, valid, test].filter((part) => part !== undefined);
      expect(parts.reduce((sum, part) => sum + part.indices.length, 0)).toBe(interactions);
      for (let u = 0; u < users; u++) {
        const all = parts.flatMap((part) => [...csrRow(part, u)]);
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((item) => item >= 0 && item < items)).toBe(true);
        expect(csrRow(train, u).length).toBeGreaterThan(0);
        for (const part of parts) expect([...csrRow(part, u)]).toEqual([...csrRow(part, u)].sort((a, b) => a - b));
      }
    }),
  );
});

test('a seed gives the same data, another seed other data', () => {
  const make = (seed: number) => syntheticDataset({ users: 50, items: 80, interactions: 800, seed }).sha256;
  expect(make(1)).toBe(make(1));
  expect(make(1)).not.toBe(make(2));
});

test('popularity has a long tail, and taste tells more than popularity', () => {
  const users = 1500;
  const dataset = syntheticDataset({ users, items: 800, interactions: 45_000, seed: 7 });
  const byItem = csrTranspose(dataset.train);
  const degree = (i: number) => byItem.offsets[i + 1]! - byItem.offsets[i]!;
  const ranked = Array.from({ length: 800 }, (_, i) => i).sort((a, b) => degree(b) - degree(a));
  const share = ranked.slice(0, 80).reduce((sum, i) => sum + degree(i), 0) / dataset.train.indices.length;
  expect(share).toBeGreaterThan(2 * 0.1);
  // Items of the users who share an item, counted: the simplest collaborative score. It must find more of the test items than popularity does.
  let popular = 0;
  let neighbours = 0;
  for (let u = 0; u < 200; u++) {
    const seen = new Set(csrRow(dataset.train, u));
    const wanted = new Set(csrRow(dataset.test!, u));
    const score = new Float64Array(800);
    for (const item of seen)
      for (const other of csrRow(byItem, item))
        for (const i of csrRow(dataset.train, other)) score[i]! += 1 / degree(i) ** 0.5;
    const hits = (order: number[]) =>
      order
        .filter((i) => !seen.has(i))
        .slice(0, 20)
        .filter((i) => wanted.has(i)).length;
    popular += hits(ranked);
    neighbours += hits(ranked.slice().sort((a, b) => score[b]! - score[a]!));
  }
  expect(neighbours).toBeGreaterThan(2 * popular);
});

test('impossible sizes are refused', () => {
  expect(() => syntheticDataset({ users: 10, items: 10, interactions: 51 })).toThrow('from 20 to 50');
  expect(() => syntheticDataset({ users: 10, items: 10, interactions: 19 })).toThrow('from 20 to 50');
  expect(() => syntheticDataset({ users: 10, items: 3, interactions: 20 })).toThrow('Option items');
  expect(() => syntheticDataset({ users: 10, items: 10, interactions: 30, testRatio: 1 })).toThrow('testRatio');
});
