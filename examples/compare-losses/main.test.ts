import { expect, test } from 'vitest';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import { MarginSoftmaxLoss } from './margin-softmax-loss.ts';
import { rankBiasedPrecision } from './rank-biased-precision.ts';

test('derivatives of the loss equal differences of its value', () => {
  const loss = new MarginSoftmaxLoss({ tau: 0.3, margin: 0.4 });
  const scores = {
    positives: Float64Array.of(0.9, 0.1, -0.4),
    negatives: Float64Array.of(0.5, -0.3, 0.2),
    negativeWeights: Float64Array.of(1, 2, 0),
  };
  const run = (row: typeof scores) => {
    const gradients = { positives: new Float64Array(3), negatives: new Float64Array(3) };
    const context = { user: 0, positiveItems: new Int32Array(3), poolItems: new Int32Array(3), logExpectationExp };
    return { value: loss.evaluate(row, gradients, context), gradients };
  };
  const { gradients } = run(scores);
  for (const side of ['positives', 'negatives'] as const) {
    for (let e = 0; e < 3; e++) {
      const at = (shift: number) =>
        run({ ...scores, [side]: scores[side].map((s, i) => (i === e ? s + shift : s)) }).value;
      expect(gradients[side][e]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 7);
    }
  }
  // The first positive lies more than the margin above the negatives: nothing is left to learn from it.
  expect(gradients.positives[0]).toBe(0);
});

test('the metric', () => {
  expect(rankBiasedPrecision([0, 2], 5)).toBeCloseTo(0.1 * (1 + 0.81), 12);
});
