import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DualScaleSoftmaxLoss, type DualScaleSoftmaxLossOptions } from '../../src/loss/dsl.ts';
import type { ScoreRow, StateUpdate } from '../../src/loss/loss.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { evaluateRow, meanOf } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';
import { type SimilarityRow as Case, evaluateSimilarityRow as evaluate } from '../support/similarity-row.ts';

// ---- docs/losses/dsl.md written out: every negative stands for itself, weights by repetition of the sums ----

const ones = (x: ArrayLike<number>) => Array.from(x, () => 1);
const weightsOf = (row: ScoreRow) => Array.from(row.negativeWeights ?? ones(row.negatives));
const positiveWeightsOf = (row: ScoreRow) => Array.from(row.positiveWeights ?? ones(row.positives));

function standardized(x: ArrayLike<number>, weights: number[]): number[] {
  const mean = meanOf(x, weights);
  const variance = meanOf(
    Array.from(x, (v) => (v - mean) ** 2),
    weights,
  );
  return Array.from(x, (v, j) => (weights[j] === 0 ? 0 : (v - mean) / Math.max(Math.sqrt(variance), 1e-3)));
}

/** ω_ij of positive i. */
function logWeights({ row, cosines }: Case, i: number, loss: DualScaleSoftmaxLoss): number[] {
  const hard = standardized(row.negatives, weightsOf(row));
  const like = standardized(cosines[i]!, weightsOf(row));
  return hard.map((z, j) => loss.hardness * z + loss.similarity * like[j]!);
}

/** I_i: competitors in descending order, each with as much of its weight as the slate has room for; ties at the edge share. */
function intensity({ row, cosines, state }: Case, i: number, loss: DualScaleSoftmaxLoss): number {
  const omega = logWeights({ row, cosines, state }, i, loss);
  const weights = weightsOf(row);
  const keys = Array.from(row.negatives, (s, j) => s / loss.tau + omega[j]!);
  const mass = (j: number) => {
    const better = keys.reduce((sum, key, k) => sum + (key > keys[j]! ? weights[k]! : 0), 0);
    const tied = keys.reduce((sum, key, k) => sum + (key === keys[j]! ? weights[k]! : 0), 0);
    return tied === 0 ? 0 : weights[j]! * Math.min(1, Math.max(0, (loss.slate - better) / tied));
  };
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  return meanOf(
    row.negatives.map((s) => sigmoid((s - row.positives[i]!) / loss.tau)),
    keys.map((_, j) => mass(j)),
  );
}

function temperature(c: Case, i: number, loss: DualScaleSoftmaxLoss): number {
  if (loss.competition === 0) return loss.tau;
  const [weight, mean, variance, logFactor] = c.state as [number, number, number, number];
  const z = weight > 0 ? (intensity(c, i, loss) - mean) / Math.max(Math.sqrt(variance), 1e-3) : 0;
  const r = loss.temperatureRange;
  return (loss.tau * Math.min(r, Math.max(1 / r, Math.exp(loss.competition * z)))) / Math.exp(logFactor);
}

/** The value with weights and temperatures as the row `frozen` has them. */
function formula(c: Case, loss: DualScaleSoftmaxLoss, frozen = c): number {
  const base = weightsOf(c.row);
  const examples = Array.from(c.row.positives, (s, i) => {
    const omega = logWeights(frozen, i, loss);
    const w = omega.map((x) => Math.exp(x));
    const mean = meanOf(w, base);
    const tau = temperature(frozen, i, loss);
    const lee =
      tau *
      Math.log(
        meanOf(
          c.row.negatives.map((x, j) => (w[j]! / mean) * Math.exp(x / tau)),
          base,
        ),
      );
    return (loss.negativeWeight * lee - s) / loss.tau;
  });
  return meanOf(examples, positiveWeightsOf(c.row));
}

// ---- cases ----

const score = fc.double({ min: -1, max: 1, noNaN: true });
const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 4, noNaN: true }));
const cases: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 }), fc.boolean())
  .chain(([p, n, weighted]) => {
    const list = (of: fc.Arbitrary<number>, length: number) =>
      fc.array(of, { minLength: length, maxLength: length }).map((x) => Float64Array.from(x));
    const weights = (length: number) =>
      weighted ? list(weight, length).filter((w) => w.some((x) => x > 0)) : fc.constant(undefined);
    return fc.record({
      row: fc.record({
        positives: list(score, p),
        negatives: list(score, n),
        positiveWeights: weights(p),
        negativeWeights: weights(n),
      }),
      cosines: fc.array(list(score, n), { minLength: p, maxLength: p }),
      state: fc.oneof(
        fc.constant([0, 0, 0, 0]),
        fc.tuple(
          fc.double({ min: 1, max: 1000, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 0.1, noNaN: true })),
          fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        ),
      ),
    });
  });
