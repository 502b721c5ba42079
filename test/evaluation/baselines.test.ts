import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrHas } from '../../src/array/csr.ts';
import { itemKnnRanker, popularRanker, randomRanker } from '../../src/evaluation/baselines.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { scoreRanker, type UserRanker } from '../../src/evaluation/rankers.ts';
import { csrOf, evaluationCases } from '../support/evaluation-case.ts';
import { scoreMatrixRanker } from '../support/score-matrix-ranker.ts';

const everyone = (n: number) => Int32Array.from({ length: n }, (_, user) => user);

describe('scoreRanker', () => {
  it('ranks and counts above like a full sort, ties to the lower id, excluded targets too', () => {
    fc.assert(
      fc.property(evaluationCases, fc.integer({ min: 1, max: 12 }), ({ scores, train, valid }, k) => {
        const items = scores[0]!.length;
        const excluded = csrOf(items, train);
        const targets = csrOf(items, valid);
        const ranker = scoreRanker(items, (user, into) => into.set(scores[user]!));
        const result = ranker.rankUsers(everyone(scores.length), k, excluded, targets);
        const plain = scoreMatrixRanker(scores).rankUsers(everyone(scores.length), k, excluded);
        expect(result.items).toEqual(plain.items);
        expect(result.scores).toEqual(plain.scores);
        const above = valid.flatMap((row, user) =>
          [...row]
            .sort((a, b) => a - b)
            .map((target) => {
              const of = scores[user]!;
              const ranksAbove = (j: number) => of[j]! > of[target]! || (of[j] === of[target] && j < target);
              return of.filter((_, j) => j !== target && !csrHas(excluded, user, j) && ranksAbove(j)).length;
            }),
        );
        expect([...result.above!]).toEqual(above);
      }),
    );
  });
});

const list = (ranker: UserRanker, user: number, k: number, excluded: number[] = []) => [
  ...ranker.rankUsers(Int32Array.of(user), k, csrOf(ranker.items, [excluded])).items,
];

it('popularRanker: by number of training users, ties to the lower id, without the excluded', () => {
  const ranker = popularRanker(
    csrOf(4, [
      [1, 3],
      [3, 2],
      [0, 3],
    ]),
  );
  expect(list(ranker, 0, 4)).toEqual([3, 0, 1, 2]);
  expect(list(ranker, 0, 4, [3, 1])).toEqual([0, 2, -1, -1]);
});

it('randomRanker: a permutation of its own for each user and seed, whatever the block', () => {
  const ranker = randomRanker(7, 50);
  expect(list(ranker, 3, 50).sort((a, b) => a - b)).toEqual([...everyone(50)]);
  expect(list(ranker, 3, 50)).toEqual(list(randomRanker(7, 50), 3, 50));
  expect(list(ranker, 3, 50)).not.toEqual(list(ranker, 4, 50));
  expect(list(ranker, 3, 50)).not.toEqual(list(randomRanker(8, 50), 3, 50));
  const excluded = csrOf(50, [[], []]);
  const both = ranker.rankUsers(Int32Array.of(4, 3), 5, excluded).items;
  expect([...both]).toEqual([...list(ranker, 4, 5), ...list(ranker, 3, 5)]);
});

it('randomRanker has an AUC of 1/2 within chance', () => {
  const users = 400;
  const train = csrOf(
    30,
    Array.from({ length: users }, () => []),
  );
  const test = csrOf(
    30,
    Array.from({ length: users }, (_, user) => [user % 30]),
  );
  const { metrics } = evaluateSync(randomRanker(1, 30), { train, test, protocol: 'clean', auc: true });
  // The AUC of one relevant item is uniform: deviation √(1/12) a user; four deviations of the mean.
  expect(Math.abs(metrics.auc! - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / users));
});

describe('itemKnnRanker', () => {
  it('scores as worked by hand', () => {
    // U_0 = {0, 1}, U_1 = {0, 1, 2}, U_2 = {2, 3}, U_3 = {3}
    const train = csrOf(4, [
      [0, 1],
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const { items, scores } = itemKnnRanker(train).rankUsers(Int32Array.of(2), 4, csrOf(4, [[]]));
    expect([...items]).toEqual([0, 3, 1, 2]);
    const expected = [2 / Math.sqrt(2 * 3), 1 / Math.sqrt(2 * 1), 1 / Math.sqrt(3 * 2), 1 / Math.sqrt(3 * 2)];
    expected.forEach((value, p) => {
      expect(scores[p]).toBeCloseTo(value, 6);
    });
    const shrunk = itemKnnRanker(train, { shrink: 5 }).rankUsers(Int32Array.of(2), 1, csrOf(4, [[]]));
    expect(shrunk.scores[0]).toBeCloseTo(2 / (Math.sqrt(2 * 3) + 5), 6);
    // With one neighbour each: item 1 keeps 0, item 2 keeps 3.
    const nearest = itemKnnRanker(train, { neighbours: 1 }).rankUsers(Int32Array.of(2), 4, csrOf(4, [[]]));
    expect([...nearest.scores].map((s) => s > 0)).toEqual([true, true, false, false]);
  });

  it('equals the dense formula when all neighbours are kept', () => {
    fc.assert(
      fc.property(evaluationCases, fc.constantFrom(0, 2.5), ({ scores, train }, shrink) => {
        const items = scores[0]!.length;
        const users = (item: number) => train.flatMap((row, user) => (row.includes(item) ? [user] : []));
        const similarity = (i: number, j: number) => {
          const shared = users(i).filter((user) => users(j).includes(user)).length;
          return i === j || shared === 0 ? 0 : shared / (Math.sqrt(users(i).length * users(j).length) + shrink);
        };
        const nothing = csrOf(
          items,
          train.map(() => []),
        );
        const ranked = itemKnnRanker(csrOf(items, train), { shrink }).rankUsers(everyone(train.length), items, nothing);
        train.forEach((row, user) => {
          for (let p = 0; p < items; p++) {
            const item = ranked.items[user * items + p]!;
            const expected = row.reduce((sum, i) => sum + similarity(i, item), 0);
            expect(ranked.scores[user * items + p]).toBeCloseTo(expected, 5);
          }
        });
      }),
    );
  });

  it('puts the withheld item of a checkerboard first', () => {
    const row = (user: number) => Array.from({ length: 10 }, (_, n) => 2 * n + (user % 2));
    const withheld = (user: number) => row(user)[user % 10]!;
    const train = csrOf(
      20,
      Array.from({ length: 20 }, (_, user) => row(user).filter((item) => item !== withheld(user))),
    );
    const test = csrOf(
      20,
      Array.from({ length: 20 }, (_, user) => [withheld(user)]),
    );
    const { metrics } = evaluateSync(itemKnnRanker(train), { train, test, protocol: 'clean', ks: [1], auc: true });
    expect(metrics).toMatchObject({ 'recall@1': 1, auc: 1 });
  });

  it.each([{ neighbours: 0 }, { neighbours: 1.5 }, { shrink: -1 }, { shrink: Number.NaN }])('refuses %o', (options) => {
    expect(() => itemKnnRanker(csrOf(1, [[0]]), options)).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});
