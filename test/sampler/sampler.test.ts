import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csrFromEntries, csrRow } from '../../src/array/csr.ts';
import { randomStream } from '../../src/array/random.ts';
import { AliasTable } from '../../src/sampler/alias-table.ts';
import { automaticRows } from '../../src/sampler/automatic-rows.ts';
import { createSampler } from '../../src/sampler/create-sampler.ts';
import { itemDegrees } from '../../src/sampler/pool.ts';
import type { SamplerOptions } from '../../src/sampler/sampler-options.ts';
import { epochOf, samplerContract, trains } from '../contracts/sampler-contract.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';
import { smallTrain } from '../support/small-plan.ts';

const kinds: [string, Partial<SamplerOptions>][] = [
  ['user rows, uniform pool', { negatives: 10 }],
  ['user rows, pool larger than the catalogue', { negatives: 100 }],
  ['user rows, all items', { negatives: 'all' }],
  ['user rows, popularity', { pool: 'popularity', negatives: 10, alpha: 0.5 }],
  ['user rows, popularity, logQ', { pool: 'popularity', negatives: 10, logQ: true }],
  ['user rows, in-batch', { pool: 'in-batch' }],
  ['user rows, hard, nothing learned', { pool: 'hard', negatives: 10 }],
  ['pair rows, uniform', { batch: 'pair', negatives: 5 }],
  ['pair rows, popularity', { batch: 'pair', negatives: 5, pool: 'popularity' }],
];
for (const [title, options] of kinds) samplerContract(title, options);

/** Mean over many batches of Σ_j weight_j [item = i] / Σ_j weight_j: how often each item is a negative. */
function shares(train: ReturnType<typeof smallTrain>, options: Partial<SamplerOptions>, epochs: number): Float64Array {
  const sampler = createSampler(train, { maskPositives: false, ...options }, 3);
  const seen = new Float64Array(train.columns);
  let all = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const batch of epochOf(sampler, epoch)) {
      batch.negatives.forEach((item, j) => {
        const weight = batch.negativeWeights?.[j] ?? 1;
        seen[item]! += weight;
        all += weight;
      });
    }
  }
  return seen.map((s) => s / all);
}

describe('what is drawn how often', () => {
  const train = smallTrain(24, 12, false, 2);
  const degrees = itemDegrees(train);
  const sum = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0);
  const uniform = Float64Array.from(degrees, () => 1 / 12);
  const popular = (alpha: number) => {
    const weights = Float64Array.from(degrees, (d) => d ** alpha);
    return weights.map((w) => w / sum(weights));
  };

  test.each<[string, Partial<SamplerOptions>, Float64Array]>([
    ['uniform pools', { negatives: 5, rows: 4 }, uniform],
    ['popular pools', { negatives: 8, rows: 4, pool: 'popularity', alpha: 0.5 }, popular(0.5)],
    ['popular pools with logQ', { negatives: 8, rows: 4, pool: 'popularity', alpha: 1, logQ: true }, uniform],
    ['pair rows', { batch: 'pair', negatives: 3, rows: 8 }, uniform],
    ['popular pair rows', { batch: 'pair', negatives: 3, rows: 8, pool: 'popularity', alpha: 0.5 }, popular(0.5)],
  ])('%s', (_, options, expected) => {
    // 5 standard deviations of a share of 1/12 over the draws
    const draws = 400 * 6 * 5;
    expectClose(shares(train, options, 400), expected, 5 * Math.sqrt(1 / 12 / draws) * 2, 0);
  });

  test('an in-batch pool is the multiset of the positives', () => {
    const [batch] = epochOf(createSampler(train, { pool: 'in-batch', rows: 6 }, 1), 0);
    const counts = new Map<number, number>();
    for (const item of batch!.positives) counts.set(item, (counts.get(item) ?? 0) + 1);
    expect(new Map(Array.from(batch!.negatives, (item, j) => [item, batch!.negativeWeights![j]]))).toEqual(counts);
  });

  test('in-batch with logQ weighs by count / (q · items), q ∝ degree', () => {
    const [batch] = epochOf(createSampler(train, { pool: 'in-batch', logQ: true, rows: 24 }, 1), 0);
    // every user is in the batch: counts are the degrees themselves, so all weights are interactions / items
    const expected = Float32Array.from(batch!.negatives, () => train.indices.length / 12);
    expectClose(batch!.negativeWeights!, expected, 0, 1e-6);
  });
});

