import { notNegative, OptionSet, type OptionsOf, whole, writtenOptions } from '../option.ts';
import type { Loss, LossDeclaration, RowContext, ScoreGradients, ScoreRow, StateUpdate } from './loss.ts';
import { finiteTau, lambda, softmaxFamily } from './softmax-family.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

/** |h| stays below this: an item counts at most some 400 times, at least a 400th as much as it did. */
const LARGEST_HARDNESS = 6;

const options = new OptionSet('loss', 'advinfonce', {
  /** τ > 0, finite, default .1; as for the softmax loss. */
  tau: finiteTau,
  /** Step of the adversary, ≥ 0, default 1e-4; 0 is the softmax loss. */
  adversaryRate: notNegative.default(1e-4),
  /** The adversary moves in every `adversaryEvery`-th epoch, ≥ 1, default 5. */
  adversaryEvery: whole(1).default(5),
  /** Epochs in which the adversary moves, in all, default 7: what bounds the hardness. */
  adversaryEpochs: whole(0).default(7),
  /** Epochs before its first, default 0. */
  warmUp: whole(0).default(0),
  /** λ ≥ 0, default 1; other than 1 needs cosine scores. */
  negativeWeight: lambda,
});

/** Options of AdvInfoNCE. */
export type AdversarialInfoNceOptions = OptionsOf<typeof options>;

/**
 * AdvInfoNCE, the softmax loss with a learned hardness of each negative:
 *
 *     δ_j = log( n · softmax_j(h) ),   value = ( −E_i s_i + λ · τ log E_j exp(δ_j + s_j/τ) ) / τ = ( −E_i s_i + λ · LEE_τ(s_j; w_j e^h_j) ) / τ
 *     ∂/∂s_i = −w_i/(τ Σw),   ∂/∂s_j = λ q_j/τ,   q_j ∝ w_j exp(h_j + s_j/τ)
 *     ∂/∂h_j = λ (q_j − p_j),   p_j ∝ w_j e^h_j      (what the adversary climbs)
 *
 * In every `adversaryEvery`-th epoch, `adversaryEpochs` times in all, each step moves the hardness of the items it saw:
 * h_j += rate · clip( n · mean of q_j − p_j over the rows, ±1 ). Ours keeps one hardness an item, the paper one for each user and item, the product of
 * two learned embeddings; there the adversary has epochs of its own, here it moves beside the embeddings. Zhang et al., "Empowering collaborative filtering
 * with principled adversarial contrastive loss", NeurIPS 2023.
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
  /** e^h − 1 of each item: rows then need no exponential for it. */
  readonly needs = { itemState: true };

  /** @throws TaurecError `bad-option`, `unknown-name` */
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
    // The place of the contributions holds the weights w_j e^h_j first: it lies where the engine's kernel can read it.
    const weights = itemUpdates;
    for (let j = 0; j < weights.length; j++) weights[j] = (negativeWeights ? negativeWeights[j]! : 1) * (1 + items[j]!);
    const negative = context.logExpectationExp(negatives, this.tau, weights, gradients.negatives, 1);
    const total = weightSum(weights.length, weights);
    const n = weightSum(negatives.length, negativeWeights);
    const weight = this.negativeWeight * scale;
    for (let j = 0; j < weights.length; j++) {
      itemUpdates[j] = total > 0 ? n * (gradients.negatives[j]! - weights[j]! / total) : 0;
      gradients.negatives[j]! *= weight;
    }
    return weight * negative - scale * positive;
  }

  updateStates({ epoch, rows, items, touchedItems, itemSums }: StateUpdate): void {
    if (!this.moves(epoch)) return;
    for (let t = 0; t < touchedItems.length; t++) {
      const item = touchedItems[t]!;
      const push = Math.min(Math.max(itemSums[t]! / rows, -1), 1);
      const hardness = Math.log1p(items[item]!) + this.adversaryRate * push;
      items[item] = Math.expm1(Math.min(Math.max(hardness, -LARGEST_HARDNESS), LARGEST_HARDNESS));
    }
  }

  /** True when the adversary moves in `epoch` (from 0). */
  private moves(epoch: number): boolean {
    const turn = (epoch - this.warmUp) / this.adversaryEvery;
    return Number.isInteger(turn) && turn >= 0 && turn < this.adversaryEpochs;
  }
}
