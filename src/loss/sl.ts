import { OptionSet, type OptionsOf, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { weightedMean } from './weighted-mean.ts';

const options = new OptionSet('loss', 'sl', {
  /** τ > 0, default .1. A smaller τ concentrates the gradient on the hardest negatives. Infinity ("inf") takes the plain mean, without the division by τ. */
  tau,
  /** λ ≥ 0, default 1. Above 1 favours popular items, below 1 the long tail. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
});

/** Options of the softmax loss. */
export type SoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Softmax loss (docs/losses/sl.md):
 *
 *     value = ( −E_i s_i + λ · LEE_τ(s_j) ) / τ
 *     ∂/∂s_i = −w_i / (τ Σw),   ∂/∂s_j = λ p_j / τ
 *
 * i runs over the positives and j over the negatives, each with their weights. LEE and p: `RowContext.logExpectationExp`. A row costs n exponentials. Source: Wu et al.,
 * "On the effectiveness of sampled softmax loss for item recommendation", TOIS 2024.
 */
export class SoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'sl';
  readonly tau: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: SoftmaxLossOptions = {}) {
    const { tau, negativeWeight } = options.read(given);
    this.tau = tau;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, negativeWeight });
    this.allowsDotScores = this.negativeWeight === 1;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    // The published scale 1/τ would make the loss 0 at τ = Infinity: there it is not divided.
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const weight = this.negativeWeight * scale;
    const positive = weightedMean(scores.positives, scores.positiveWeights, gradients.positives, -scale);
    // The gradients come out scaled by λ/τ: no second pass over the negatives.
    const negative = context.logExpectationExp(
      scores.negatives,
      this.tau,
      scores.negativeWeights,
      gradients.negatives,
      weight,
    );
    return weight * negative - scale * positive;
  }
}
