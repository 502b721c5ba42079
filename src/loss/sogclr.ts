import { OptionSet, type OptionsOf, share, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { softplus } from './softplus.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'sogclr', {
  /** τ > 0, finite, default .1; as in the softmax loss. */
  tau: finiteTau,
  /** γ in (0, 1], default .9: share of the current step in the moving average. 1 gives the softmax loss. */
  gamma: share.default(0.9),
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
});

/** Options of SogCLR. */
export type GlobalContrastiveLossOptions = OptionsOf<typeof options>;

/**
 * SogCLR, the softmax loss normalised by a moving average over the steps that contained the user (docs/losses/sogclr.md):
 *
 *     ĝ = E_j exp(s_j/τ),   g = (1 − γ) g' + γ ĝ [stop]      (g' from the user's last step; g = ĝ at the first)
 *     value = −E_i s_i/τ + λ ( log g + ĝ/g − 1 )
 *     ∂/∂s_i = −w_i/(τ Σw),   ∂/∂s_j = λ/τ · ĝ/g · p_j = λ w_j exp(s_j/τ) / (τ g Σw)
 *
 * The gradient is the published estimator. The value is the tangent of λ log ĝ at g, so at g = ĝ value and gradient equal those of the softmax loss.
 * The state of a user is log g, which does not overflow at any temperature. When a user has several rows in a step (pair batches), the mean of their log ĝ counts.
 * Source: Yuan et al., "Provable stochastic optimization for global contrastive learning: Small batch does not harm performance", ICML 2022.
 */
export class GlobalContrastiveLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'sogclr';
  readonly tau: number;
  readonly gamma: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** The user state: [log g, 1 after the user's first step]. */
  readonly needs = { userState: 2 };

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: GlobalContrastiveLossOptions = {}) {
    const { tau, gamma, negativeWeight } = options.read(given);
    this.tau = tau;
    this.gamma = gamma;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, gamma, negativeWeight });
    this.allowsDotScores = negativeWeight === 1;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { negatives, negativeWeights, positives, positiveWeights } = scores;
    const { tau, negativeWeight } = this;
    const value = -weightedMean(positives, positiveWeights, gradients.positives, -1 / tau) / tau;
    if (weightSum(negatives.length, negativeWeights) === 0) {
      gradients.negatives.fill(0);
      return value;
    }
    const weight = negativeWeight / tau;
    // log ĝ of this row. The gradients still lack the factor ĝ/g.
    const present = context.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives, weight) / tau;
    const states = context.states!;
    // updateStates divides the summed log ĝ by the summed ones: the number of the user's rows that had negatives.
    states.userUpdate[0] = present;
    states.userUpdate[1] = 1;
    const average = this.averaged(states.user[0]!, states.user[1]!, present);
    // ĝ/g ≤ 1/γ, because g ≥ γ ĝ.
    const ratio = Math.exp(present - average);
    if (ratio !== 1) for (let j = 0; j < negatives.length; j++) gradients.negatives[j]! *= ratio;
    return value + negativeWeight * (average + ratio - 1);
  }

  updateStates({ users }: StateUpdate): void {
    for (const { state, sum } of users) {
      if (sum[1] === 0) continue;
      state[0] = this.averaged(state[0]!, state[1]!, sum[0]! / sum[1]!);
      state[1] = 1;
    }
  }

  /** log( (1 − γ) e^before + γ e^present ), or `present` at the first visit. */
  private averaged(before: number, visited: number, present: number): number {
    if (visited === 0 || this.gamma === 1) return present;
    // log(e^a + e^b) = a + softplus(b − a): the exponentials themselves are never formed.
    const a = Math.log1p(-this.gamma) + before;
    return a + softplus(Math.log(this.gamma) + present - a);
  }
}
