import type { Loss, RowContext, ScoreGradients, ScoreRow } from 'taurec/extend';

export interface MarginSoftmaxLossOptions {
  /** τ: how much the hardest negatives stand out. */
  readonly tau?: number;
  /** m: how far a positive must lie above the negatives before it costs nothing. */
  readonly margin?: number;
}

/**
 * A softmax loss that lets go of what it has learnt: E_i max(0, m − s_i + LEE_τ(s_j)), i over a user's positives, LEE the smooth maximum of the negatives.
 * A positive that lies m above them has no gradient. It is made up for this example.
 */
export class MarginSoftmaxLoss implements Loss {
  readonly name = 'margin-softmax';
  readonly parameters: { readonly tau: number; readonly margin: number };
  readonly allowsDotScores = true;

  constructor({ tau = 0.15, margin = 0.5 }: MarginSoftmaxLossOptions = {}) {
    this.parameters = { tau, margin };
  }

  /** Returns the value and overwrites both gradients. The log-expectation-exp is the engine's own, on SIMD. */
  evaluate({ positives, negatives, negativeWeights }: ScoreRow, gradients: ScoreGradients, row: RowContext): number {
    const { tau, margin } = this.parameters;
    const hardest = row.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives);
    let value = 0;
    let active = 0;
    for (const [i, score] of positives.entries()) {
      const missing = margin - score + hardest;
      gradients.positives[i] = missing > 0 ? -1 / positives.length : 0;
      if (missing <= 0) continue;
      value += missing / positives.length;
      active += 1 / positives.length;
    }
    for (let j = 0; j < negatives.length; j++) gradients.negatives[j]! *= active;
    return value;
  }
}
