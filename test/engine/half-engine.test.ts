import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { copyRows, rounded, widened } from '../../src/array/half-matrix.ts';
import { matrix } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import type { EnginePlan, PersonProblem, RankingEngine } from '../../src/engine/engine.ts';
import { enableFusedMultiplyAdd, openEngine } from '../../src/engine/open-engine.ts';
import { layoutOf } from '../../src/engine/wasm/memory.ts';
import { userTableBytes } from '../../src/engine/wasm/user-rows.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { draws } from '../support/property-seed.ts';

enableFusedMultiplyAdd();

const normals = (rows: number, columns: number, random: ReturnType<typeof randomStream>) => {
  const m = matrix(rows, columns);
  // zero rows, and rows of subnormal 16-bit floats
  for (let r = 0; r < rows; r++) {
    const scale = r % 11 === 3 ? 0 : r % 11 === 7 ? 1e-6 : 1;
    for (let c = 0; c < columns; c++) m.data[r * columns + c] = scale * random.normal();
  }
  return m;
};

/** An engine of 16-bit floats, and one of 32-bit floats with the same values. */
async function pair(plan: EnginePlan, threads: number, build: 'simd' | 'auto', seed: number) {
  const random = randomStream(seed, 'tables');
  const tables = {
    users: rounded(normals(plan.users, plan.dimension, random)),
    items: rounded(normals(plan.items, plan.dimension, random)),
  };
  const options = { threads, build };
  const engines: RankingEngine[] = [
    await openEngine(plan, options),
    await openEngine<RankingEngine['users']>({ ...plan, precision: 'f16' }, options),
  ];
  for (const engine of engines) {
    copyRows(tables.users, engine.users);
    copyRows(tables.items, engine.items);
    engine.itemsChanged();
  }
  return { wide: engines[0]!, half: engines[1]!, random };
}

const sizes = fc.record({
  users: fc.integer({ min: 0, max: 3 }),
  items: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(1023, 1024, 1025, 2100)),
  dimension: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(64, 130)),
  score: fc.constantFrom('cosine' as const, 'dot' as const),
  threads: fc.constantFrom(1, 2),
  build: fc.constantFrom('simd' as const, 'auto' as const),
  seed: fc.nat(),
});

describe('an engine of 16-bit floats', () => {
  it('ranks as one of 32-bit floats with the same values, to the bit', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), fc.boolean(), async ({ threads, build, seed, ...plan }, biased, listed) => {
        const { wide, half, random } = await pair(plan, threads, build, seed);
        try {
          for (const table of ['users', 'items'] as const)
            expect(widened(half[table])).toEqual(widened(rounded(widened(wide[table]))));
          const count = 1 + random.integer(30);
          const queries = normals(count, plan.dimension, random);
          const entries = Array.from(
            { length: 3 * count },
            () => [random.integer(count), random.integer(plan.items)] as const,
          );
          const lists = () => {
            const distinct = new Map(entries.map((e) => [`${e}`, e]));
            const all = [...distinct.values()].sort(([a, i], [b, j]) => a - b || i - j);
            return csrFromEntries(
              count,
              plan.items,
              all.map(([q]) => q),
              all.map(([, i]) => i),
            );
          };
          const excluded = lists();
          const request = {
            ...{ queries, k: 1 + random.integer(12) },
            ...(biased && { itemBias: Float32Array.from({ length: plan.items }, () => random.normal()) }),
            ...(listed && {
              excluded,
              targets: lists(),
              additions: { ...lists(), values: Float32Array.from(lists().indices, () => random.normal()) },
            }),
          };
          expect(half.rank(request)).toEqual(wide.rank(request));
          const query = Float64Array.from({ length: plan.dimension }, () => random.normal());
          expect(half.front(query, 9)).toEqual(wide.front(query, 9));
        } finally {
          await Promise.all([wide.close(), half.close()]);
        }
      }),
      draws(25),
    );
  });

  // more than the rows that are widened together, and fewer
  it.each([300, 5000])(
    'gives the products and the losses of people that the values in 32 bits give: %d items',
    async (items) => {
      const dimension = 12;
      const { wide, half, random } = await pair({ users: 0, items, dimension, score: 'cosine' }, 1, 'auto', 5);
      const order = Int32Array.from({ length: items }, (_, i) => (i * 7919) % items);
      const vector = () => Float64Array.from({ length: dimension }, () => random.normal());
      const dsl = createLoss({
        name: 'dsl',
        options: { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 },
      });
      for (const loss of [createLoss({ name: 'bsl' }), dsl, createLoss({ name: 'bce' })]) {
        const problem = (p: number, n: number): PersonProblem => ({
          ...{ loss, score: loss.name === 'bce' ? 'dot' : 'cosine' },
          positives: order.slice(0, p),
          negatives: order.slice(p, p + n),
          negativeWeights: Float32Array.from({ length: n }, () => 0.5 + random.real()),
        });
        for (const some of [problem(3, 200), problem(5, items - 5), problem(3, 200)]) {
          const user = vector();
          // twice, and with products in between, which use the same memory
          for (let round = 0; round < 2; round++) {
            const [a, b] = [new Float64Array(dimension), new Float64Array(dimension)];
            expect(half.personLoss(some, user, a)).toBe(wide.personLoss(some, user, b));
            expect(a).toEqual(b);
            if (round > 0) continue;
            const [dots, expected] = [new Float64Array(items), new Float64Array(items)];
            half.products.dots(order, user, dots);
            wide.products.dots(order, user, expected);
            expect(dots).toEqual(expected);
            const [sum, expectedSum] = [new Float64Array(dimension), new Float64Array(dimension)];
            half.products.sum(order, dots, sum);
            wide.products.sum(order, dots, expectedSum);
            expect(sum).toEqual(expectedSum);
          }
        }
      }
      await Promise.all([wide.close(), half.close()]);
    },
  );

  it('takes half the bytes of a user, and the items without a second copy', () => {
    const plan = (items: number) => ({ users: 1000, items, dimension: 64, score: 'cosine' as const });
    const bytes = (items: number, precision?: 'f16') => layoutOf({ ...plan(items), precision }, 1).bytes;
    // 2 for each element, 4 for the scale, and what every item takes in lists and in problems of people
    const perItem = (precision?: 'f16') => (bytes(400_000, precision) - bytes(200_000, precision)) / 200_000;
    const lists = 4 + 5 * 4 + 11 * 4;
    expect(perItem()).toBe(2 * 64 * 4 + lists);
    expect(perItem('f16')).toBe(64 * 2 + 4 + lists);
    const users = (precision?: 'f16') =>
      userTableBytes({ ...plan(10), precision }, layoutOf({ ...plan(10), precision }, 1));
    expect([users(), users('f16')]).toEqual([1000 * 256, 1000 * 128]);
  });

  it('does not train', async () => {
    const training = {} as NonNullable<EnginePlan['training']>;
    const opening = openEngine({ users: 1, items: 1, dimension: 1, score: 'dot', precision: 'f16', training });
    await expect(opening).rejects.toThrow('Option precision: got "f16", expected none in an engine that trains.');
  });
});
