import { OptionSet, type OptionsOf, oneOf, writtenOptions } from '../option.ts';
import { automaticTau } from './automatic-tau.ts';
import type { Floats, Loss, LossDeclaration, LossNeeds, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import {
  activationNames,
  type LogActivation,
  type PairwiseActivation,
  pairwiseActivations,
} from './pairwise-activations.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'psl', {
  /** τ > 0, default .1. Infinity ("inf") takes the plain mean, without the division by τ. */
  tau,
  /** The activation σ: `relu` (default), `tanh` or `atan`. */
  activation: oneOf(activationNames).default('relu'),
  /** λ ≥ 0, default 1. Above 1 favours popular items, below 1 the long tail. */
  negativeWeight: lambda,
});

/** Options of the pairwise softmax loss. */
export type PairwiseSoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Pairwise softmax loss, the softmax loss with another activation σ in place of exp(2d) (docs/losses/psl.md):
 *
 *     value = E_i log E_j σ(d_ij)^(1/τ) + (λ − 1) · LEE_τ(s_j)/τ,   d_ij = (s_j − s_i)/2
 *     q_ij = w_j σ(d_ij)^(1/τ) / Σ_k w_k σ(d_ik)^(1/τ),   g_ij = q_ij σ'(d_ij)/(2 τ σ(d_ij))
 *     ∂/∂s_j = E_i g_ij + (λ − 1) p_j/τ,   ∂/∂s_i = −w_i/Σw · Σ_j g_ij
 *
 * tanh d + 1, max(d + 1, 0) and atan d + 1 stay below exp(2d) where a negative scores high, so a single false negative has less influence.
 * Cosine scores only, which keep d in [−1, 1]. A row costs P · n. Source: Yang et al., "PSL: Rethinking and improving softmax loss from pairwise perspective for
 * recommendation", NeurIPS 2024.
 */
export class PairwiseSoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = {
    options,
    ...softmaxFamily,
    // τ is three quarters of the softmax loss's, in three decimals: the activations are flatter than exp(2d) (measured: docs/losses.md).
    byCatalogue: (items) => ({ tau: Math.round(750 * automaticTau(items)) / 1000 }),
  };
  readonly name = 'psl';
  readonly needs: LossNeeds = { pairs: true };
  readonly tau: number;
  readonly activation: PairwiseActivation;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = false;
  protected readonly logActivation: LogActivation;
  /** [n] scratch for one positive: log σ(d_ij). */
  private logs: Floats = new Float64Array(0);
  /** [n] scratch for one positive: its weight times q_ij/τ. */
  private shares: Floats = new Float64Array(0);

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: PairwiseSoftmaxLossOptions = {}) {
    const { tau, activation, negativeWeight } = options.read(given);
    this.tau = tau;
    this.activation = activation;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, activation, negativeWeight });
    this.logActivation = pairwiseActivations[activation];
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const total = weightSum(positives.length, positiveWeights);
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    // The λ term is written first because it overwrites the gradients of the negatives; the loop below adds to them.
    let value = this.excess(scores, gradients, context, scale);
    gradients.positives.fill(0);
    if (total === 0) return value;
    this.prepare(negatives.length);
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / total;
      if (share === 0) continue;
      for (let j = 0; j < negatives.length; j++) {
        this.logs[j] = this.logActivation.value((negatives[j]! - positives[i]!) / 2);
      }
      // log E_j σ^(1/τ) = LEE_τ(log σ)/τ: the shared kernel serves the activations too.
      value +=
        share * scale * context.logExpectationExp(this.logs, this.tau, negativeWeights, this.shares, share * scale);
      // Chain rule: ∂d/∂s_j = ½ and ∂d/∂s_i = −½. `shares` already holds weight · q/τ, so a slope needs only σ'/σ and the ½.
      let pull = 0;
      for (let j = 0; j < negatives.length; j++) {
        if (this.shares[j] === 0) continue;
        const slope = (this.shares[j]! * this.logActivation.slope((negatives[j]! - positives[i]!) / 2)) / 2;
        gradients.negatives[j]! += slope;
        pull += slope;
      }
      gradients.positives[i] = -pull;
    }
    return value;
  }

  /** The term of λ: (λ − 1) · LEE_τ(s_j)/τ. Overwrites the gradients of the negatives, with 0 at λ = 1. */
  excess(
    { negatives, negativeWeights }: ScoreRow,
    gradients: ScoreGradients,
    context: RowContext,
    scale: number,
  ): number {
    const weight = (this.negativeWeight - 1) * scale;
    if (weight !== 0) {
      return weight * context.logExpectationExp(negatives, this.tau, negativeWeights, gradients.negatives, weight);
    }
    gradients.negatives.fill(0);
    return 0;
  }

  /** Reallocates the scratch arrays when the number of negatives changes. */
  private prepare(length: number): void {
    if (this.logs.length === length) return;
    this.logs = new Float64Array(length);
    this.shares = new Float64Array(length);
  }
}
