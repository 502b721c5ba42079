import { OptionSet, type OptionsOf, oneOf, option, positive, whole, writtenOptions } from '../option.ts';
import { automaticTau } from './automatic-tau.ts';
import { KthLargest } from './kth-largest.ts';
import { contribute, learnedThreshold, stepThresholds, thresholdState } from './learned-threshold.ts';
import type {
  Floats,
  Loss,
  LossDeclaration,
  LossNeeds,
  RowContext,
  ScoreGradients,
  ScoreRow,
  StateUpdate,
} from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { sigmoid, softplus } from './softplus.ts';
import { weightSum } from './weighted-mean.ts';

const thresholds = ['learned', 'row'] as const;
/** Where the threshold b_u of a user comes from. */
export type TalosThreshold = (typeof thresholds)[number];

const options = new OptionSet('loss', 'talos', {
  /** τ > 0, finite, default .1; as in the softmax loss. */
  tau: finiteTau,
  /** K ≥ 1, default 20: the threshold of a user is the score of the K-th item of all. */
  k: whole(1).default(20),
  /** `learned` (default): Adam minimises the quantile loss of each user. `row`: the minimum for the scores of the row itself, without a state. */
  threshold: option(oneOf(thresholds).default('learned'), {
    help: 'threshold of the K-th item: learned as published, or from the scores of the row',
  }),
  /** Adam's learning rate for the thresholds, > 0, default .01. The published .001 suits pair batches, which visit a user many times an epoch. */
  thresholdRate: positive.default(0.01),
  /** Number of items in the catalogue, more than K; training sets it. Absent: the items of the row are the catalogue. */
  items: whole(1).optional(),
  /** λ ≥ 0, default 1. */
  negativeWeight: lambda,
});

/** Options of Talos. */
export type TalosOptions = OptionsOf<typeof options>;

/**
 * Talos, the softmax loss on log-probabilities of a place in the list of K (docs/losses/talos.md):
 *
 *     value  = −E_i a(s_i)/τ + λ log Σ_j w_j exp(a(s_j)/τ),   a(x) = log σ(x − b)
 *     ∂/∂s_i = −w_i/Σw · σ(b − s_i)/τ,   ∂/∂s_j = (λ/τ) p_j σ(b − s_j),   p_j ∝ w_j exp(a(s_j)/τ)
 *
 * The threshold b of the user, a constant to the gradient, is the quantile q = 1 − K/|I| of the user's scores of all items. It is learned: with ρ(x) = q max(x, 0) + (1 − q) max(−x, 0)
 * Adam takes a step a row on (1/|I|) ( Σ_i ρ(s_i − b) + (|I| − P)/Σw Σ_j w_j ρ(s_j − b) ), from b = 0, whose derivative is 1 − q less the share of the items above b. Fold-in
 * takes the exact quantile of its scores. Cosine scores only. A row costs n logarithms and 2n exponentials.
 * Source: "Talos: Optimizing top-K accuracy in recommender systems", WWW 2026.
 */
export class Talos implements Loss {
  static readonly declaration: LossDeclaration = {
    options,
    ...softmaxFamily,
    // a(x) is about half as steep as x: τ is half of the softmax loss's, in three decimals (measured: docs/losses/talos.md).
    byCatalogue: (items) => ({ tau: Math.round(500 * automaticTau(items)) / 1000, items }),
  };
  readonly name = 'talos';
  readonly tau: number;
  readonly k: number;
  readonly threshold: TalosThreshold;
  readonly thresholdRate: number;
  readonly items: number | undefined;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores = false;
  /** Present only with learned thresholds, as the contract requires. */
  readonly needs?: LossNeeds;
  readonly updateStates?: NonNullable<Loss['updateStates']>;
  private readonly kthLargest: KthLargest;
  /** [n] scratch: a(s_j). */
  private logs: Floats = new Float64Array(0);

