import { notNegative, OptionSet, type OptionsOf, option, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { pointwise } from './pointwise.ts';
import { negativeWeightFacts } from './softmax-family.ts';
import { negatedSigmoid, negatedSoftplus, sigmoid, softplus } from './softplus.ts';

const options = new OptionSet('loss', 'bce', {
  /** c ≥ 0, default 1: weight of the mean over negatives. */
  negativeWeight: option(notNegative.default(1), negativeWeightFacts),
});

/** Options of binary cross-entropy. */
export type BinaryCrossEntropyOptions = OptionsOf<typeof options>;

/**
 * Binary cross-entropy (docs/losses/bce.md):
 *
 *     value = E_i softplus(−s_i) + c · E_j softplus(s_j)
 *     ∂/∂s_i = −σ(−s_i) w_i/Σw,   ∂/∂s_j = c σ(s_j) w_j/Σw
 *
 * E_i and E_j are weighted means over positives and negatives. Default score `dot`. A row costs P + n.
 * Source: He et al., "Neural collaborative filtering", WWW 2017.
 */
export class BinaryCrossEntropy implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'dot' };
  readonly name = 'bce';
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: BinaryCrossEntropyOptions = {}) {
    const { negativeWeight } = options.read(given);
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ negativeWeight });
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    return (
      pointwise(positives, positiveWeights, gradients.positives, 1, negatedSoftplus, negatedSigmoid) +
      pointwise(negatives, negativeWeights, gradients.negatives, this.negativeWeight, softplus, sigmoid)
    );
  }
}
