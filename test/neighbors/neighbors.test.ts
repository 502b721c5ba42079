import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Csr, csrFromEntries, csrRow, csrTranspose } from '../../src/array/csr.ts';
import { randomStream } from '../../src/array/random.ts';
import { buildNeighbors, votesOf } from '../../src/neighbors/build-neighbors.ts';
import { CoOccurrence, MOST_ITEMS } from '../../src/neighbors/co-occurrence.ts';
import { nearestItems } from '../../src/neighbors/nearest-items.ts';
import { type Neighbors, NeighborTerm } from '../../src/neighbors/neighbors.ts';
import { ridgeWeights, solveRidge } from '../../src/neighbors/ridge-weights.ts';
import { draws } from '../support/property-seed.ts';

/** Small training sets, with or without weights in quarters; many users and items have nothing. */
const trainings = fc
  .record({
    users: fc.integer({ min: 1, max: 12 }),
    items: fc.integer({ min: 1, max: 9 }),
    pairs: fc.array(fc.tuple(fc.nat(11), fc.nat(8), fc.integer({ min: 1, max: 8 })), { maxLength: 50 }),
    weighted: fc.boolean(),
  })
  .map(({ users, items, pairs, weighted }) => {
    const inside = pairs.filter(([u, i]) => u < users && i < items);
    const weights = weighted ? inside.map(([, , w]) => w / 4) : undefined;
    const column = (at: 0 | 1) => inside.map((pair) => pair[at]);
    return csrFromEntries(users, items, column(0), column(1), weights);
  });

const dense = (m: Csr): number[][] => {
  const rows = Array.from({ length: m.rows }, () => new Array<number>(m.columns).fill(0));
  for (let r = 0; r < m.rows; r++)
    for (let e = m.offsets[r]!; e < m.offsets[r + 1]!; e++) rows[r]![m.indices[e]!] = m.values ? m.values[e]! : 1;
  return rows;
};

/** G = XᵀX of the weights. */
const gram = (train: Csr): number[][] => {
  const x = dense(train);
  const items = Array.from({ length: train.columns }, (_, i) => i);
  return items.map((i) => items.map((j) => x.reduce((sum, of) => sum + of[i]! * of[j]!, 0)));
};

/** The K nearest items of item i by a plain sort, with the similarity of docs/neighbours.md. */
const nearest = (g: number[][], i: number, size: number, a: number, h: number) =>
  g[i]!.map((n, j) => ({ j, n, s: Math.fround(n / (g[i]![i]! ** a * g[j]![j]! ** (1 - a) + h)) }))
    .filter(({ j, n }) => j !== i && n > 0)
    .map(({ j, n }) => ({ j, s: n / (g[i]![i]! ** a * g[j]![j]! ** (1 - a) + h) }))
    .sort((x, y) => y.s - x.s || x.j - y.j)
    .slice(0, size);

/** Solves a x = b by Gauss's elimination with pivots. */
const solved = (a: number[][], b: number[]): number[] => {
  const m = a.map((row, r) => [...row, b[r]!]);
  for (let c = 0; c < m.length; c++) {
    const pivot = m.findIndex(
      (row, r) => r >= c && Math.abs(row[c]!) === Math.max(...m.slice(c).map((x) => Math.abs(x[c]!))),
    );
    [m[c], m[pivot]] = [m[pivot]!, m[c]!];
    for (let r = 0; r < m.length; r++) {
      if (r === c) continue;
      const factor = m[r]![c]! / m[c]![c]!;
      m[r] = m[r]!.map((x, at) => x - factor * m[c]![at]!);
    }
  }
  return m.map((row, r) => row.at(-1)! / row[r]!);
};

