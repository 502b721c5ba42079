import { atLeast, finite, OptionSet, type OptionsOf, writtenOptions } from '../option.ts';
import { competitionStateLength, temperatureFactor, updateCompetitionState } from './competition-state.ts';
import type { Floats, Loss, LossDeclaration, LossNeeds, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { lambda, softmaxFamily, tau } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { addStandardized } from './standardize.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'dsl', {
  /** τ > 0, default .1; the geometric mean of the examples' temperatures. Infinity ("inf") is the plain mean, and is not divided by τ. */
  tau,
  /** λ ≥ 0, default 1; other than 1 needs cosine scores. */
  negativeWeight: lambda,
  /** κ_h, default −.3: negatives weigh e^(κ_h z(s_j)). Above 0 stresses hard negatives, below 0 easy ones. */
  hardness: finite.default(-0.3),
  /** κ_s, default 0: negatives weigh e^(κ_s z(c_ij)), c_ij their cosine with the positive. Below 0 spares items that are like the positive. */
  similarity: finite.default(0),
  /** γ, default −.5: the temperature of an example rises (γ > 0) or falls (γ < 0) by a factor of e^γ with each deviation of its competition. 0 switches this off. */
  competition: finite.default(-0.5),
  /** M ≥ 1, default 64: how many negatives, the strongest, make up the competition of a positive. */
  slate: atLeast(1).default(64),
  /** r ≥ 1, default 2: temperatures stay within τ/r and τ·r (before they are brought back to a geometric mean of τ). */
  temperatureRange: atLeast(1).default(2),
});

/** Options of the dual-scale softmax loss. */
export type DualScaleSoftmaxLossOptions = OptionsOf<typeof options>;

/**
 * Dual-scale softmax loss, as this project reads the abstract of its paper:
 *
 *     value  = E_i { −s_i + λ · LEE_τi(s_j; w_ij) } / τ
 *     w_ij   ∝ w_j exp( κ_h z(s_j) + κ_s z(c_ij) )         z: standardised over the row's negatives, c_ij: cosine of the two items
 *     I_i    = E_{j in slate} sigmoid((s_j − s_i)/τ)        slate: the M negatives with the largest s_j/τ + κ_h z(s_j) + κ_s z(c_ij)
 *     τ_i    = τ · clip( exp(γ z(I_i)), 1/r, r ) / G        z and G (geometric mean) by running statistics of the steps before
 *
 *     ∂/∂s_i = −w_i / (τ Σw),   ∂/∂s_j = λ/τ · E_i p_ij      p_ij: LEE's weights at τ_i; weights and temperatures are constants to the gradient
 *
 * κ_h = κ_s = 0 switches the weights off, γ = 0 the temperatures; with both off this is the softmax loss. Costs n exponentials a row with κ_s = γ = 0, P · n otherwise;
 * κ_s ≠ 0 needs the cosines of every positive with every negative, as much work as pair batches do.
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
  readonly needs: LossNeeds;
  readonly updateStates?: NonNullable<Loss['updateStates']>;

  /** @throws TaurecError `bad-option`, `unknown-name` */
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
      ...(this.similarity !== 0 && { itemSimilarity: true }),
      ...(this.competition !== 0 && { globalState: competitionStateLength }),
    };
    if (this.competition !== 0) this.updateStates = updateCompetitionState;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const scale = this.tau === Infinity ? 1 : 1 / this.tau;
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const mean = weightedMean(positives, positiveWeights, gradients.positives, -scale);
    const hardness = new Float64Array(negatives.length);
    if (this.hardness !== 0) addStandardized(hardness, negatives, this.hardness, negativeWeights);
    if (this.similarity === 0 && this.competition === 0) {
      const weight = this.negativeWeight * scale;
      const weights = this.#weights(hardness, negativeWeights);
      return (
        weight * context.logExpectationExp(negatives, this.tau, weights, gradients.negatives, weight) - scale * mean
      );
    }
    return this.#negativeSide(scores, gradients.negatives, hardness, context, scale) - scale * mean;
  }

  /** λ/τ · E_i LEE_τi(s_j; w_ij) with its gradient; for each positive its own weights (κ_s ≠ 0), its own temperature (γ ≠ 0), or both. */
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
    // shared by all positives of the row unless the similarity tells them apart
    const common = this.similarity === 0 ? this.#example(hardness, scores) : undefined;
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const positiveWeight = positiveWeights ? positiveWeights[i]! : 1;
      if (positiveWeight === 0) continue;
      let example = common;
      if (!example) {
        const logWeights = hardness.slice();
        addStandardized(logWeights, context.itemSimilarity!(i), this.similarity, negativeWeights);
        example = this.#example(logWeights, scores);
      }
      const tau = this.#temperature(positives[i]!, positiveWeight, example.slate, negatives, context);
      const weight = (this.negativeWeight * scale * positiveWeight) / total;
      value += weight * context.logExpectationExp(negatives, tau, example.weights, probabilities, weight);
      for (let j = 0; j < negatives.length; j++) gradients[j]! += probabilities[j]!;
    }
    return value;
  }

  /** Weights and slate that follow from log weights ω. */
  #example(logWeights: Floats, { negatives, negativeWeights }: ScoreRow): { weights?: Floats; slate?: Slate } {
    const weights = this.#weights(logWeights, negativeWeights);
    if (this.competition === 0) return { weights };
    const keys = negatives.map((s, j) => s / this.tau + logWeights[j]!);
    return { weights, slate: slateOf(keys, this.slate, negativeWeights) };
  }

  /** w_j exp(ω_j), up to a factor, which LEE does not see. */
  #weights(logWeights: Floats, negativeWeights?: Floats): Floats | undefined {
    if (this.hardness === 0 && this.similarity === 0) return negativeWeights;
    let highest = -Infinity;
    for (let j = 0; j < logWeights.length; j++) {
      if (negativeWeights?.[j] !== 0) highest = Math.max(highest, logWeights[j]!);
    }
    return Float64Array.from(logWeights, (x, j) => {
      const weight = negativeWeights ? negativeWeights[j]! : 1;
      return weight === 0 ? 0 : weight * Math.exp(x - highest);
    });
  }

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

/** A positive's top competitors among the negatives, and the share of each; the shares sum to 1. */
interface Slate {
  readonly positions: readonly number[];
  readonly shares: readonly number[];
}

/**
 * The negatives with the largest keys that together weigh `size`; all of them when they weigh less. The last one, or those that tie for the last place, come in
 * with the part of their weight that still fits, so that the slate depends neither on the order of the negatives nor on whether one of weight 2 stands there twice.
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