test('interaction weights stand beside the positives of user rows', () => {
  fc.assert(
    fc.property(trains, fc.nat(), (train, seed) => {
      for (const batch of epochOf(createSampler(train, { rows: 3 }, seed), 0)) {
        const values = Array.from(batch.users, (u) =>
          Array.from(train.values?.subarray(train.offsets[u]!, train.offsets[u + 1]!) ?? []),
        );
        expect(Array.from(batch.positiveWeights ?? [])).toEqual(values.flat());
      }
    }),
  );
});

test('interaction weights are the row weights of pair rows', () => {
  const train = csrFromEntries(2, 3, [0, 0, 1], [0, 1, 2], [1, 2, 6]);
  const [batch] = epochOf(createSampler(train, { batch: 'pair', rows: 3, negatives: 2 }, 1), 0);
  const weights = new Map(Array.from(batch!.positives, (item, r) => [item, batch!.rowWeights[r]]));
  // w / (B · mean w), B = 3, mean w = 3
  expectClose([weights.get(0)!, weights.get(1)!, weights.get(2)!], [1 / 9, 2 / 9, 6 / 9], 0, 1e-6);
});

test('the last batch is shorter, its divisor is not', () => {
  const train = smallTrain(10, 20, false, 1);
  const batches = epochOf(createSampler(train, { rows: 4, rowWeight: 'one' }, 1), 0);
  expect(batches.map((b) => b.users.length)).toEqual([4, 4, 2]);
  for (const batch of batches) for (const w of batch.rowWeights) expect(w).toBe(1 / 4);
});

test('capacity is the largest batch: the users of the highest degrees', () => {
  const train = csrFromEntries(3, 4, [0, 1, 1, 1, 2, 2], [0, 0, 1, 2, 2, 3]);
  expect(createSampler(train, { rows: 2, negatives: 3 }, 1).capacity).toEqual({
    rows: 2,
    positives: 3 + 2,
    negativesPerRow: 3,
    shared: true,
    masked: 3 + 2,
    maskWeights: false,
  });
  expect(createSampler(train, { rows: 9, negatives: 9 }, 1).capacity).toEqual({
    rows: 3,
    positives: 6,
    negativesPerRow: 4,
    shared: true,
    masked: 6,
    maskWeights: false,
  });
  const open = { rows: 2, negatives: 3, maskPositives: false };
  expect(createSampler(train, open, 1).capacity).toMatchObject({ masked: 0, maskWeights: false });
  // with user 2's two positives and what it lists beside them there are four; a row of three negatives lists no more than those
  const weights = csrFromEntries(3, 4, [2, 2, 0], [0, 1, 0], [2, 2, 0]);
  expect(createSampler(train, { rows: 9, negatives: 9 }, 1, weights).capacity).toMatchObject({
    masked: 4 + 3 + 1,
    maskWeights: true,
  });
  expect(createSampler(train, { rows: 1, negatives: 3 }, 1, weights).capacity.masked).toBe(3);
});

test('weights of negatives that are not weights, or of another matrix, are refused', () => {
  const train = smallTrain(4, 6, false, 1);
  for (const wrong of [-1, Number.NaN, Infinity]) {
    const weights = csrFromEntries(4, 6, [1], [2], [wrong]);
    const message = `Option negativeWeights.values: got ${wrong}, expected weights ≥ 0`;
    expect(() => createSampler(train, {}, 1, weights)).toThrow(message);
  }
  for (const [users, items] of [
    [5, 6],
    [4, 7],
  ] as const) {
    const weights = csrFromEntries(users, items, [1], [2], [2]);
    const message = `got "${users} × ${items}", expected at most the 4 users × 6 items of train`;
    expect(() => createSampler(train, {}, 1, weights)).toThrow(message);
  }
});

