import type { Loss, ScoreGradients, ScoreRow } from 'taurec/extend';

export interface CosineContrastiveLossOptions {
  /** m: negatives below it cost nothing. */
  readonly margin?: number;
  /** c: weight of the negatives. */
  readonly negativeWeight?: number;
}

/**
 * Cosine contrastive loss: E_i (1 − s_i) + c · E_j max(0, s_j − m), i over a user's positives, j over the negatives.
 * Mao et al., "SimpleX: A simple and strong baseline for collaborative filtering", CIKM 2021.
 */
export class CosineContrastiveLoss implements Loss {
  readonly name = 'cosine-contrastive';
  readonly parameters: { readonly margin: number; readonly negativeWeight: number };
  readonly allowsDotScores = false;

  constructor({ margin = 0.2, negativeWeight = 10 }: CosineContrastiveLossOptions = {}) {
    this.parameters = { margin, negativeWeight };
  }

  /** Returns the value and overwrites both gradients. A weight of 0 masks a negative: an item the user likes. */
  evaluate({ positives, negatives, negativeWeights }: ScoreRow, gradients: ScoreGradients): number {
    const { margin, negativeWeight } = this.parameters;
    let value = 0;
    for (const [i, score] of positives.entries()) {
      value += (1 - score) / positives.length;
      gradients.positives[i] = -1 / positives.length;
    }
    let total = negativeWeights ? 0 : negatives.length;
    for (const weight of negativeWeights ?? []) total += weight;
    for (const [j, score] of negatives.entries()) {
      const share = total > 0 ? (negativeWeight * (negativeWeights?.[j] ?? 1)) / total : 0;
      value += share * Math.max(0, score - margin);
      gradients.negatives[j] = score > margin ? share : 0;
    }
    return value;
  }
}
