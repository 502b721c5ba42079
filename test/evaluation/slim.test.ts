import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { slimRanker } from '../../src/evaluation/slim.ts';
import { csrOf } from '../support/evaluation-case.ts';
import { gramOf, linearCases, scoresOf, weightsOf, withheldCheckerboard } from '../support/linear-model.ts';

const settings = fc.record({ l1: fc.constantFrom(0, 0.3, 1), l2: fc.constantFrom(0.5, 2, 20) });
/** All items that share a user are candidates; converged. */
const exact = { candidates: 1000, tolerance: 1e-9 };

/** Column j of W by proximal gradient steps of length 1/L from 0: a plain method for the same problem. */
function byProximalGradient(gram: number[][], j: number, { l1, l2 }: { l1: number; l2: number }): number[] {
  const n = gram.length;
  // L: the largest absolute row sum bounds the largest eigenvalue.
  const step = 1 / (l2 + Math.max(...gram.map((row) => row.reduce((a, b) => a + b, 0))));
  let w = new Array<number>(n).fill(0);
  for (let round = 0; round < 3000; round++) {
    w = w.map((value, i) => {
      const gradient = gram[i]!.reduce((sum, g, k) => sum + g * w[k]!, l2 * value - gram[i]![j]!);
      return i === j ? 0 : Math.max(0, value - step * (gradient + l1));
    });
  }
  return w;
}

describe('slimRanker', () => {
  it('meets the conditions of an optimum: gradient 0 where a weight is above 0, not below 0 elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(linearCases, settings, async (given, { l1, l2 }) => {
        const gram = gramOf(given);
        const w = weightsOf(await slimRanker(csrOf(given.items, given.lists), { l1, l2, ...exact }), given);
        for (let i = 0; i < given.items; i++) {
          expect(w[i]![i]).toBe(0);
          for (let j = 0; j < given.items; j++) {
            if (i === j) continue;
            const gradient = gram[i]!.reduce((sum, g, k) => sum + g * w[k]![j]!, l1 + l2 * w[i]![j]! - gram[i]![j]!);
            // Scores are in single precision.
            const tolerance = 1e-5 * gram[i]![i]!;
            expect(w[i]![j]).toBeGreaterThanOrEqual(0);
            expect(gradient).toBeGreaterThan(-tolerance);
            if (w[i]![j]! > 0) expect(gradient).toBeLessThan(tolerance);
          }
        }
      }),
    );
  });

  it('finds the weights of proximal gradient descent', async () => {
    await fc.assert(
      fc.asyncProperty(linearCases, settings, async (given, { l1, l2 }) => {
        const gram = gramOf(given);
        const w = weightsOf(await slimRanker(csrOf(given.items, given.lists), { l1, l2, ...exact }), given);
        for (let j = 0; j < given.items; j++) {
          byProximalGradient(gram, j, { l1, l2 }).forEach((expected, i) => {
            expect(w[i]![j]).toBeCloseTo(expected, 4);
          });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('adds the weights of the user’s items up', async () => {
    await fc.assert(
      fc.asyncProperty(linearCases, settings, async (given, options) => {
        const ranker = await slimRanker(csrOf(given.items, given.lists), options);
        const w = weightsOf(ranker, given);
        given.lists.forEach((list, user) => {
          scoresOf(ranker, user).forEach((score, j) => {
            const expected = list.reduce((sum, i) => sum + w[i]![j]!, 0);
            expect(score).toBeCloseTo(expected, 5);
          });
        });
      }),
    );
  });

  it('gives weights only to the nearest candidates by cosine', async () => {
    // Item 0 shares 3 users with item 1, 2 with item 2 and 1 with item 3.
    const train = csrOf(4, [[0, 1, 2, 3], [0, 1, 2], [0, 1], [0], [1], [2], [3]]);
    const weights = async (candidates: number) => {
      const ranker = await slimRanker(train, { l1: 0, l2: 1, candidates });
      return [1, 2, 3].map((item) => scoresOf(ranker, 3 + item)[0]! > 0);
    };
    expect(await weights(1)).toEqual([true, false, false]);
    expect(await weights(2)).toEqual([true, true, false]);
  });

  it('puts the withheld item of a checkerboard first', async () => {
    const { train, test } = withheldCheckerboard();
    const { metrics } = evaluateSync(await slimRanker(train), { train, test, protocol: 'clean', ks: [1], auc: true });
    expect(metrics).toMatchObject({ 'recall@1': 1, auc: 1 });
  });

  it('stops on request', async () => {
    await expect(slimRanker(csrOf(1, [[0]]), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it.each([{ l1: -1 }, { l2: 0 }, { candidates: 0 }, { candidates: 1.5 }, { tolerance: 0 }, { l1: Number.NaN }])(
    'refuses %o',
    async (options) => {
      await expect(slimRanker(csrOf(1, [[0]]), options)).rejects.toMatchObject({ code: 'bad-option' });
    },
  );
});
