import type { Floats, Loss, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { LossOptions, type RawOptions } from './loss-options.ts';
import { sigmoid } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

/** κ of the softplus that stands for max(0, ·). */
const SHARPNESS = 5;

export interface LowerLeftPartialAucOptions {
  /** α in (0, 1], default .7: the part of a user's positives, those that score highest, that the loss looks at. */
  readonly alpha?: number;
  /** β in (0, 1], default .1: the part of the negatives, those that score highest. */
  readonly beta?: number;
  /** τ > 0, finite, default .2, for cosines: what scores are divided by before the sigmoid. The paper's inner products have 1. */
  readonly tau?: number;
  /** Step of the duals, > 0, default .01. */
  readonly dualRate?: number;
  /** λ ≥ 0, default 1: weight of the negatives' side. */
  readonly negativeWeight?: number;
}

/** One side's share of the value and of its derivatives by its own centre (a or b), γ and its threshold (s⁺ or s⁻). */
interface Side {
  value: number;
  centre: number;
  gamma: number;
  threshold: number;
}

/**
 * Lower-left partial AUC, a min–max surrogate of the AUC between the α·P positives and the β·n negatives of a user that score highest:
 *
 *     f = σ(s/τ),   r(x) = softplus(κ x)/κ, κ = 5
 *     value = −s⁺ − E_i r( 2(1 + γ) f_i − (f_i − a)² − s⁺ )/α + λ ( s⁻ + E_j r( 2(1 + γ) f_j + (f_j − b)² − s⁻ )/β ) − γ²
 *     min over embeddings, a, b ∈ [0, 1], s⁻ ∈ [0, 5];  max over s⁺ ∈ [−1, 4], γ ∈ [max(−a, b − 1), 1]
 *
 * The five duals are shared by all users. After each step they take one projected gradient step: a, b, s⁻ down, s⁺, γ up, by `dualRate` times the mean
 * derivative over the rows. Shi et al., "Lower-left partial AUC: An effective and efficient optimization metric for recommendation", WWW 2024, in the
 * form of the authors' program (1/α, 1/β; no w), with the paper's projection of γ in place of the program's multipliers, and plain gradient steps for the
 * duals where both use Adam.
 */
export class LowerLeftPartialAuc implements Loss {
  readonly name = 'llpauc';
  readonly alpha: number;
  readonly beta: number;
  readonly tau: number;
  readonly dualRate: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = true;
  /** a, b, γ, s⁺, s⁻ */
  readonly needs = { globalState: 5 };
  readonly initialGlobalState = [1, 0, 0, 0.5, 0.5];

  /** @throws TaurecError `bad-option`, `unknown-name` */
  constructor(options: LowerLeftPartialAucOptions = {}) {
    const known = ['alpha', 'beta', 'tau', 'dualRate', 'negativeWeight'];
    const read = new LossOptions('llpauc', options as RawOptions, known);
    this.alpha = read.share('alpha', 0.7);
    this.beta = read.share('beta', 0.1);
    this.tau = read.positive('tau', 0.2);
    this.dualRate = read.positive('dualRate', 0.01);
    this.negativeWeight = read.weight('negativeWeight', 1);
    const { alpha, beta, tau, dualRate, negativeWeight } = this;
    this.parameters = { alpha, beta, tau, dualRate, negativeWeight };
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { global, globalUpdate } = context.states!;
    const [a, b, gamma, high, low] = global as unknown as [number, number, number, number, number];
    const { alpha, beta, negativeWeight } = this;
    const positive = this.side(
      scores.positives,
      scores.positiveWeights,
      gradients.positives,
      -1,
      -1 / alpha,
      a,
      gamma,
      high,
    );
    const negative = this.side(
      scores.negatives, scores.negativeWeights, gradients.negatives, 1, negativeWeight / beta, b, gamma, low,
    ); // biome-ignore format: one line a side
    const present = weightSum(scores.positives.length, scores.positiveWeights) > 0 ? 1 : 0;
    const against = weightSum(scores.negatives.length, scores.negativeWeights) > 0 ? negativeWeight : 0;
    globalUpdate[0] = positive.centre;
    globalUpdate[1] = negative.centre;
    globalUpdate[2] = positive.gamma + negative.gamma - 2 * gamma;
    globalUpdate[3] = positive.threshold - present;
    globalUpdate[4] = negative.threshold + against;
    return positive.value - present * high + negative.value + against * low - gamma * gamma;
  }

  updateStates({ global, globalSum, rows }: StateUpdate): void {
    const step = this.dualRate / rows;
    const a = within(global[0]! - step * globalSum[0]!, 0, 1);
    const b = within(global[1]! - step * globalSum[1]!, 0, 1);
    global[0] = a;
    global[1] = b;
    global[2] = within(global[2]! + step * globalSum[2]!, Math.max(-a, b - 1), 1);
    global[3] = within(global[3]! + step * globalSum[3]!, -1, 4);
    global[4] = within(global[4]! - step * globalSum[4]!, 0, 5);
  }

  /** scale · E r( 2(1 + γ) f + sign · (f − centre)² − threshold ); overwrites the gradients of the scores. */
  private side(
    x: Floats,
    weights: Floats | undefined,
    gradients: Floats,
    sign: number,
    scale: number,
    centre: number,
    gamma: number,
    threshold: number,
  ): Side {
    const total = weightSum(x.length, weights);
    const side = { value: 0, centre: 0, gamma: 0, threshold: 0 };
    for (let e = 0; e < x.length; e++) {
      const weight = weights ? weights[e]! : 1;
      if (weight === 0 || total === 0) {
        gradients[e] = 0;
        continue;
      }
      const share = (scale * weight) / total;
      const f = sigmoid(x[e]! / this.tau);
      const away = f - centre;
      const u = SHARPNESS * (2 * (1 + gamma) * f + sign * away * away - threshold);
      // softplus and its derivative from one exponential
      const t = Math.exp(-Math.abs(u));
      const slope = (share * (u >= 0 ? 1 : t)) / (1 + t);
      side.value += (share * (Math.max(u, 0) + Math.log1p(t))) / SHARPNESS;
      side.centre -= slope * sign * 2 * away;
      side.gamma += slope * 2 * f;
      side.threshold -= slope;
      gradients[e] = (slope * (2 * (1 + gamma) + sign * 2 * away) * f * (1 - f)) / this.tau;
    }
    return side;
  }
}

function within(x: number, least: number, most: number): number {
  return Math.min(Math.max(x, least), most);
}
