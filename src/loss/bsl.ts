import { OptionSet, type OptionsOf, oneOf, option, temperature, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { checkUserTau, temperatureFactor, userTau, userTemperatureStates } from './user-temperature.ts';
import { weightSum } from './weighted-mean.ts';

const forms = ['paper', 'multi', 'reweight'] as const;
/** A form of the bilateral softmax loss: the published one, or a mode of the authors' program. */
export type BilateralForm = (typeof forms)[number];

const options = new OptionSet('loss', 'bsl', {
  /** τ2 > 0, the temperature of the negatives, default .1. Infinity ("inf") takes the plain mean, without the division by τ2. */
  tau,
  /** τ1 > 0, the temperature of the positives, default 4. Noisier positives need a smaller τ1; Infinity ("inf") gives the softmax loss. Form `paper` only. */
  tau1: option(temperature.optional(), {
    flag: '--tau1 <number>',
    help: 'temperature of the positives (bsl), or inf',
    search: { logUniform: [0.7, 4], start: 1 },
    searchLast: true,
  }),
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
  /** `paper` (default), or a mode of the authors' program: `multi` (τ1 = τ2) or `reweight` (mean over positives, sum over negatives). */
  form: option(oneOf(forms).default('paper'), { flag: '--form <name>', help: 'form of the loss (bsl)' }),
  /** Strength ≥ 0 of a temperature τ2 by user, default 0: τ2 for all. 1 is as published for `sl`. Above 0 it needs cosine scores and a finite τ2. */
  userTau,
});

/** Options of the bilateral softmax loss. */
export type BilateralSoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Bilateral softmax loss (docs/losses/bsl.md):
 *
 *     paper      value = ( −LEE_τ1(s_i) + λ · LEE_τ2(s_j) ) / τ2
 *     multi      the same with τ1 = τ2: all positives of a user inside one logarithm; the program's t1 is `tau`, its t2 is λ
 *     reweight   value = ( −E_i s_i + λ · LEE_τ2(s_j) ) / τ2 + λ · log Σ_j w_j: each positive separately (P = 1), the sum in place of the mean
 *
 *     ∂/∂s_i = −p_i / τ2,   ∂/∂s_j = λ p_j / τ2   (p: the worst-case weights of each side)
 *
 * With a temperature by user (`userTau`; docs/losses/user-temperature.md) the negative side is λ · LEE_τu(s_j) / τ_u; the positives keep τ1 and the division by τ2.
 * With one positive, or τ1 = Infinity, it equals the softmax loss. Source: Wu et al., "BSL: Understanding and improving softmax loss for recommendation", ICDE 2024.
 */
export class BilateralSoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = {
    options,
    ...softmaxFamily,
    // As a training with a validation part has them (docs/decisions/011-defaults.md): with a searched popularity prior λ stays at the paper's 1, not at the 1.2 of the default configuration.
    tuning: { ...softmaxFamily.tuning, rowWeight: 'sqrt', options: { negativeWeight: 1 } },
  };
  readonly name = 'bsl';
  readonly tau: number;
  /** The temperature of the positives in effect: `tau1` in form `paper`, τ2 in `multi`, Infinity in `reweight`. */
  readonly tau1: number;
  readonly negativeWeight: number;
  readonly form: BilateralForm;
  readonly userTau: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** Present only with a temperature by user, as the contract requires. */
  readonly needs?: NonNullable<Loss['needs']>;
  readonly updateStates?: NonNullable<Loss['updateStates']>;
  readonly startEpoch?: NonNullable<Loss['startEpoch']>;

  /** @throws TaurecError `bad-option` for a value out of bounds, `tau1` with a form other than `paper`, or a temperature by user with τ2 = Infinity; `unknown-name` for an unknown option */
  constructor(given: BilateralSoftmaxLossOptions = {}) {
    const { tau, tau1, negativeWeight, form, userTau } = options.read(given);
    if (form !== 'paper' && tau1 !== undefined) {
      options.fail(given, 'tau1', `no tau1 with form "${form}"`, 'Leave tau1 out, or use form "paper".');
    }
    checkUserTau(options, given, userTau, tau);
    this.form = form;
    this.userTau = userTau;
    this.tau = tau;
    this.negativeWeight = negativeWeight;
    this.tau1 = form === 'paper' ? (tau1 ?? 4) : form === 'multi' ? tau : Infinity;
    const tau1InEffect = form === 'paper' ? this.tau1 : undefined;
    this.parameters = writtenOptions({ tau, negativeWeight, form, tau1: tau1InEffect, userTau: userTau || undefined });
    this.allowsDotScores = negativeWeight === 1 && userTau === 0;
    if (userTau > 0) Object.assign(this, userTemperatureStates);
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const factor = this.userTau > 0 ? temperatureFactor(this.userTau, scores, context) : 1;
    const weight = (this.negativeWeight * scale) / factor;
    // Both sides are divided by τ2, the positives' too: τ1 only shapes their weights p_i.
    const positive = context.logExpectationExp(
      scores.positives,
      this.tau1,
      scores.positiveWeights,
      gradients.positives,
      -scale,
    );
    const negative = context.logExpectationExp(
      scores.negatives,
      this.tau * factor,
      scores.negativeWeights,
      gradients.negatives,
      weight,
    );
    const value = weight * negative - scale * positive;
    if (this.form !== 'reweight') return value;
    // log Σ exp = LEE/τ + log Σw: the sum over negatives differs from the mean by a constant, which has no gradient.
    const total = weightSum(scores.negatives.length, scores.negativeWeights);
    return total > 0 ? value + this.negativeWeight * Math.log(total) : value;
  }
}
