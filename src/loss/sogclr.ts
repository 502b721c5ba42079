import { OptionSet, type OptionsOf, share, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { softplus } from './softplus.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'sogclr', {
  /** τ > 0, finite, default .1; as for the softmax loss. */
  tau: finiteTau,
  /** γ in (0, 1], default .9: share of the present step in the moving average; 1 is the softmax loss. */
  gamma: share.default(0.9),
  /** λ ≥ 0, default 1; other than 1 needs cosine scores. */
  negativeWeight: lambda,
});

/** Options of SogCLR. */
export type GlobalContrastiveLossOptions = OptionsOf<typeof options>;

/**
 * SogCLR, the softmax loss with a normaliser that is a moving average over the steps in which the user stood:
 *
 *     ĝ = E_j exp(s_j/τ),   g = (1 − γ) g' + γ ĝ [stop]      (g' of the user's last step; at the first visit g = ĝ)
 *     value = −E_i s_i/τ + λ ( log g + ĝ/g − 1 )
 *     ∂/∂s_i = −w_i/(τ Σw),   ∂/∂s_j = λ/τ · ĝ/g · p_j = λ w_j exp(s_j/τ) / (τ g Σw)
 *
 * The gradient is the published estimator. The value is the tangent of λ log ĝ at g, so at g = ĝ both are those of the softmax loss. The state of a user is
 * log g, so that no temperature overflows; rows of one user in the same step (pair batches) count by the mean of their log ĝ. Yuan et al., "Provable
 * stochastic optimization for global contrastive learning: Small batch does not harm performance", ICML 2022.
 */
export class GlobalContrastiveLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'sogclr';
  readonly tau: number;
  readonly gamma: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** log g, and 1 once the user was visited. */
  readonly needs = { userState: 2 };

  /** @throws TaurecError `bad-option`, `unknown-name` */
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
    const present = context.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives, weight) / tau;
    const states = context.states!;
    states.userUpdate[0] = present;
    states.userUpdate[1] = 1;
    const average = this.averaged(states.user[0]!, states.user[1]!, present);
    // at most 1/γ
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

  /** log( (1 − γ) e^before + γ e^present ); the present one at the first visit. */
  private averaged(before: number, visited: number, present: number): number {
    if (visited === 0 || this.gamma === 1) return present;
    const a = Math.log1p(-this.gamma) + before;
    return a + softplus(Math.log(this.gamma) + present - a);
  }
}
