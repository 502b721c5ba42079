import { OptionSet, type OptionsOf, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { checkUserTau, temperatureFactor, userTau, userTemperatureStates } from './user-temperature.ts';
import { weightedMean } from './weighted-mean.ts';

const options = new OptionSet('loss', 'sl', {
  /** τ > 0, default .1. A smaller τ concentrates the gradient on the hardest negatives. Infinity ("inf") takes the plain mean, without the division by τ. */
  tau,
  /** λ ≥ 0, default 1. Above 1 favours popular items, below 1 the long tail. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
  /** Strength ≥ 0 of a temperature by user, default 0: τ for all. 1 is as published. Above 0 it needs cosine scores and a finite τ. */
  userTau,
});

/** Options of the softmax loss. */
export type SoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Softmax loss (docs/losses/sl.md):
 *
 *     value = ( −E_i s_i + λ · LEE_τ(s_j) ) / τ
 *     ∂/∂s_i = −w_i / (τ Σw),   ∂/∂s_j = λ p_j / τ
 *
 * With a temperature by user (`userTau`; docs/losses/user-temperature.md) the negative side is λ · LEE_τu(s_j) / τ_u; the positives keep τ.
 * i runs over the positives and j over the negatives, each with their weights. LEE and p: `RowContext.logExpectationExp`. A row costs n exponentials, twice as many with a
 * temperature by user. Source: Wu et al., "On the effectiveness of sampled softmax loss for item recommendation", TOIS 2024.
 */
export class SoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'sl';
  readonly tau: number;
  readonly negativeWeight: number;
  readonly userTau: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** Present only with a temperature by user, as the contract requires. */
  readonly needs?: NonNullable<Loss['needs']>;
  readonly updateStates?: NonNullable<Loss['updateStates']>;
  readonly startEpoch?: NonNullable<Loss['startEpoch']>;

  /** @throws TaurecError `bad-option` for a value out of bounds, or a temperature by user with τ = Infinity; `unknown-name` for an unknown option */
  constructor(given: SoftmaxLossOptions = {}) {
    const { tau, negativeWeight, userTau } = options.read(given);
    checkUserTau(options, given, userTau, tau);
    this.tau = tau;
    this.negativeWeight = negativeWeight;
    this.userTau = userTau;
    this.parameters = writtenOptions({ tau, negativeWeight, userTau: userTau || undefined });
    // The positives are pulled by 1/τ and the negatives pushed by λ/τ_u: only equal factors leave inner products bounded.
    this.allowsDotScores = negativeWeight === 1 && userTau === 0;
    if (userTau > 0) Object.assign(this, userTemperatureStates);
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    // The published scale 1/τ would make the loss 0 at τ = Infinity: there it is not divided.
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const factor = this.userTau > 0 ? temperatureFactor(this.userTau, scores, context) : 1;
    const weight = (this.negativeWeight * scale) / factor;
    const positive = weightedMean(scores.positives, scores.positiveWeights, gradients.positives, -scale);
    // The gradients come out scaled by λ/τ: no second pass over the negatives.
    const negative = context.logExpectationExp(
      scores.negatives,
      this.tau * factor,
      scores.negativeWeights,
      gradients.negatives,
      weight,
    );
    return weight * negative - scale * positive;
  }
}
