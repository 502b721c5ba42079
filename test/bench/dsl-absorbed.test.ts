// The statements of docs/losses/dsl.md, "What τ and λ absorb": gradients of a row, with weights and temperatures constant to the gradient unless said otherwise.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DualScaleFamily } from '../../bench/dsl/family.mjs';
import { SoftmaxLoss } from '../../src/loss/sl.ts';
import { evaluateRow, meanOf, type TestRow } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';

const score = fc.double({ min: -1, max: 1, noNaN: true });
const rows: fc.Arbitrary<TestRow> = fc
  .tuple(fc.array(score, { minLength: 1, maxLength: 4 }), fc.array(score, { minLength: 2, maxLength: 9 }))
  .map(([p, n]) => ({ positives: Float64Array.from(p), negatives: Float64Array.from(n) }));
const tau = fc.double({ min: 0.05, max: 0.5, noNaN: true });
const kappa = fc.double({ min: -0.8, max: 3, noNaN: true });
const lambda = fc.constantFrom(0.7, 1, 1.3);
const runs = draws(100);

/** Both sides of a row's gradient, times a factor. */
function gradient(row: TestRow, loss: DualScaleFamily | SoftmaxLoss, factor = 1): number[] {
  const { positives, negatives } = evaluateRow(loss, row);
  return [...positives, ...negatives].map((x) => factor * x);
}

const expectSame = (got: number[], expected: number[]) => expectClose(got, expected, 1e-8 / 0.05, 1e-7, 'gradient');

