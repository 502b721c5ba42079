import type { RowContext, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { type PairwiseActivation, pairwiseActivations } from '../../loss/pairwise-activations.ts';
import type { PairwiseSoftmaxLoss } from '../../loss/psl.ts';
import { weightSum } from '../../loss/weighted-mean.ts';
import type { ThreadMemory } from './memory.ts';
import { LARGEST_TAU } from './row-context.ts';

/** The activations as kernels/pairwise.ts numbers them. */
const activationNumbers: Record<PairwiseActivation, number> = { tanh: 0, relu: 1, atan: 2 };

/** A row of the pairwise softmax loss by its kernel, one call a positive; what each quantity is, the plain loss says (src/loss/psl.ts). */
export class PairwiseRow {
  private readonly loss: PairwiseSoftmaxLoss;
  private readonly memory: ThreadMemory;
  /** Addresses. */
  private readonly result: number;
  private readonly scratch: number;

  constructor(loss: PairwiseSoftmaxLoss, memory: ThreadMemory, result: number, scratch: number) {
    this.loss = loss;
    this.memory = memory;
    this.result = result;
    this.scratch = scratch;
  }

  evaluate(row: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { loss } = this;
    if (!(loss.tau <= LARGEST_TAU)) return loss.evaluate(row, gradients, context);
    const { positives, negatives, positiveWeights, negativeWeights } = row;
    const scale = 1 / loss.tau;
    let value = loss.excess(row, gradients, context, scale);
    gradients.positives.fill(0);
    const total = weightSum(positives.length, positiveWeights);
    const highest = highestUnmasked(row);
    if (total === 0 || highest === -Infinity) return value;
    const logWeight = Math.log(weightSum(negatives.length, negativeWeights));
    const logActivation = pairwiseActivations[loss.activation];
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / total;
      if (share === 0) continue;
      // an activation grows, so the highest score has the largest term
      const shift = logActivation.value((highest - positives[i]!) / 2);
      const sum = this.negativesOf(positives[i]!, row, gradients, shift, (share * scale) / 2);
      value += share * (shift * scale + Math.log(sum) - logWeight);
      gradients.positives[i] = -this.memory.floats[this.result >>> 2]!;
    }
    return value;
  }

  /** Adds a positive's gradients of the negatives; returns Σ_j w_j (σ_j/σ_max)^(1/τ). */
  private negativesOf(
    positive: number,
    row: ScoreRow,
    gradients: ScoreGradients,
    shift: number,
    share: number,
  ): number {
    const { negatives, negativeWeights } = row;
    return this.memory.kernels.pairwiseRow(
      negatives.byteOffset, negatives.length, positive, shift, 1 / this.loss.tau, share, activationNumbers[this.loss.activation],
      negativeWeights ? negativeWeights.byteOffset : 0, gradients.negatives.byteOffset, this.scratch, this.result,
    ); // biome-ignore format: arguments as the kernel has them
  }
}

function highestUnmasked({ negatives, negativeWeights }: ScoreRow): number {
  let highest = -Infinity;
  for (let j = 0; j < negatives.length; j++) {
    if (negatives[j]! > highest && (!negativeWeights || negativeWeights[j]! > 0)) highest = negatives[j]!;
  }
  return highest;
}
