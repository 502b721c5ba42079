import { notNegative, OptionSet, type OptionsOf, option, writtenOptions } from '../option.ts';
import type { Floats, Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { negativeWeightFacts } from './softmax-family.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'mse', {
  /** c ≥ 0, default 1: weight of the mean over negatives. */
  negativeWeight: option(notNegative.default(1), negativeWeightFacts),
});

/** Options of the mean squared error. */
export type MeanSquaredErrorOptions = OptionsOf<typeof options>;

/**
 * Mean squared error, with target 1 for positives and 0 for negatives (docs/losses/mse.md):
 *
 *     value = E_i (1 − s_i)² + c · E_j s_j²
 *     ∂/∂s_i = −2 (1 − s_i) w_i/Σw,   ∂/∂s_j = 2 c s_j w_j/Σw
 *
 * E_i and E_j are weighted means over positives and negatives. Default score `dot`. A row costs P + n.
 * Source: Hu, Koren & Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.
 */
export class MeanSquaredError implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'dot' };
  readonly name = 'mse';
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: MeanSquaredErrorOptions = {}) {
    const { negativeWeight } = options.read(given);
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ negativeWeight });
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, _context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    return (
      squares(positives, positiveWeights, gradients.positives, 1, 1) +
      squares(negatives, negativeWeights, gradients.negatives, 0, this.negativeWeight)
    );
  }
}

/** Returns scale · E_i (target − x_i)² and overwrites the gradients. Masked entries (weight 0) contribute nothing, whatever their score. */
function squares(x: Floats, weights: Floats | undefined, gradients: Floats, target: number, scale: number): number {
  const total = weightSum(x.length, weights);
  const unit = total > 0 ? scale / total : 0;
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const share = unit * (weights ? weights[i]! : 1);
    const error = share === 0 ? 0 : x[i]! - target;
    sum += share * error * error;
    gradients[i] = 2 * share * error;
  }
  return sum;
}