const runs = draws(80);

const off = { hardness: 0, similarity: 0, competition: 0 };
const variants: [string, DualScaleSoftmaxLossOptions][] = [
  ['both off', { tau: 0.2, ...off }],
  ['hardness', { tau: 0.2, ...off, hardness: 0.7 }],
  ['hardness < 0, λ', { tau: 0.1, ...off, hardness: -0.4, negativeWeight: 1.3 }],
  ['similarity', { tau: 0.2, ...off, similarity: -0.5 }],
  ['competition', { tau: 0.2, ...off, competition: 0.8, slate: 3 }],
  ['competition < 0, hardness', { tau: 0.15, ...off, hardness: 0.5, competition: -1, slate: 2.5 }],
  ['all, λ', { tau: 0.3, hardness: -0.3, similarity: 0.6, competition: 0.5, slate: 3, negativeWeight: 0.7 }],
  ['defaults', { tau: 0.2 }],
  ['narrow range', { tau: 0.2, competition: 2, slate: 2, temperatureRange: 1.1 }],
];

describe.each(variants)('dsl: %s', (_, options) => {
  const loss = new DualScaleSoftmaxLoss(options);

  test('the value is the formula', () => {
    fc.assert(
      fc.property(cases, (c) => expectClose([evaluate(loss, c).value], [formula(c, loss)], 1e-9, 1e-9)),
      runs,
    );
  });

  test('gradients are central differences with weights, temperatures and state held fixed', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const step = 1e-5;
        const { value, positives, negatives } = evaluate(loss, c);
        const differences = (key: 'positives' | 'negatives') =>
          c.row[key].map((_, i) => {
            const moved = (by: number) => {
              const scores = c.row[key].slice();
              scores[i]! += by;
              return formula({ ...c, row: { ...c.row, [key]: scores } }, loss, c);
            };
            return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
          });
        const largest = Math.max(...[...positives, ...negatives].map(Math.abs));
        const rounding = (1e-14 * Math.max(1, Math.abs(value))) / step;
        expectClose(positives, differences('positives'), 1e-6 * largest + rounding, 1e-6, 'positive gradients');
        expectClose(negatives, differences('negatives'), 1e-6 * largest + rounding, 1e-6, 'negative gradients');
      }),
      runs,
    );
  });

  test('a masked negative changes nothing, whatever its score and cosine', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: -1e4, max: 1e4, noNaN: true }), score, fc.nat(), (c, extra, cosine, at) => {
        const n = c.row.negatives.length;
        const position = at % (n + 1);
        const insert = (x: ArrayLike<number>, value: number) =>
          Float64Array.from(Array.from(x).toSpliced(position, 0, value));
        const row = {
          ...c.row,
          negatives: insert(c.row.negatives, extra),
          negativeWeights: insert(weightsOf(c.row), 0),
        };
        const masked = evaluate(loss, { ...c, row, cosines: c.cosines.map((x) => insert(x, cosine)) });
        const plain = evaluate(loss, c);
        expectClose([masked.value], [plain.value], 1e-12, 1e-12);
        expectClose(masked.positives, plain.positives, 1e-12, 1e-12);
        expectClose(masked.negatives, insert(plain.negatives, 0), 1e-12, 1e-12);
        expectClose(masked.globalUpdate, plain.globalUpdate, 1e-12, 1e-12);
      }),
      runs,
    );
  });

  test('permuting scores permutes gradients', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const plain = evaluate(loss, c);
        const turned = evaluate(loss, {
          ...c,
          row: {
            positives: c.row.positives.toReversed(),
            negatives: c.row.negatives.toReversed(),
            positiveWeights: c.row.positiveWeights?.toReversed(),
            negativeWeights: c.row.negativeWeights?.toReversed(),
          },
          cosines: c.cosines.toReversed().map((x) => x.toReversed()),
        });
        expectClose([turned.value], [plain.value], 1e-10, 1e-10);
        expectClose(turned.positives, plain.positives.toReversed(), 1e-10, 1e-10);
        expectClose(turned.negatives, plain.negatives.toReversed(), 1e-10, 1e-10);
      }),
      runs,
    );
  });

  test('a weight of 2 is the entry twice', () => {
    const cosines = [0.1, -0.6].map((x) => Float64Array.of(x, x + 0.3, x / 2));
    const state = [100, 0.5, 0.02, 0.1];
    const weighted = evaluate(loss, {
      row: {
        positives: Float64Array.of(0.5, 0.3),
        negatives: Float64Array.of(0.4, -0.2, 0.6),
        positiveWeights: Float64Array.of(2, 1),
        negativeWeights: Float64Array.of(2, 1, 1),
      },
      cosines,
      state,
    });
    const repeated = evaluate(loss, {
      row: { positives: Float64Array.of(0.5, 0.5, 0.3), negatives: Float64Array.of(0.4, 0.4, -0.2, 0.6) },
      cosines: [0, 0, 1].map((i) => Float64Array.of(cosines[i]![0]!, ...cosines[i]!)),
      state,
    });
    const [p, n] = [repeated.positives, repeated.negatives];
    expectClose([weighted.value], [repeated.value], 1e-12, 1e-12);
    expectClose(weighted.positives, [2 * p[0]!, p[2]!], 1e-12, 1e-12);
    expectClose(weighted.negatives, [2 * n[0]!, n[2]!, n[3]!], 1e-12, 1e-12);
    expectClose(weighted.globalUpdate, repeated.globalUpdate, 1e-12, 1e-12);
  });

  if (loss.negativeWeight === 1)
    test('the gradients of a row sum to 0', () => {
      fc.assert(
        fc.property(cases, (c) => {
          const { positives, negatives } = evaluate(loss, c);
          const all = [...positives, ...negatives];
          const size = all.reduce((sum, g) => sum + Math.abs(g), 0);
          expect(Math.abs(all.reduce((sum, g) => sum + g, 0))).toBeLessThanOrEqual(1e-12 * size);
        }),
        runs,
      );
    });

  test('reads its inputs only', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const before = structuredClone(c);
        evaluate(loss, c);
        expect(c).toEqual(before);
      }),
      runs,
    );
  });

  const row = (positives: number[], negatives: number[], weights?: number[]): ScoreRow => ({
    positives: Float64Array.from(positives),
    negatives: Float64Array.from(negatives),
    negativeWeights: weights && Float64Array.from(weights),
  });
  test.each<[string, ScoreRow]>([
    ['one positive, one negative', row([0.3], [0.7])],
    ['all at 1', row([1, 1], [1, 1, 1])],
    ['all at −1', row([-1, -1], [-1, -1])],
    ['positives lowest', row([-1], [1, 1])],
    ['positives highest', row([1], [-1, -1])],
    ['every negative masked', row([0.2, 0.1], [0.4, 0.5], [0, 0])],
    ['no negatives', row([0.2, 0.1], [])],
    ['no positive has weight', { ...row([0.2, 0.1], [0.4]), positiveWeights: Float64Array.of(0, 0) }],
    ['tiny weights', row([0.2, -0.9], [0.4, 1], [1e-300, 1e-30])],
  ])('is finite: %s', (_, scores) => {
    for (const tau of [1e-3, 0.2, 'inf'] as const) {
      for (const state of [
        [0, 0, 0, 0],
        [1, 0.5, 0, 0.3],
      ]) {
        const cosines = Array.from(scores.positives, (s, i) =>
          Float64Array.from(scores.negatives, (x, j) => (s + x + i - j) / 9),
        );
        const tried = evaluate(new DualScaleSoftmaxLoss({ ...options, tau }), { row: scores, cosines, state });
        for (const x of [tried.value, ...tried.positives, ...tried.negatives, ...tried.globalUpdate]) {
          expect(x).toSatisfy(Number.isFinite);
        }
      }
    }
  });

  test('asks for what it needs', () => {
    expect(loss.needs.itemSimilarity ?? false).toBe(loss.similarity !== 0);
    expect(loss.needs.globalState ?? 0).toBe(loss.competition !== 0 ? 4 : 0);
    expect(loss.updateStates !== undefined).toBe(loss.competition !== 0);
  });
});

