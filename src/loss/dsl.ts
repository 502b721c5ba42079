import { atLeast, finite, OptionSet, type OptionsOf, writtenOptions } from '../option.ts';
import { competitionStateLength, temperatureFactor, updateCompetitionState } from './competition-state.ts';
import type { Floats, Loss, LossDeclaration, LossNeeds, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { addStandardized } from './standardize.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'dsl', {
  /** τ > 0, default .1: geometric mean of the temperatures of the positives. Infinity ("inf") takes the plain mean, without the division by τ. */
  tau,
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
  /** κ_h, default −.3: a negative weighs e^(κ_h z(s_j)). Above 0 stresses hard negatives, below 0 easy ones. */
  hardness: finite.default(-0.3),
  /** κ_s, default 0: a negative weighs e^(κ_s z(c_ij)), with c_ij its cosine with the positive. Below 0 spares items similar to the positive. */
  similarity: finite.default(0),
  /** γ, default −.5: the temperature of a positive changes by a factor of e^γ per standard deviation of its competition: up for γ > 0, down for γ < 0. 0 turns this off. */
  competition: finite.default(-0.5),
  /** M ≥ 1, default 64: number of negatives, the strongest ones, that form the competition of a positive. */
  slate: atLeast(1).default(64),
  /** r ≥ 1, default 2: bounds the temperatures to τ/r … τ·r, before they are rescaled to a geometric mean of τ. */
  temperatureRange: atLeast(1).default(2),
});

/** Options of the dual-scale softmax loss. */
export type DualScaleSoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Dual-scale softmax loss, reconstructed from the abstract of its paper (docs/losses/dsl.md):
 *
 *     value  = E_i { −s_i + λ · LEE_τi(s_j; w_ij) } / τ
 *     w_ij   ∝ w_j exp( κ_h z(s_j) + κ_s z(c_ij) )         z: standardised over the row's negatives, c_ij: cosine of the two items
 *     I_i    = E_{j in slate} sigmoid((s_j − s_i)/τ)        slate: the M negatives with the largest s_j/τ + κ_h z(s_j) + κ_s z(c_ij)
 *     τ_i    = τ · clip( exp(γ z(I_i)), 1/r, r ) / G        z and G (geometric mean) from running statistics of earlier steps
 *
 *     ∂/∂s_i = −w_i / (τ Σw),   ∂/∂s_j = λ/τ · E_i p_ij      p_ij: LEE's weights at τ_i; weights and temperatures are constants to the gradient
 *
 * κ_h = κ_s = 0 turns the weights off, γ = 0 the temperatures; without both it equals the softmax loss. A row costs n exponentials at κ_s = γ = 0 and P · n otherwise.
 * κ_s ≠ 0 also needs the cosines of every positive with every negative, as much work as in pair batches.
 * After Sahyouni et al., "Dual-scale softmax loss", arXiv 2602.07206, 2026.
 */