test('the alias table keeps the weights it was given', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e3, noNaN: true })), {
        minLength: 1,
        maxLength: 8,
      }),
      (weights) => {
        fc.pre(weights.some((w) => w > 0));
        const table = new AliasTable(weights);
        const random = randomStream(1, 'alias test');
        const draws = 3000;
        const counts = new Float64Array(weights.length);
        for (let k = 0; k < draws; k++) counts[table.draw(random)]!++;
        const total = weights.reduce((a, b) => a + b, 0);
        weights.forEach((w, j) => {
          const p = w / total;
          expect(table.probabilities[j]).toBeCloseTo(p, 12);
          if (w === 0) expect(counts[j]).toBe(0);
          expect(Math.abs(counts[j]! / draws - p)).toBeLessThanOrEqual(6 * Math.sqrt((p * (1 - p)) / draws) + 1e-3);
        });
      },
    ),
    draws(50),
  );
});

describe('options', () => {
  const train = smallTrain(4, 6, false, 1);
  test.each<[Partial<SamplerOptions>, string]>([
    [{ rows: 0 }, 'Option rows: got 0, expected a whole number of at least 1'],
    [{ negatives: 1.5 }, 'Option negatives: got 1.5'],
    [{ alpha: -1 }, 'Option alpha: got -1'],
    [
      { pool: 'popular' as 'popularity' },
      'Option pool: got "popular", expected one of uniform, popularity, in-batch, all, hard',
    ],
    [{ batch: 'pair', negatives: 'all' }, 'Option negatives: got "all", expected a number with pair batches'],
    [{ batch: 'pair', pool: 'in-batch' }, 'Option pool: got "in-batch"'],
    [
      { batch: 'pair', pool: 'hard' },
      'Option pool: got "hard", expected "uniform" or "popularity" with pair batches. Use user batches',
    ],
    [{ pool: 'hard', logQ: true }, 'Option logQ: got true, expected false with pool "hard"'],
    [{ pool: 'hard', negatives: 'all' }, 'Option negatives: got "all", expected a number with pool "hard"'],
    [{ batch: 'pair', logQ: true }, 'Option logQ: got true'],
    [{ pool: 'popularity', negatives: 'all' }, 'Option negatives: got "all", expected a number with pool "popularity"'],
  ])('%o is refused', (options, message) => {
    expect(() => createSampler(train, options, 1)).toThrow(message);
  });

  test('nothing to train on is refused', () => {
    for (const wrong of [-1, Number.NaN, Infinity]) {
      const train = csrFromEntries(2, 2, [0, 1], [0, 1], [1, wrong]);
      expect(() => createSampler(train, {}, 1)).toThrow(`Option train.values: got ${wrong}, expected weights ≥ 0`);
    }
    expect(() => createSampler(csrFromEntries(2, 2, [], []), {}, 1)).toThrow('expected at least one interaction');
    expect(() => createSampler(csrFromEntries(1, 2, [0], [1], [0]), {}, 1)).toThrow(
      'expected at least one interaction',
    );
  });

  test('options left undefined take their defaults', () => {
    const batch = epochOf(createSampler(train, { rows: undefined, pool: undefined, negatives: 3 }, 1), 0)[0]!;
    expect(batch.negatives.length).toBe(3);
    expect(csrRow(train, batch.users[0]!).length).toBeGreaterThan(0);
  });
});

test('rows by the number of users, when nobody says', () => {
  expect([1, 1000, 2048, 8192, 16384, 1e6].map((users) => automaticRows('user', users))).toEqual([
    32, 32, 32, 128, 256, 256,
  ]);
  expect(automaticRows('pair', 1000)).toBe(1024);
});
