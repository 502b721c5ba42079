import type { Loss, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { LossOptions, type RawOptions, writtenTemperature } from './loss-options.ts';
import { weightSum } from './weighted-mean.ts';

const FORMS = ['paper', 'multi', 'reweight'] as const;
export type BilateralForm = (typeof FORMS)[number];

export interface BilateralSoftmaxLossOptions {
  /** τ2 > 0 of the negatives, default .1. Infinity ("inf") is the plain mean, and is not divided by τ2. */
  readonly tau?: number | 'inf';
  /** τ1 > 0 of the positives, default 4; Infinity ("inf") makes BSL the softmax loss. The noisier the positives, the smaller. Form `paper` only. */
  readonly tau1?: number | 'inf';
  /** λ ≥ 0, default 1; other than 1 needs cosine scores. */
  readonly negativeWeight?: number;
  /** `paper` (default), or a mode of the authors' program: `multi` (τ1 = τ2), `reweight` (mean over positives, sum over negatives). */
  readonly form?: BilateralForm;
}

/**
 * Bilateral softmax loss:
 *
 *     paper      value = ( −LEE_τ1(s_i) + λ · LEE_τ2(s_j) ) / τ2
 *     multi      the same with τ1 = τ2: a user's positives inside one log; the program's t1 is `tau`, its t2 is λ
 *     reweight   value = ( −E_i s_i + λ · LEE_τ2(s_j) ) / τ2 + λ · log Σ_j w_j: every positive for itself (P = 1), the sum instead of the mean
 *
 *     ∂/∂s_i = −p_i / τ2,   ∂/∂s_j = λ p_j / τ2   (p: the worst-case weights of each side)
 *
 * One positive, or τ1 = Infinity: the softmax loss. Wu et al., "BSL: Understanding and improving softmax loss for recommendation", ICDE 2024.
 */
export class BilateralSoftmaxLoss implements Loss {
  readonly name = 'bsl';
  readonly tau: number;
  /** The temperature of the positives that the form comes to. */
  readonly tau1: number;
  readonly negativeWeight: number;
  readonly form: BilateralForm;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: BilateralSoftmaxLossOptions = {}) {
    const read = new LossOptions('bsl', options as RawOptions, ['tau', 'tau1', 'negativeWeight', 'form']);
    this.form = read.choice('form', FORMS, 'paper');
    this.tau = read.temperature('tau', 0.1);
    this.negativeWeight = read.weight('negativeWeight', 1);
    if (this.form !== 'paper' && read.has('tau1')) {
      read.fail('tau1', `no tau1 with form "${this.form}"`, 'Leave tau1 out, or use form "paper".');
    }
    const tau1 = read.temperature('tau1', 4);
    this.tau1 = this.form === 'paper' ? tau1 : this.form === 'multi' ? this.tau : Infinity;
    const shared = { tau: writtenTemperature(this.tau), negativeWeight: this.negativeWeight, form: this.form };
    this.parameters = this.form === 'paper' ? { ...shared, tau1: writtenTemperature(tau1) } : shared;
    this.allowsDotScores = this.negativeWeight === 1;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const weight = this.negativeWeight * scale;
    const positive = context.logExpectationExp(
      scores.positives,
      this.tau1,
      scores.positiveWeights,
      gradients.positives,
      -scale,
    );
    const negative = context.logExpectationExp(
      scores.negatives,
      this.tau,
      scores.negativeWeights,
      gradients.negatives,
      weight,
    );
    const value = weight * negative - scale * positive;
    if (this.form !== 'reweight') return value;
    const total = weightSum(scores.negatives.length, scores.negativeWeights);
    return total > 0 ? value + this.negativeWeight * Math.log(total) : value;
  }
}