export class DualScaleSoftmaxLoss implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'dsl';
  readonly tau: number;
  readonly negativeWeight: number;
  readonly hardness: number;
  readonly similarity: number;
  readonly competition: number;
  readonly slate: number;
  readonly temperatureRange: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** Depends on the options: item similarities only at κ_s ≠ 0, the global state only at γ ≠ 0. */
  readonly needs: LossNeeds;
  /** Present only at γ ≠ 0, as the contract requires. */
  readonly updateStates?: NonNullable<Loss['updateStates']>;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: DualScaleSoftmaxLossOptions = {}) {
    const read = options.read(given);
    this.tau = read.tau;
    this.negativeWeight = read.negativeWeight;
    this.hardness = read.hardness;
    this.similarity = read.similarity;
    this.competition = read.competition;
    this.slate = read.slate;
    this.temperatureRange = read.temperatureRange;
    this.parameters = writtenOptions(read);
    this.allowsDotScores = this.negativeWeight === 1;
    this.needs = {
      pairs: true,
      ...(this.similarity !== 0 && { itemSimilarity: true }),
      ...(this.competition !== 0 && { globalState: competitionStateLength }),
    };
    if (this.competition !== 0) this.updateStates = updateCompetitionState;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const mean = weightedMean(positives, positiveWeights, gradients.positives, -scale);
    // κ_h z(s_j), the part of the log weights that does not depend on the positive.
    const hardness = new Float64Array(negatives.length);
    if (this.hardness !== 0) addStandardized(hardness, negatives, this.hardness, negativeWeights);
    // All positives share weights and temperature: one LEE serves the row.
    if (this.similarity === 0 && this.competition === 0) {
      const weight = this.negativeWeight * scale;
      const weights = this.#weights(hardness, negativeWeights);
      return (
        weight * context.logExpectationExp(negatives, this.tau, weights, gradients.negatives, weight) - scale * mean
      );
    }
    return this.#negativeSide(scores, gradients.negatives, hardness, context, scale) - scale * mean;
  }

  /** λ/τ · E_i LEE_τi(s_j; w_ij) with its gradient. Each positive has separate weights (κ_s ≠ 0), a separate temperature (γ ≠ 0), or both. */
  #negativeSide(
    scores: ScoreRow,
    gradients: Floats,
    hardness: Float64Array,
    context: RowContext,
    scale: number,
  ): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    gradients.fill(0);
    const total = weightSum(positives.length, positiveWeights);
    const probabilities = new Float64Array(negatives.length);
    // Weights and slate depend on the positive only through κ_s: without it they are computed once.
    const common = this.similarity === 0 ? this.#example(hardness, scores) : undefined;
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const positiveWeight = positiveWeights ? positiveWeights[i]! : 1;
      if (positiveWeight === 0) continue;
      let example = common;
      if (!example) {
        // κ_h z(s_j) + κ_s z(c_ij)
        const logWeights = hardness.slice();
        addStandardized(logWeights, context.itemSimilarity!(i), this.similarity, negativeWeights);
        example = this.#example(logWeights, scores);
      }
      const tau = this.#temperature(positives[i]!, positiveWeight, example.slate, negatives, context);
      const weight = (this.negativeWeight * scale * positiveWeight) / total;
      value += weight * context.logExpectationExp(negatives, tau, example.weights, probabilities, weight);
      // `probabilities` already has the factor λ/τ · w_i/Σw.
      for (let j = 0; j < negatives.length; j++) gradients[j]! += probabilities[j]!;
    }
    return value;
  }

  /** The weights and the slate for given log weights. */
  #example(logWeights: Floats, { negatives, negativeWeights }: ScoreRow): { weights?: Floats; slate?: Slate } {
    const weights = this.#weights(logWeights, negativeWeights);
    if (this.competition === 0) return { weights };
    // The order of the slate is that of the terms of LEE: s_j/τ plus the log weight.
    const keys = negatives.map((s, j) => s / this.tau + logWeights[j]!);
    return { weights, slate: slateOf(keys, this.slate, negativeWeights) };
  }

  /** w_j exp(log weight), up to a common factor, which does not change LEE. */
  #weights(logWeights: Floats, negativeWeights?: Floats): Floats | undefined {
    if (this.hardness === 0 && this.similarity === 0) return negativeWeights;
    // Shifted by the largest unmasked log weight, so that the exponentials stay in (0, 1].
    let highest = -Infinity;
    for (let j = 0; j < logWeights.length; j++) {
      if (negativeWeights?.[j] !== 0) highest = Math.max(highest, logWeights[j]!);
    }
    return Float64Array.from(logWeights, (x, j) => {
      const weight = negativeWeights ? negativeWeights[j]! : 1;
      return weight === 0 ? 0 : weight * Math.exp(x - highest);
    });
  }

  /** τ_i of one positive; τ without competition or without negatives. */
  #temperature(
    positive: number,
    weight: number,
    slate: Slate | undefined,
    negatives: Floats,
    context: RowContext,
  ): number {
    if (!slate || slate.positions.length === 0) return this.tau;
    const intensity = competitionIntensity(slate, negatives, positive, this.tau);
    return this.tau * temperatureFactor(intensity, weight, this, context.states!);
  }
}

/** The top competitors of a positive among the negatives, with their shares, which sum to 1. */
interface Slate {
  /** Positions in the row's negatives. */
  readonly positions: readonly number[];
  /** Share of each, in the same order. */
  readonly shares: readonly number[];
}

/**
 * The negatives with the largest keys whose weights add up to `size`; all of them when they weigh less.
 *
 * The last negative, or all that tie for the last place, enter with the part of their weight that still fits. The slate therefore depends neither on the order of
 * the negatives nor on whether an item is listed twice or once with weight 2.
 */
function slateOf(keys: Floats, size: number, weights?: Floats): Slate {
  const weightOf = (j: number) => (weights ? weights[j]! : 1);
  const sorted = Array.from(keys.keys())
    .filter((j) => weightOf(j) > 0)
    .sort((a, b) => keys[b]! - keys[a]!);
  const positions: number[] = [];
  const taken: number[] = [];
  let room = size;
  for (let from = 0, to = 0; from < sorted.length && room > 0; from = to) {
    // One group of equal keys at a time: [from, to).
    let tied = 0;
    for (; to < sorted.length && keys[sorted[to]!] === keys[sorted[from]!]; to++) tied += weightOf(sorted[to]!);
    const part = Math.min(1, room / tied);
    for (const j of sorted.slice(from, to)) {
      positions.push(j);
      taken.push(part * weightOf(j));
    }
    room -= tied;
  }
  const total = taken.reduce((a, b) => a + b, 0);
  return { positions, shares: taken.map((weight) => weight / total) };
}

/** Competition intensity of a positive: the mean of sigmoid((s_j − s_i)/τ) over its slate, between 0 (far above its competitors) and 1 (far below). */
function competitionIntensity(slate: Slate, negatives: Floats, positive: number, tau: number): number {
  return slate.positions.reduce(
    (sum, j, place) => sum + slate.shares[place]! * sigmoid((negatives[j]! - positive) / tau),
    0,
  );
}
