import { notNegative, OptionSet, type OptionsOf, whole, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

/** Bound of |h|. e^6 ≈ 400: the adversary scales the weight of an item by a factor between 1/400 and 400. */
const LARGEST_HARDNESS = 6;

const options = new OptionSet('loss', 'advinfonce', {
  /** τ > 0, finite, default .1; as in the softmax loss. */
  tau: finiteTau,
  /** Step size of the adversary, ≥ 0, default 1e-4. 0 gives the softmax loss. */
  adversaryRate: notNegative.default(1e-4),
  /** The adversary acts in every `adversaryEvery`-th epoch, ≥ 1, default 5. */
  adversaryEvery: whole(1).default(5),
  /** Number of epochs in which the adversary acts, ≥ 0, default 7; it bounds the hardness. */
  adversaryEpochs: whole(0).default(7),
  /** Epochs before the adversary's first one, ≥ 0, default 0. */
  warmUp: whole(0).default(0),
  /** λ ≥ 0, default 1. Values other than 1 need cosine scores. */
  negativeWeight: lambda,
});

/** Options of AdvInfoNCE. */
export type AdversarialInfoNceOptions = OptionsOf<typeof options>;

/**
 * AdvInfoNCE, the softmax loss with a learned hardness h_j for each negative (docs/losses/advinfonce.md):
 *
 *     δ_j = log( n · softmax_j(h) ),   value = ( −E_i s_i + λ · τ log E_j exp(δ_j + s_j/τ) ) / τ = ( −E_i s_i + λ · LEE_τ(s_j; w_j e^h_j) ) / τ
 *     ∂/∂s_i = −w_i/(τ Σw),   ∂/∂s_j = λ q_j/τ,   q_j ∝ w_j exp(h_j + s_j/τ)
 *     ∂/∂h_j = λ (q_j − p_j),   p_j ∝ w_j e^h_j      (the adversary ascends this gradient)
 *
 * In every `adversaryEvery`-th epoch, `adversaryEpochs` times in total, each step moves the hardness of the items it saw:
 * h_j += rate · clip( n · mean of q_j − p_j over the rows, ±1 ).
 *
 * Differences from the paper: one hardness per item, where the paper has one per user and item (the product of two learned embeddings); the adversary acts in the same
 * epochs as the embeddings, where the paper gives it separate epochs. Source: Zhang et al., "Empowering collaborative filtering with principled
 * adversarial contrastive loss", NeurIPS 2023.
 */
export class AdversarialInfoNce implements Loss {
  static readonly declaration: LossDeclaration = { options, ...softmaxFamily };
  readonly name = 'advinfonce';
  readonly tau: number;
  readonly adversaryRate: number;
  readonly adversaryEvery: number;
  readonly adversaryEpochs: number;
  readonly warmUp: number;
  readonly negativeWeight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly allowsDotScores: boolean;
  /** The state of an item is e^h − 1: it starts at 0 like every state, and a row needs no exponential to read it. */
  readonly needs = { itemState: true };

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: AdversarialInfoNceOptions = {}) {
    const { tau, adversaryRate, adversaryEvery, adversaryEpochs, warmUp, negativeWeight } = options.read(given);
    this.tau = tau;
    this.adversaryRate = adversaryRate;
    this.adversaryEvery = adversaryEvery;
    this.adversaryEpochs = adversaryEpochs;
    this.warmUp = warmUp;
    this.negativeWeight = negativeWeight;
    this.parameters = writtenOptions({ tau, adversaryRate, adversaryEvery, adversaryEpochs, warmUp, negativeWeight });
    this.allowsDotScores = negativeWeight === 1;
  }

  evaluate(scores: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { negatives, negativeWeights } = scores;
    const { items, itemUpdates } = context.states!;
    const scale = 1 / this.tau;
    const positive = weightedMean(scores.positives, scores.positiveWeights, gradients.positives, -scale);
    // `itemUpdates` first holds the weights w_j e^h_j: the engine's kernel can read that array without a copy.
    const weights = itemUpdates;
    for (let j = 0; j < weights.length; j++) weights[j] = (negativeWeights ? negativeWeights[j]! : 1) * (1 + items[j]!);
    // Scale 1: `gradients.negatives` holds q_j, which the hardness needs, until the loop below scales it.
    const negative = context.logExpectationExp(negatives, this.tau, weights, gradients.negatives, 1);
    const total = weightSum(weights.length, weights);
    const n = weightSum(negatives.length, negativeWeights);
    const weight = this.negativeWeight * scale;
    for (let j = 0; j < weights.length; j++) {
      // n (q_j − p_j); `weights` is the same array, so an entry is read before it is overwritten.
      itemUpdates[j] = total > 0 ? n * (gradients.negatives[j]! - weights[j]! / total) : 0;
      gradients.negatives[j]! *= weight;
    }
    return weight * negative - scale * positive;
  }

  updateStates({ epoch, rows, items, touchedItems, itemSums }: StateUpdate): void {
    if (!this.moves(epoch)) return;
    for (let t = 0; t < touchedItems.length; t++) {
      const item = touchedItems[t]!;
      // Mean over the rows of the step, clipped to ±1 as in the formula.
      const push = Math.min(Math.max(itemSums[t]! / rows, -1), 1);
      const hardness = Math.log1p(items[item]!) + this.adversaryRate * push;
      items[item] = Math.expm1(Math.min(Math.max(hardness, -LARGEST_HARDNESS), LARGEST_HARDNESS));
    }
  }

  /** True when the adversary acts in `epoch` (from 0). */
  private moves(epoch: number): boolean {
    const turn = (epoch - this.warmUp) / this.adversaryEvery;
    return Number.isInteger(turn) && turn >= 0 && turn < this.adversaryEpochs;
  }
}
