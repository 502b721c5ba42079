import { notNegative, OptionSet, type OptionsOf, option, positive, share, writtenOptions } from '../option.ts';
import type { Floats, Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { negativeWeightFacts, tauFacts } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

/** κ of the softplus that replaces max(0, ·): the larger, the closer. */
const SHARPNESS = 5;

const options = new OptionSet('loss', 'llpauc', {
  /** α in (0, 1], default .7: fraction of a user's positives, the highest-scoring ones, that the loss ranks. */
  alpha: share.default(0.7),
  /** β in (0, 1], default .1: fraction of the negatives, the highest-scoring ones, that the loss ranks. */
  beta: share.default(0.1),
  /** τ > 0, finite, default .3 (for cosines): divisor of the scores before the sigmoid. The paper has 1, for inner products. */
  tau: option(positive.default(0.3), {
    ...tauFacts,
    automatic: undefined,
    search: { logUniform: [0.1, 1], start: 0.3 },
  }),
  /** Step size of the duals, > 0, default .1. */
  dualRate: positive.default(0.1),
  /** λ ≥ 0, default 1: weight of the term of the negatives. */
  negativeWeight: option(notNegative.default(1), negativeWeightFacts),
});

/** Options of lower-left partial AUC. */
export type LowerLeftPartialAucOptions = OptionsOf<typeof options>;

/** One side of the loss, positives or negatives: u = slope · f + sign · (f − centre)² − threshold, with slope = 2(1 + γ). An entry of weight 1 counts `share`. */
export interface Side {
  /** −1 for the positives, 1 for the negatives. */
  readonly sign: 1 | -1;
  /** Factor of an entry of weight 1 in the value: −1/(α Σw) or λ/(β Σw). */
  readonly share: number;
  /** 2(1 + γ) */
  readonly slope: number;
  /** a or b */
  readonly centre: number;
  /** s⁺ or s⁻ */
  readonly threshold: number;
  readonly tau: number;
}

/** Sums over one side: Σ w softplus(κ u) (`value`), and Σ w σ(κ u) times 1 (`slope`), f − centre (`away`) and f (`f`). */
export interface SideSums {
  readonly value: number;
  readonly slope: number;
  readonly away: number;
  readonly f: number;
}

/** Evaluates one side; the engine has a kernel of this form for the negatives. */
type EvaluateSide = (x: Floats, weights: Floats | undefined, gradients: Floats, side: Side) => SideSums;

/**
 * Lower-left partial AUC (docs/losses/llpauc.md): a min–max surrogate of the AUC between a user's α·P highest-scoring positives and β·n highest-scoring negatives:
 *
 *     f = σ(s/τ),   r(x) = softplus(κ x)/κ, κ = 5
 *     value = −s⁺ − E_i r( 2(1 + γ) f_i − (f_i − a)² − s⁺ )/α + λ ( s⁻ + E_j r( 2(1 + γ) f_j + (f_j − b)² − s⁻ )/β ) − γ²
 *     min over embeddings, a, b ∈ [0, 1], s⁻ ∈ [0, 5];  max over s⁺ ∈ [−1, 4], γ ∈ [max(−a, b − 1), 1]
 *
 * All users share the five duals. Each step ends with one projected gradient step of the duals: a, b and s⁻ descend, s⁺ and γ ascend, by `dualRate` times the mean
 * derivative over the rows.
 *
 * Source: Shi et al., "Lower-left partial AUC: An effective and efficient optimization metric for recommendation", WWW 2024, in the form of the authors' program
 * (1/α, 1/β; no w). Two differences: the paper's projection of γ instead of the program's multipliers, and plain gradient steps for the duals where both use Adam.
 */
export class LowerLeftPartialAuc implements Loss {
  static readonly declaration: LossDeclaration = { options, score: 'cosine' };
  readonly name = 'llpauc';
  readonly alpha: number;
  readonly beta: number;
  readonly tau: number;
  readonly dualRate: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;
  /** The global state: [a, b, γ, s⁺, s⁻]. */
  readonly needs = { globalState: 5 };
  /** a starts at 1 and b at 0, the ideal f of positives and negatives; γ starts at 0, both thresholds at ½. */
  readonly initialGlobalState = [1, 0, 0, 0.5, 0.5];

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: LowerLeftPartialAucOptions = {}) {
    const { alpha, beta, tau, dualRate, negativeWeight } = options.read(given);
    this.alpha = alpha;
    this.beta = beta;
    this.tau = tau;
    this.dualRate = dualRate;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ alpha, beta, tau, dualRate, negativeWeight });
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    return this.evaluateWith(scores, gradients, context, evaluateSide);
  }

  /** Like `evaluate`, with the negatives evaluated by `negativeSide`: the function below, or a kernel. */
  evaluateWith(scores: ScoreRow, gradients: ScoreGradients, context: RowContext, negativeSide: EvaluateSide): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const { global, globalUpdate } = context.states!;
    const [a, b, gamma, high, low] = global as unknown as [number, number, number, number, number];
    const { tau } = this;
    const slope = 2 * (1 + gamma);
    const up = this.share(positives, positiveWeights, -1 / this.alpha);
    const down = this.share(negatives, negativeWeights, this.negativeWeight / this.beta);
    const upper = { sign: -1, share: up, slope, centre: a, threshold: high, tau } as const;
    const lower = { sign: 1, share: down, slope, centre: b, threshold: low, tau } as const;
    const positive = evaluateSide(positives, positiveWeights, gradients.positives, upper);
    const negative = negativeSide(negatives, negativeWeights, gradients.negatives, lower);
    // A side without weight contributes nothing, its threshold included.
    const present = up === 0 ? 0 : 1;
    const against = down === 0 ? 0 : this.negativeWeight;
    // ∂value/∂a, ∂b, ∂γ, ∂s⁺, ∂s⁻, in this order.
    globalUpdate[0] = 2 * up * positive.away;
    globalUpdate[1] = -2 * down * negative.away;
    globalUpdate[2] = 2 * (up * positive.f + down * negative.f - gamma);
    globalUpdate[3] = -up * positive.slope - present;
    globalUpdate[4] = against - down * negative.slope;
    return (up * positive.value + down * negative.value) / SHARPNESS - present * high + against * low - gamma * gamma;
  }

  /** The factor of an entry of weight 1: scale / Σw, or 0 when all weights are 0. */
  private share(x: Floats, weights: Floats | undefined, scale: number): number {
    const total = weightSum(x.length, weights);
    return total > 0 ? scale / total : 0;
  }

  updateStates({ global, globalSum, rows }: StateUpdate): void {
    const step = this.dualRate / rows;
    // a and b first: the lower bound of γ follows from their new values.
    const a = within(global[0]! - step * globalSum[0]!, 0, 1);
    const b = within(global[1]! - step * globalSum[1]!, 0, 1);
    global[0] = a;
    global[1] = b;
    global[2] = within(global[2]! + step * globalSum[2]!, Math.max(-a, b - 1), 1);
    global[3] = within(global[3]! + step * globalSum[3]!, -1, 4);
    global[4] = within(global[4]! - step * globalSum[4]!, 0, 5);
  }
}