describe('S against a dense oracle', () => {
  it('cosine: each row has its K nearest items, ties to the lower one, and no more than share a user', () => {
    fc.assert(
      fc.property(
        trainings,
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom(0, 0.25, 0.5, 1),
        fc.constantFrom(0, 0.5, 3),
        (train, size, exponent, shrink) => {
          const [lists] = nearestItems(CoOccurrence.sampled(train, 1), size, [{ exponent, shrink }]);
          const g = gram(train);
          for (let i = 0; i < train.columns; i++) {
            const expected = nearest(g, i, size, exponent, shrink);
            expect(lists!.count[i]).toBe(expected.length);
            const own = [...lists!.items.subarray(i * size, i * size + expected.length)];
            const values = [...lists!.values.subarray(i * size, i * size + expected.length)];
            expect(own).toEqual(expected.map(({ j }) => j));
            expected.forEach(({ s }, at) => {
              expect(values[at]).toBeCloseTo(s, 6);
            });
          }
        },
      ),
    );
  });

  it('ridge: each row solves (G_NN + r·I) s = G_Ni, for all ridges of one pass', () => {
    fc.assert(
      fc.property(trainings, fc.integer({ min: 1, max: 6 }), fc.constantFrom(0.25, 0.5), (train, size, exponent) => {
        const together = CoOccurrence.sampled(train, 1);
        // longer lists than K: the places behind must stay 0
        const [lists] = nearestItems(together, size + 2, [{ exponent, shrink: 0 }]);
        const ridges = [0.5, 4];
        const weights = ridgeWeights(together, lists!, size, ridges);
        const g = gram(train);
        for (let i = 0; i < train.columns; i++) {
          const from = i * (size + 2);
          const near = [...lists!.items.subarray(from, from + Math.min(size, lists!.count[i]!))];
          ridges.forEach((ridge, at) => {
            const a = near.map((j) => near.map((k) => g[j]![k]! + (j === k ? ridge : 0)));
            const expected = solved(a, near.map((j) => g[i]![j]!)); // biome-ignore format: one equation
            const got = weights[at]!.subarray(from, from + size + 2);
            expected.forEach((s, p) => {
              expect(got[p]).toBeCloseTo(s, 4);
            });
            expect([...got.subarray(near.length)].every((s) => s === 0)).toBe(true);
          });
        }
      }),
    );
  });

  it('without weights it is what weights of 1 give, to the bit, with more neighbours than a word has bits', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 70 }), (seed, size) => {
        const random = randomStream(seed, 'solve');
        const [users, items] = [30, 75];
        const cells = Array.from({ length: users * items }, (_, at) => at).filter(() => random.real() < 0.3);
        const of = (at: number) => Math.floor(at / items);
        const itemOf = cells.map((at) => at % items);
        const csr = (weights?: number[]) => csrFromEntries(users, items, cells.map(of), itemOf, weights);
        const [bare, weighed] = [csr(), csr(cells.map(() => 1))].map((train) => {
          const together = CoOccurrence.sampled(train, 1);
          const lists = nearestItems(together, size, [{ exponent: 0.25, shrink: 0 }]);
          return [lists, ridgeWeights(together, lists[0]!, size, [5])];
        });
        expect(bare).toEqual(weighed);
      }),
      draws(30),
    );
  });

  it('the solver reproduces the right side', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (n, seed) => {
        const random = randomStream(seed, 'solve');
        const x = Array.from({ length: n + 2 }, () => Array.from({ length: n }, () => random.normal()));
        const a = Array.from({ length: n }, (_, i) =>
          Array.from({ length: n }, (_, j) => x.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
        );
        const b = Array.from({ length: n }, () => random.normal());
        const solution = Float32Array.from(b);
        solveRidge(Float64Array.from(a.flat()), 0.5, solution);
        a.forEach((row, r) => {
          const left = row.reduce((sum, value, c) => sum + value * solution[c]!, 0.5 * solution[r]!);
          expect(left).toBeCloseTo(b[r]!, 4);
        });
      }),
    );
  });
});

const neighbors = (train: Csr, kind: 'cosine' | 'ridge', beta = 1): Neighbors =>
  buildNeighbors(train, { kind, size: 3, exponent: 0.25, shrink: 0, beta, ...(kind === 'ridge' && { ridge: 1 }) }, 1);

const kinds = fc.constantFrom('cosine' as const, 'ridge' as const);