describe('what τ and λ absorb', () => {
  test('weights e^(κ s_j) are a temperature: 1/τ′ = 1/τ + κ, times the constant τ′/τ', () => {
    fc.assert(
      fc.property(rows, tau, kappa, lambda, (row, tau, kappaHardness, negativeWeight) => {
        const moved = 1 / (1 / tau + kappaHardness);
        const weighted = new DualScaleFamily({ tau, kappaHardness, negativeWeight, unit: 'raw' });
        expectSame(
          gradient(row, weighted),
          gradient(row, new SoftmaxLoss({ tau: moved, negativeWeight }), moved / tau),
        );
      }),
      runs,
    );
  });

  test('weights e^(κ z(s_j)) are a temperature of the row, 1/τ_u = 1/τ + κ/σ_u, and a weight τ_u/τ of the row', () => {
    fc.assert(
      fc.property(rows, tau, fc.double({ min: 0, max: 1, noNaN: true }), (row, tau, kappaHardness) => {
        const mean = meanOf(row.negatives);
        const deviation = Math.sqrt(meanOf(row.negatives.map((s) => (s - mean) ** 2)));
        const moved = 1 / (1 / tau + kappaHardness / Math.max(deviation, 1e-3));
        expectSame(
          gradient(row, new DualScaleFamily({ tau, kappaHardness })),
          gradient(row, new SoftmaxLoss({ tau: moved }), moved / tau),
        );
      }),
      runs,
    );
  });

  test('a factor common to the weights of a row changes nothing: mean one or sum n', () => {
    fc.assert(
      fc.property(rows, tau, lambda, fc.double({ min: 0.01, max: 100, noNaN: true }), (row, tau, l, factor) => {
        const loss = new SoftmaxLoss({ tau, negativeWeight: l });
        const weights = row.negatives.map((_, j) => 1 + (j % 3));
        const of = (by: number) => evaluateRow(loss, { ...row, negativeWeights: weights.map((w) => by * w) });
        expectClose([of(factor).value], [of(1).value], 1e-10, 1e-10);
        expectClose(of(factor).negatives, of(1).negatives, 1e-12, 1e-10);
      }),
      runs,
    );
  });

  test('the same weights within the gradient, sum n, are λ as well: λ′ = λ (1 + κτ)', () => {
    fc.assert(
      fc.property(rows, tau, kappa, lambda, (row, tau, kappa, lambda) => {
        // (−E s_i + λ τ log Σ_j e^(κ s_j) e^(s_j/τ)) / τ, by differences
        const value = ({ positives, negatives }: TestRow) =>
          lambda * Math.log(Array.from(negatives).reduce((sum, s) => sum + Math.exp(s * (kappa + 1 / tau)), 0)) -
          meanOf(positives) / tau;
        const step = 1e-4 * tau;
        const differences = (['positives', 'negatives'] as const).flatMap((side) =>
          Array.from(row[side], (_, at) => {
            const moved = (by: number) => {
              const scores = row[side].slice();
              scores[at]! += by;
              return value({ ...row, [side]: scores });
            };
            return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
          }),
        );
        const moved = 1 / (1 / tau + kappa);
        const plain = new SoftmaxLoss({ tau: moved, negativeWeight: lambda * (1 + kappa * tau) });
        expectClose(differences, gradient(row, plain, moved / tau), 1e-6 / tau, 1e-6, 'gradient');
      }),
      runs,
    );
  });

  test('weights by item alone are a bias of the negatives: a_j = e^(b_j/τ) is the softmax loss of s_j + b_j', () => {
    fc.assert(
      fc.property(rows, tau, lambda, fc.array(score, { minLength: 9, maxLength: 9 }), (row, tau, l, bias) => {
        const loss = new SoftmaxLoss({ tau, negativeWeight: l });
        const weighted = { ...row, negativeWeights: row.negatives.map((_, j) => Math.exp(bias[j]! / tau)) };
        const biased = { ...row, negatives: row.negatives.map((s, j) => s + bias[j]!) };
        expectSame(gradient(weighted, loss), gradient(biased, loss));
      }),
      runs,
    );
  });

  test('weights by the place from the top are a temperature where the tail of the scores is exponential', () => {
    // n scores at the quantiles of an exponential tail of mean 1/α: the share of scores above s is e^(−α s).
    const n = 400;
    const alpha = 12;
    fc.assert(
      fc.property(tau, fc.double({ min: -0.9, max: 0.9, noNaN: true }), (tau, kappaHardness) => {
        const negatives = Float64Array.from({ length: n }, (_, j) => -Math.log(1 - (j + 0.5) / n) / alpha);
        const row = { positives: Float64Array.of(0.3), negatives };
        // −log(share above s) = α s: the place is a score in other units.
        const ranked = new DualScaleFamily({ tau, kappaHardness, hardness: 'log-rank', unit: 'raw' });
        const scored = new DualScaleFamily({ tau, kappaHardness: alpha * kappaHardness, unit: 'raw' });
        expectSame(gradient(row, ranked), gradient(row, scored));
      }),
      runs,
    );
  });

  test('similarity and a temperature by positive are left: no temperature, row weight or λ gives their gradient', () => {
    // For the softmax loss, log p_j − log p_k is proportional to s_j − s_k. Weights by similarity put a difference between equal scores …
    const row = { positives: Float64Array.of(0.5, -0.5), negatives: Float64Array.of(0.2, 0.2, 0, -0.3) };
    const cosines = [Float64Array.of(0.9, -0.1, 0, 0), Float64Array.of(0.9, -0.1, 0, 0)];
    const of = (options: Record<string, unknown>, state: number[] = []) => {
      const loss = new DualScaleFamily({ tau: 0.1, ...options });
      const gradients = { positives: new Float64Array(2), negatives: new Float64Array(4) };
      const none = new Float64Array(0);
      loss.evaluate(row, gradients, {
        ...{ user: 0, positiveItems: Int32Array.of(0, 1), poolItems: Int32Array.of(2, 3, 4, 5) },
        logExpectationExp: () => Number.NaN,
        itemSimilarity: (i) => cosines[i]!,
        states: {
          ...{ user: none, items: none, global: Float64Array.from(state), userUpdate: none, itemUpdates: none },
          globalUpdate: new Float64Array(4),
        },
      });
      return gradients.negatives;
    };
    const [first, second] = of({ kappaSimilarity: 0.5 });
    expect(first! / second!).toBeGreaterThan(1.5);
    // … and two temperatures in one row bend the line: (log p_1 − log p_3)/.2 and (log p_3 − log p_4)/.3 differ.
    const slopes = ([p, , q, r]: ArrayLike<number> & Iterable<number>) => [
      Math.log(p! / q!) / 0.2,
      Math.log(q! / r!) / 0.3,
    ];
    const [a, b] = slopes(of({}));
    expect(a).toBeCloseTo(b!, 6);
    const [c, d] = slopes(of({ competition: 1, range: 4 }, [1, 0.5, 0.1, 0]));
    expect(Math.abs(c! / d! - 1)).toBeGreaterThan(0.05);
  });
});
