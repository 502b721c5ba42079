import { OptionSet, type OptionsOf, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { weightedMean } from './weighted-mean.ts';

const options = new OptionSet('loss', 'sl', {
  /** τ > 0, default .1; the smaller, the more the hardest negatives count. Infinity ("inf") is the plain mean, and is not divided by τ. */
  tau,
  /** λ ≥ 0, default 1: above 1 follows popularity, below 1 serves the long tail. Other than 1 needs cosine scores. */
  negativeWeight: lambda,
});

/** Options of the softmax loss. */
export type SoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Softmax loss:
 *
 *     value = ( −E_i s_i + λ · LEE_τ(s_j) ) / τ
 *     ∂/∂s_i = −w_i / (τ Σw),   ∂/∂s_j = λ p_j / τ
 *
 * i over the positives with their weights, j over the negatives with theirs. Wu et al., "On the effectiveness of sampled softmax loss for item
 * recommendation", TOIS 2024.
 */
export class SoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'sl';
  readonly tau: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(given: SoftmaxLossOptions = {}) {
    const { tau, negativeWeight } = options.read(given);
    this.tau = tau;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, negativeWeight });
    this.allowsDotScores = this.negativeWeight === 1;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const weight = this.negativeWeight * scale;
    const positive = weightedMean(scores.positives, scores.positiveWeights, gradients.positives, -scale);
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