describe('the term', () => {
  it('is strength · β · |P|^(−1/2) · Σ S_ij, against the dense S', () => {
    fc.assert(
      fc.property(
        trainings,
        kinds,
        fc.constantFrom(0.5, 2),
        fc.constantFrom(undefined, 0.25),
        (train, kind, beta, strength) => {
          const of = neighbors(train, kind, beta);
          const s = dense(csrTranspose(of.votes));
          const people = Array.from({ length: train.rows }, (_, u) => ({ liked: csrRow(train, u), strength }));
          const term = new NeighborTerm(of);
          const rows = dense(term.rows(people));
          people.forEach((person, u) => {
            const list = person.liked;
            for (let i = 0; i < train.columns; i++) {
              const sum = list.reduce((total, j) => total + s[i]![j]!, 0);
              const expected = list.length === 0 ? 0 : (((strength ?? 1) * beta) / Math.sqrt(list.length)) * sum;
              expect(rows[u]![i]).toBeCloseTo(expected, 5);
              expect(term.of(person, i)).toBe(rows[u]![i]);
              const parts = [...term.parts(person, i)];
              expect(parts.reduce((total, { value }) => total + value, 0)).toBeCloseTo(rows[u]![i]!, 6);
              expect(parts.map(({ item }) => item)).toEqual(
                [...list].filter((j) => s[i]![j] !== 0 || parts.some((p) => p.item === j)),
              );
            }
          });
        },
      ),
    );
  });

  it('has entries only for items that share a user with a liked item, and depends on the items alone', () => {
    fc.assert(
      fc.property(trainings, kinds, (train, kind) => {
        const of = neighbors(train, kind);
        const g = gram(train);
        const term = new NeighborTerm(of);
        for (let u = 0; u < train.rows; u++) {
          const list = csrRow(train, u);
          const row = term.rows([{ liked: list }]);
          for (const i of row.indices) expect([...list].some((j) => j !== i && g[i]![j]! > 0)).toBe(true);
          // a new person who gives the same items, in any order and after other lists
          const again = term.rows(
            [Int32Array.of(0), Int32Array.from(list).reverse(), list].map((liked) => ({ liked })),
          );
          expect(csrRow(again, 2)).toEqual(row.indices);
          expect(csrRow(again, 1)).toEqual(row.indices);
          expect(again.values!.slice(again.offsets[2]!)).toEqual(row.values);
        }
        for (const nobody of [{}, { liked: new Int32Array(0) }]) {
          expect(term.rows([nobody]).indices).toHaveLength(0);
          expect(term.of(nobody, 0)).toBe(0);
        }
      }),
    );
  });

  it('S takes at most 8 bytes × K × items, offsets aside', () => {
    fc.assert(
      fc.property(trainings, kinds, (train, kind) => {
        const { votes, size } = neighbors(train, kind);
        expect(votes.indices.byteLength + votes.values!.byteLength).toBeLessThanOrEqual(8 * size * train.columns);
      }),
    );
  });
});

describe('users with very many items', () => {
  const many = MOST_ITEMS + 200;
  const train = csrFromEntries(
    2,
    many,
    [...new Array<number>(many).fill(0), 1, 1],
    [...Array.from({ length: many }, (_, i) => i), 3, 5],
  );

  it('are counted by a sample of the seed', () => {
    const counted = (seed: number) => CoOccurrence.sampled(train, seed).counts;
    const total = (seed: number) => counted(seed).reduce((sum, n) => sum + n, 0);
    expect(total(1)).toBe(MOST_ITEMS + 2);
    expect(counted(1)).toEqual(counted(1));
    expect(counted(1)).not.toEqual(counted(2));
  });

  it('leave rows of other items as they are', () => {
    CoOccurrence.sampled(train, 1).row(3, (found, together) => {
      expect(found).toContain(5);
      expect(together[5]).toBeGreaterThanOrEqual(1);
    });
  });
});

it('a cut to fewer neighbours keeps the nearest', () => {
  fc.assert(
    fc.property(trainings, (train) => {
      const together = CoOccurrence.sampled(train, 1);
      const measure = [{ exponent: 0.5, shrink: 0 }];
      const [long] = nearestItems(together, 5, measure);
      const [short] = nearestItems(together, 2, measure);
      expect(votesOf(long!, 2, long!.values)).toEqual(votesOf(short!, 2, short!.values));
    }),
  );
});
