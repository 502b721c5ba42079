import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import type { Loss, RowContext, ScoreRow } from '../../src/loss/loss.ts';

/** A row with the similarity of each positive to the negatives, and the state that it meets: weight, mean, variance, mean log factor. */
export interface SimilarityRow {
  readonly row: ScoreRow;
  readonly cosines: readonly Float64Array[];
  readonly state: readonly number[];
}

/** Evaluates a loss on the row: value, gradients, and what it adds to the state. The items of the positives are 0 … P − 1, those of the negatives follow. */
export function evaluateSimilarityRow(loss: Loss, { row, cosines, state }: SimilarityRow) {
  const P = row.positives.length;
  const positives = new Float64Array(P).fill(Number.NaN);
  const negatives = new Float64Array(row.negatives.length).fill(Number.NaN);
  const none = new Float64Array(0);
  const globalUpdate = new Float64Array(4);
  const context: RowContext = {
    user: 0,
    positiveItems: Int32Array.from({ length: P }, (_, i) => i),
    poolItems: Int32Array.from({ length: negatives.length }, (_, j) => P + j),
    logExpectationExp,
    itemSimilarity: loss.needs?.itemSimilarity ? (i) => cosines[i]! : undefined,
    states: loss.needs?.globalState
      ? {
          user: none,
          items: none,
          global: Float64Array.from(state),
          userUpdate: none,
          itemUpdates: none,
          globalUpdate,
        }
      : undefined,
  };
  return { value: loss.evaluate(row, { positives, negatives }, context), positives, negatives, globalUpdate };
}
