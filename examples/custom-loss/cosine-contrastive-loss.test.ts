import { describe, expect, test } from 'vitest';
import { CosineContrastiveLoss } from './cosine-contrastive-loss.ts';

describe('the loss', () => {
  const loss = new CosineContrastiveLoss({ margin: 0.1, negativeWeight: 3 });
  const row = (positives: number[], negatives: number[], weights?: number[]) => ({
    positives: Float64Array.from(positives),
    negatives: Float64Array.from(negatives),
    ...(weights && { negativeWeights: Float64Array.from(weights) }),
  });
  const run = (scores: ReturnType<typeof row>) => {
    const gradients = {
      positives: new Float64Array(scores.positives.length),
      negatives: new Float64Array(scores.negatives.length),
    };
    return { value: loss.evaluate(scores, gradients), gradients };
  };

  test('is its formula', () => {
    const { value } = run(row([0.6, 0.2], [0.5, -0.3, 0.2]));
    expect(value).toBeCloseTo((1 - 0.6 + (1 - 0.2)) / 2 + (3 * (0.5 - 0.1 + 0 + (0.2 - 0.1))) / 3, 12);
  });

  test('a masked negative changes nothing', () => {
    const all = run(row([0.6], [0.5, 0.9, 0.2], [1, 0, 1]));
    const without = run(row([0.6], [0.5, 0.2]));
    expect(all.value).toBeCloseTo(without.value, 12);
    expect([...all.gradients.negatives]).toEqual([without.gradients.negatives[0], 0, without.gradients.negatives[1]]);
  });

  test('derivatives equal differences', () => {
    const scores = row([0.6, -0.4], [0.5, -0.3, 0.2], [1, 2, 0.5]);
    const { gradients } = run(scores);
    for (const side of ['positives', 'negatives'] as const) {
      for (let e = 0; e < scores[side].length; e++) {
        const at = (shift: number) =>
          run({ ...scores, [side]: scores[side].map((s, i) => (i === e ? s + shift : s)) }).value;
        expect(gradients[side][e]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 8);
      }
    }
  });
});
