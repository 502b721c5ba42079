import { BinaryCrossEntropy } from '../../loss/bce.ts';
import { BayesianPersonalizedRanking } from '../../loss/bpr.ts';
import type { Floats, Loss, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { pointwise } from '../../loss/pointwise.ts';
import { negatedSigmoid, negatedSoftplus } from '../../loss/softplus.ts';
import { weightSum } from '../../loss/weighted-mean.ts';
import type { ThreadMemory } from './memory.ts';

/** Evaluates a row whose arrays lie in the engine's memory. `result` is the address of a few words to write to. */
type Evaluate<L extends Loss> = (
  loss: L,
  row: ScoreRow,
  gradients: ScoreGradients,
  memory: ThreadMemory,
  result: number,
) => number;

const bpr: Evaluate<BayesianPersonalizedRanking> = (_loss, row, gradients, memory, result) => {
  const { positives, negatives, positiveWeights, negativeWeights } = row;
  gradients.positives.fill(0);
  gradients.negatives.fill(0);
  const total = weightSum(positives.length, positiveWeights) * weightSum(negatives.length, negativeWeights);
  if (total === 0) return 0;
  let value = 0;
  for (let i = 0; i < positives.length; i++) {
    const share = (positiveWeights ? positiveWeights[i]! : 1) / total;
    value +=
      share * softplusRow(memory, negatives, positives[i]!, share, negativeWeights, gradients.negatives, true, result);
    gradients.positives[i] = -share * memory.floats[result >>> 2]!;
  }
  return value;
};

const bce: Evaluate<BinaryCrossEntropy> = (loss, row, gradients, memory, result) => {
  const { positives, negatives, positiveWeights, negativeWeights } = row;
  const total = weightSum(negatives.length, negativeWeights);
  const share = total > 0 ? loss.negativeWeight / total : 0;
  return (
    pointwise(positives, positiveWeights, gradients.positives, 1, negatedSoftplus, negatedSigmoid) +
    share * softplusRow(memory, negatives, 0, share, negativeWeights, gradients.negatives, false, result)
  );
};

/**
 * Losses with a kernel of their own, by constructor: those whose plain loop over the negatives would take longer than the products around it. The softmax
 * family needs none: its log-expectation-exp comes through the row context. A differential test holds each to its plain loss.
 */
const fusedLosses = new Map<unknown, Evaluate<never>>([
  [BayesianPersonalizedRanking, bpr],
  [BinaryCrossEntropy, bce],
]);

/** The kernel path of a loss, or undefined. */
export function fusedLoss(
  loss: Loss,
  memory: ThreadMemory,
  result: number,
): ((row: ScoreRow, gradients: ScoreGradients) => number) | undefined {
  const evaluate = fusedLosses.get(loss.constructor);
  return evaluate && ((row, gradients) => evaluate(loss as never, row, gradients, memory, result));
}

function softplusRow(
  { kernels }: ThreadMemory,
  x: Floats,
  shift: number,
  share: number,
  weights: Floats | undefined,
  gradients: Floats,
  accumulate: boolean,
  result: number,
): number {
  const at = weights ? weights.byteOffset : 0;
  return kernels.softplusRow(x.byteOffset, x.length, shift, share, at, gradients.byteOffset, accumulate, result);
}