/** The sums of one side; overwrites the gradients of its scores. */
function evaluateSide(x: Floats, weights: Floats | undefined, gradients: Floats, side: Side): SideSums {
  const { sign, share, slope, centre, threshold, tau } = side;
  const sums = { value: 0, slope: 0, away: 0, f: 0 };
  for (let e = 0; e < x.length; e++) {
    const weight = weights ? weights[e]! : 1;
    if (weight === 0) {
      gradients[e] = 0;
      continue;
    }
    const f = sigmoid(x[e]! / tau);
    const away = f - centre;
    const u = SHARPNESS * (slope * f + sign * away * away - threshold);
    // One exponential gives softplus(κu) and its derivative.
    const t = Math.exp(-Math.abs(u));
    const steepness = (weight * (u >= 0 ? 1 : t)) / (1 + t);
    sums.value += weight * (Math.max(u, 0) + Math.log1p(t));
    sums.slope += steepness;
    sums.away += steepness * away;
    sums.f += steepness * f;
    // Chain rule: ∂u/∂f = slope + 2 sign (f − centre), ∂f/∂s = f (1 − f)/τ; κ cancels against the 1/κ of r.
    gradients[e] = (share * steepness * (slope + 2 * sign * away) * f * (1 - f)) / tau;
  }
  return sums;
}

/** Clamps x to [least, most]. */
function within(x: number, least: number, most: number): number {
  return Math.min(Math.max(x, least), most);
}
