import { OptionSet, type OptionsOf, option, temperature, whole, writtenOptions } from '../option.ts';
import type { Floats, Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { sigmoid } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

const options = new OptionSet('loss', 'slatk', {
  /** τ > 0, finite, default .1; as for the softmax loss. */
  tau: finiteTau,
  /** K ≥ 1, default 20: length of the list that is to be right. */
  k: whole(1).default(20),
  /** τ_w > 0, default 4: how sharply a positive's weight falls below the K-th score. Infinity ("inf") weighs all alike, by ½. */
  tauWeight: option(temperature.default(4), {
    help: "temperature of the positives' weights",
    search: { logUniform: [2, 10], start: 4 },
    searchLast: true,
  }),
  /** λ ≥ 0, default 1; other than 1 needs cosine scores. */
  negativeWeight: lambda,
});

/** Options of SL@K. */
export type SoftmaxLossAtKOptions = OptionsOf<typeof options>;

/**
 * SL@K, a bound of NDCG@K:
 *
 *     value = E_i ω_i · A_i,   A_i = ( −s_i + λ · LEE_τ(s_j) ) / τ + log n,   ω_i = σ((s_i − β)/τ_w),   n = Σ_j w_j
 *     ∂/∂s_i = w_i/Σw · ( ω_i (1 − ω_i) A_i/τ_w − ω_i/τ ),   ∂/∂s_j = (λ/τ) E_i ω_i · p_j
 *
 * β, a constant to the gradient, is the K-th largest of the row's scores: every positive counts once, a negative as often as it weighs; the least score
 * where there are fewer than K. Without negatives the value is 0. Yang et al., "Breaking the top-K barrier: Advancing top-K ranking metrics optimization in
 * recommender systems", KDD 2025.
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

  /** @throws TaurecError `bad-option`, `unknown-name` */
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
    // The gradients of the positives hold the weights ω until the common part of the A_i is known.
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

  /** β of a row. */
  private threshold({ positives, negatives, negativeWeights }: ScoreRow): number {
    this.kthLargest.clear();
    this.kthLargest.offerAll(positives);
    this.kthLargest.offerAll(negatives, negativeWeights);
    return this.kthLargest.value;
  }
}

/**
 * The K-th largest of numbers that come one by one, each with a weight: the largest x such that the numbers ≥ x weigh K or more; the least of all where they
 * weigh less than K together. A heap of the numbers at or above it, least first: a number that does not belong there costs one comparison.
 */
export class KthLargest {
  readonly k: number;
  private values = new Float64Array(32);
  private weights = new Float64Array(32);
  private size = 0;
  private total = 0;

  constructor(k: number) {
    this.k = k;
  }

  clear(): void {
    this.size = 0;
    this.total = 0;
  }

  /** Takes x where the weight is above 0; absent weights are all 1. */
  offerAll(x: Floats, weights?: Floats): void {
    let bar = this.bar;
    for (let j = 0; j < x.length; j++) {
      if (x[j]! <= bar) continue;
      const weight = weights ? weights[j]! : 1;
      if (weight === 0) continue;
      this.push(x[j]!, weight);
      bar = this.bar;
    }
  }

  /** −Infinity when nothing came. */
  get value(): number {
    return this.size === 0 ? -Infinity : this.values[0]!;
  }

  /** What a number must exceed to change the result. */
  private get bar(): number {
    return this.total >= this.k ? this.values[0]! : -Infinity;
  }

  private push(value: number, weight: number): void {
    if (this.size === this.values.length) this.grow();
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.values[parent]! > value; parent = (at - 1) >> 1) {
      this.put(at, this.values[parent]!, this.weights[parent]!);
      at = parent;
    }
    this.put(at, value, weight);
    this.total += weight;
    while (this.size > 1 && this.total - this.weights[0]! >= this.k) this.removeLeast();
  }

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

  private put(at: number, value: number, weight: number): void {
    this.values[at] = value;
    this.weights[at] = weight;
  }

  private grow(): void {
    const { values, weights } = this;
    this.values = new Float64Array(2 * values.length);
    this.weights = new Float64Array(2 * values.length);
    this.values.set(values);
    this.weights.set(weights);
  }
}