  /** @throws TaurecError `bad-option` for a value out of bounds, or K not below the number of items; `unknown-name` for an unknown option */
  constructor(given: TalosOptions = {}) {
    const read = options.read(given);
    const { tau, k, threshold, thresholdRate, items, negativeWeight } = read;
    if (items !== undefined && k >= items)
      options.fail(
        { k },
        'k',
        `fewer than the ${items} items`,
        'The threshold of all items is no threshold: give a smaller k.',
      );
    this.tau = tau;
    this.k = k;
    this.threshold = threshold;
    this.thresholdRate = thresholdRate;
    this.items = items;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions(read);
    this.kthLargest = new KthLargest(k);
    if (threshold === 'learned') {
      this.needs = thresholdState;
      this.updateStates = updateThresholds;
    }
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    return this.evaluateWith(scores, gradients, context, (b) =>
      this.negativeSide(scores, gradients.negatives, context, b),
    );
  }

  /** `evaluate` with another computation of the negative side. It is called only if a negative has weight. */
  evaluateWith(
    scores: ScoreRow,
    gradients: ScoreGradients,
    context: RowContext,
    negativeSide: (threshold: number) => NegativeSide,
  ): number {
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    const n = weightSum(negatives.length, negativeWeights);
    // A negative stands for so many items of the catalogue that are no positives.
    const unit = n > 0 && this.items !== undefined ? Math.max(0, this.items - positives.length) / n : 1;
    // Fold-in knows no user, and so no state.
    const learned = this.threshold === 'learned' && context.user >= 0;
    const b = learned ? learnedThreshold(context.states!, this.thresholdRate) : this.thresholdOfRow(scores, unit);
    const total = weightSum(positives.length, positiveWeights);
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = total > 0 ? (positiveWeights ? positiveWeights[i]! : 1) / total / this.tau : 0;
      // −a(s) = softplus(b − s)
      if (share > 0) value += share * softplus(b - positives[i]!);
      gradients.positives[i] = -share * sigmoid(b - positives[i]!);
    }
    if (n === 0) {
      gradients.negatives.fill(0);
      return value;
    }
    const { logSum, above } = negativeSide(b);
    if (learned) {
      const all = positives.length + unit * n;
      contribute(context.states!, (this.k - weightAbove(b, positives) - unit * above) / all);
    }
    return value + this.negativeWeight * logSum;
  }

  /** The K-th largest of the scores, where a negative counts `unit` times its weight. */
  private thresholdOfRow({ positives, negatives, negativeWeights }: ScoreRow, unit: number): number {
    this.kthLargest.clear();
    this.kthLargest.offerAll(positives);
    this.kthLargest.offerAll(negatives, negativeWeights, unit);
    return this.kthLargest.value;
  }

  /** The negative side at the threshold b; overwrites `gradients`. */
  private negativeSide(row: ScoreRow, gradients: Floats, context: RowContext, b: number): NegativeSide {
    const { negatives, negativeWeights } = row;
    if (this.logs.length !== negatives.length) this.logs = new Float64Array(negatives.length);
    for (let j = 0; j < negatives.length; j++) this.logs[j] = -softplus(b - negatives[j]!);
    const { tau, negativeWeight } = this;
    const mean = context.logExpectationExp(this.logs, tau, negativeWeights, gradients, negativeWeight / tau) / tau;
    for (let j = 0; j < negatives.length; j++) gradients[j]! *= sigmoid(b - negatives[j]!);
    const logSum = mean + Math.log(weightSum(negatives.length, negativeWeights));
    return { logSum, above: weightAbove(b, negatives, negativeWeights) };
  }
}

/** What a row's negatives give, besides their gradients. */
interface NegativeSide {
  /** log Σ_j w_j exp(a_j/τ) */
  readonly logSum: number;
  /** The weight of the negatives above the threshold. */
  readonly above: number;
}

/** Σ w over the numbers above b. */
function weightAbove(b: number, x: Floats, weights?: Floats): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) if (x[j]! > b) sum += weights ? weights[j]! : 1;
  return sum;
}

/** `Loss.updateStates` of learned thresholds. */
function updateThresholds(this: Talos, update: StateUpdate): void {
  stepThresholds(update, this.thresholdRate);
}