test('with both branches off dsl is sl', () => {
  fc.assert(
    fc.property(cases, fc.double({ min: 0.02, max: 5, noNaN: true }), fc.boolean(), (c, tau, balanced) => {
      const both = { tau, negativeWeight: balanced ? 1 : 0.7 };
      const got = evaluate(new DualScaleSoftmaxLoss({ ...both, ...off }), c);
      const expected = evaluateRow(createLoss({ name: 'sl', options: both }), c.row);
      expectClose([got.value], [expected.value], 1e-12, 1e-12);
      expectClose(got.positives, expected.positives, 1e-12, 1e-12);
      expectClose(got.negatives, expected.negatives, 1e-12, 1e-12);
    }),
  );
});

describe('competition state', () => {
  const loss = new DualScaleSoftmaxLoss({ ...off, competition: 0.7, temperatureRange: 1.5, slate: 2, tau: 0.2 });
  const positives = [0.9, 0.2, -0.5];
  const c = (state: number[]): Case => ({
    row: { positives: Float64Array.from(positives), negatives: Float64Array.of(0.1, 0.5, -0.3) },
    cosines: positives.map(() => new Float64Array(3)),
    state,
  });
  const intensities = positives.map((_, i) => intensity(c([0, 0, 0, 0]), i, loss));
  const stepped = (state: Float64Array) => {
    const sum = evaluate(loss, c([...state])).globalUpdate;
    loss.updateStates!({ global: state, globalSum: sum, epoch: 0, rows: 1 } as unknown as StateUpdate);
    return state;
  };

  test('after the first step it holds the mean and the variance of the intensities', () => {
    const state = stepped(new Float64Array(4));
    const mean = meanOf(intensities);
    expectClose(state, [3, mean, meanOf(intensities.map((x) => (x - mean) ** 2)), 0], 1e-14, 1e-14);
  });

  test('on the same row again and again mean and variance stay, and temperatures come to a geometric mean of τ', () => {
    const state = stepped(new Float64Array(4));
    const [, mean, variance] = state;
    for (let step = 0; step < 600; step++) stepped(state);
    expectClose(state.subarray(1, 3), [mean!, variance!], 1e-12, 1e-12);
    const logs = positives.map((_, i) => Math.log(temperature(c([...state]), i, loss) / loss.tau));
    expect(Math.max(...logs) - Math.min(...logs)).toBeGreaterThan(0.1);
    expect(Math.abs(meanOf(logs))).toBeLessThan(1e-9);
  });

  test('a positive under more competition gets the higher temperature when γ > 0', () => {
    const state = [...stepped(new Float64Array(4))];
    const taus = positives.map((_, i) => temperature(c(state), i, loss));
    expect(taus[2]).toBeGreaterThan(taus[1]!);
    expect(taus[1]).toBeGreaterThan(taus[0]!);
  });

  test('old steps fade: after many others the mean is theirs', () => {
    const state = Float64Array.of(1e6, 0.99, 0, 2);
    for (let step = 0; step < 1000; step++) stepped(state);
    expectClose([state[1]!], [meanOf(intensities)], 1e-6, 1e-6);
  });

  test('a step without positives leaves it as it is', () => {
    const state = Float64Array.of(5, 0.4, 0.1, 0.2);
    const update = { global: state, globalSum: new Float64Array(4), epoch: 0, rows: 1 };
    loss.updateStates!(update as unknown as StateUpdate);
    expect([...state]).toEqual([5, 0.4, 0.1, 0.2]);
  });
});

test.each<[DualScaleSoftmaxLossOptions, string]>([
  [{ tau: 0 }, 'Option dsl.tau: got 0'],
  [{ hardness: Number.NaN }, 'Option dsl.hardness'],
  [{ similarity: Infinity }, 'Option dsl.similarity'],
  [{ competition: '1' as unknown as number }, 'Option dsl.competition: got "1", expected a number'],
  [{ slate: 0 }, 'Option dsl.slate: got 0, expected a number of at least 1'],
  [{ temperatureRange: 0.5 }, 'Option dsl.temperatureRange: got 0.5, expected a number of at least 1'],
  [{ kappa: 1 } as DualScaleSoftmaxLossOptions, 'Unknown option of loss dsl "kappa"'],
])('%o is refused', (options, message) => {
  expect(() => new DualScaleSoftmaxLoss(options)).toThrow(message);
});

test('parameters survive JSON and make the same loss again', () => {
  for (const [, options] of variants) {
    const loss = new DualScaleSoftmaxLoss(options);
    expect(createLoss({ name: 'dsl', options: JSON.parse(JSON.stringify(loss.parameters)) })).toEqual(loss);
  }
});
