import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { easeRanker, easeRefusal } from '../../src/evaluation/ease.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { csrOf } from '../support/evaluation-case.ts';
import { gramOf, linearCases, scoresOf, weightsOf, withheldCheckerboard } from '../support/linear-model.ts';

const ridges = fc.constantFrom(0.5, 3, 100);

/** The inverse by Gauss–Jordan elimination with row pivots. */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < n; column++) {
    const candidates = rows.slice(column).map((row) => Math.abs(row[column]!));
    const pivotRow = column + candidates.indexOf(Math.max(...candidates));
    [rows[column], rows[pivotRow]] = [rows[pivotRow]!, rows[column]!];
    const pivot = rows[column]!.map((value) => value / rows[column]![column]!);
    for (let r = 0; r < n; r++) {
      const factor = rows[r]![column]!;
      rows[r] = r === column ? pivot : rows[r]!.map((value, c) => value - factor * pivot[c]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

const ridged = (gram: number[][], ridge: number) =>
  gram.map((row, i) => row.map((value, j) => value + (i === j ? ridge : 0)));

describe('easeRanker', () => {
  it('scores with I − P·diag(1/diag P), P = (XᵀX + λI)⁻¹, as a dense oracle', async () => {
    await fc.assert(
      fc.asyncProperty(linearCases, ridges, async (given, ridge) => {
        const ranker = await easeRanker(csrOf(given.items, given.lists), { ridge });
        const p = inverseOf(ridged(gramOf(given), ridge));
        const b = p.map((row, i) => row.map((value, j) => (i === j ? 1 : 0) - value / p[j]![j]!));
        given.lists.forEach((list, user) => {
          scoresOf(ranker, user).forEach((score, j) => {
            const expected = list.reduce((sum, i) => sum + b[i]![j]!, 0);
            expect(score).toBeCloseTo(expected, 5);
          });
        });
      }),
    );
  });

  it('minimises ‖X − XB‖² + λ‖B‖² under diag B = 0: outside the diagonal the gradient is 0', async () => {
    await fc.assert(
      fc.asyncProperty(linearCases, ridges, async (given, ridge) => {
        const gram = gramOf(given);
        const b = weightsOf(await easeRanker(csrOf(given.items, given.lists), { ridge }), given);
        for (let i = 0; i < given.items; i++) {
          expect(b[i]![i]! === 0).toBe(true);
          for (let j = 0; j < given.items; j++) {
            if (i === j) continue;
            const gradient = gram[i]!.reduce((sum, g, k) => sum + g * b[k]![j]!, ridge * b[i]![j]! - gram[i]![j]!);
            expect(Math.abs(gradient)).toBeLessThan(1e-5 * gram[i]![i]!);
          }
        }
      }),
    );
  });

  it('gives an item without interactions the score 0', async () => {
    const ranker = await easeRanker(csrOf(3, [[0, 1], [0, 1], [1]]), { ridge: 1 });
    expect(Math.abs(scoresOf(ranker, 0)[2]!)).toBe(0);
  });

  it('puts the withheld item of a checkerboard first', async () => {
    const { train, test } = withheldCheckerboard();
    const { metrics } = evaluateSync(await easeRanker(train), { train, test, protocol: 'clean', ks: [1], auc: true });
    expect(metrics).toMatchObject({ 'recall@1': 1, auc: 1 });
  });

  it('refuses a matrix above the limit, before any work, with bytes and limit', async () => {
    const train = csrOf(20_000, [[0]]);
    const bytes = 8 * (20_000 ** 2 + 2 * 128 * 20_000 + 128 ** 2);
    const refusal = expect.objectContaining({
      code: 'baseline-memory',
      facts: { baseline: 'ease', items: 20_000, bytes, limit: 2 * 1024 ** 3 },
    });
    await expect(easeRanker(train)).rejects.toEqual(refusal);
    expect(easeRefusal(20_000)).toEqual(refusal);
    expect(easeRefusal(20_000)!.message).toBe(
      `Baseline ease needs ${(bytes / 1024 ** 3).toFixed(2)} GiB (${bytes} bytes) for 20000 items, but may take only 2.00 (2147483648 bytes). Raise the limit (memory, --ease-memory) if that much is free, leave this baseline out (--baselines popular,item-knn,slim), or drop rare items (k-core).`,
    );
    expect(easeRefusal(20_000, { memory: bytes / 1024 ** 3 })).toBeUndefined();
    expect(easeRefusal(16_000)).toBeUndefined();
  });

  it('stops on request', async () => {
    await expect(easeRanker(csrOf(1, [[0]]), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it.each([{ ridge: 0 }, { ridge: -1 }, { ridge: Number.NaN }, { ridge: Number.POSITIVE_INFINITY }, { memory: 0 }])(
    'refuses %o',
    async (options) => {
      await expect(easeRanker(csrOf(1, [[0]]), options)).rejects.toMatchObject({ code: 'bad-option' });
    },
  );

  it('refuses a ridge that vanishes beside the counts: the matrix is singular', async () => {
    const twins = csrOf(2, [
      [0, 1],
      [0, 1],
    ]);
    await expect(easeRanker(twins, { ridge: 1e-300 })).rejects.toMatchObject({
      code: 'bad-option',
      facts: { option: 'ridge' },
    });
  });
});
