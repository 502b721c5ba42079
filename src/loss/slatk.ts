import { OptionSet, type OptionsOf, option, temperature, whole, writtenOptions } from '../option.ts';
import type { Floats, Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'slatk', {
  /** τ > 0, finite, default .1; as in the softmax loss. */
  tau: finiteTau,
  /** K ≥ 1, default 20: length of the list whose NDCG the loss bounds. */
  k: whole(1).default(20),
  /** τ_w > 0, default 4: a smaller τ_w makes the weight of a positive fall more sharply below the K-th score. Infinity ("inf") gives every positive the weight ½. */
  tauWeight: option(temperature.default(4), {
    help: "temperature of the positives' weights",
    search: { logUniform: [2, 10], start: 4 },
    searchLast: true,
  }),
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
});

/** Options of SL@K. */
export type SoftmaxLossAtKOptions = OptionsOf<typeof options>;

/**
 * SL@K, a bound of NDCG@K (docs/losses/slatk.md):
 *
 *     value = E_i ω_i · A_i,   A_i = ( −s_i + λ · LEE_τ(s_j) ) / τ + log n,   ω_i = σ((s_i − β)/τ_w),   n = Σ_j w_j
 *     ∂/∂s_i = w_i/Σw · ( ω_i (1 − ω_i) A_i/τ_w − ω_i/τ ),   ∂/∂s_j = (λ/τ) E_i ω_i · p_j
 *
 * β is the K-th largest of the row's scores and a constant to the gradient. A positive counts once and a negative as often as its weight; with fewer than K scores, β is
 * the smallest. Without negatives the value is 0. Source: Yang et al., "Breaking the top-K barrier: Advancing top-K ranking metrics optimization in recommender
 * systems", KDD 2025.
 */
export class SoftmaxLossAtK implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'slatk';
  readonly tau: number;
  readonly k: number;
  readonly tauWeight: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  private readonly kthLargest: KthLargest;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: SoftmaxLossAtKOptions = {}) {
    const { tau, k, tauWeight, negativeWeight } = options.read(given);
    this.tau = tau;
    this.k = k;
    this.tauWeight = tauWeight;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, k, tauWeight, negativeWeight });
    this.allowsDotScores = negativeWeight === 1;
    this.kthLargest = new KthLargest(k);
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const n = weightSum(negatives.length, negativeWeights);
    const positiveTotal = weightSum(positives.length, positiveWeights);
    if (n === 0 || positiveTotal === 0) {
      gradients.positives.fill(0);
      gradients.negatives.fill(0);
      return 0;
    }
    const beta = this.threshold(scores);
    const { tau, tauWeight, negativeWeight } = this;
    // First pass: `gradients.positives` holds the weights ω_i. The A_i need LEE, whose gradient scale needs the mean of ω first.
    let meanWeight = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal;
      const weight = sigmoid((positives[i]! - beta) / tauWeight);
      gradients.positives[i] = weight;
      meanWeight += share * weight;
    }
    const scale = (negativeWeight * meanWeight) / tau;
    const negative = context.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives, scale);
    const common = (negativeWeight * negative) / tau + Math.log(n);
    // Second pass: A_i = common − s_i/τ.
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / positiveTotal;
      const weight = gradients.positives[i]!;
      const loss = common - positives[i]! / tau;
      value += share * weight * loss;
      gradients.positives[i] = share * weight * (((1 - weight) * loss) / tauWeight - 1 / tau);
    }
    return value;
  }

  /** β of a row, over its positives and negatives. */
  private threshold({ positives, negatives, negativeWeights }: ScoreRow): number {
    this.kthLargest.clear();
    this.kthLargest.offerAll(positives);
    this.kthLargest.offerAll(negatives, negativeWeights);
    return this.kthLargest.value;
  }
}

/**
 * The K-th largest of a stream of weighted numbers: the largest x such that the numbers ≥ x weigh at least K in total, or the smallest number when all together weigh less.
 *
 * A binary min-heap holds the numbers at or above the result, so a number below the current result costs one comparison.
 */
export class KthLargest {
  readonly k: number;
  /** The heap: the children of position p are at 2p + 1 and 2p + 2; the smallest number is at 0. */
  private values = new Float64Array(32);
  /** Weight of each number, at the same position. */
  private weights = new Float64Array(32);
  private size = 0;
  /** Sum of the weights in the heap. */
  private total = 0;

  constructor(k: number) {
    this.k = k;
  }

  /** Empties the heap; its memory is kept for the next row. */
  clear(): void {
    this.size = 0;
    this.total = 0;
  }

  /** Offers numbers; those of weight 0 are ignored. Absent weights are all 1. */
  offerAll(x: Floats, weights?: Floats): void {
    // Held in a local: `bar` changes only after a push, and most numbers stay below it.
    let bar = this.bar;
    for (let j = 0; j < x.length; j++) {
      if (x[j]! <= bar) continue;
      const weight = weights ? weights[j]! : 1;
      if (weight === 0) continue;
      this.push(x[j]!, weight);
      bar = this.bar;
    }
  }

  /** The K-th largest so far; −Infinity before any number was offered. */
  get value(): number {
    return this.size === 0 ? -Infinity : this.values[0]!;
  }

  /** The value that a number must exceed to change the result; −Infinity until the heap weighs K. */
  private get bar(): number {
    return this.total >= this.k ? this.values[0]! : -Infinity;
  }

  /** Adds a number: sifts it up, then drops the smallest ones that are no longer needed. */
  private push(value: number, weight: number): void {
    if (this.size === this.values.length) this.grow();
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.values[parent]! > value; parent = (at - 1) >> 1) {
      this.put(at, this.values[parent]!, this.weights[parent]!);
      at = parent;
    }
    this.put(at, value, weight);
    this.total += weight;
    // Invariant: without its smallest number the heap weighs less than K.
    while (this.size > 1 && this.total - this.weights[0]! >= this.k) this.removeLeast();
  }

  /** Removes the smallest number: the last one sifts down from the root. */
  private removeLeast(): void {
    this.total -= this.weights[0]!;
    const last = --this.size;
    const value = this.values[last]!;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.values[child + 1]! < this.values[child]!) child++;
      if (this.values[child]! >= value) break;
      this.put(at, this.values[child]!, this.weights[child]!);
      at = child;
    }
    this.put(at, value, this.weights[last]!);
  }

  /** Writes one position of the heap. */
  private put(at: number, value: number, weight: number): void {
    this.values[at] = value;
    this.weights[at] = weight;
  }

  /** Doubles the capacity. */
  private grow(): void {
    const { values, weights } = this;
    this.values = new Float64Array(2 * values.length);
    this.weights = new Float64Array(2 * values.length);
    this.values.set(values);
    this.weights.set(weights);
  }
}
