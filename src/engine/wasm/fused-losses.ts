import { BinaryCrossEntropy } from '../../loss/bce.ts';
import { BayesianPersonalizedRanking } from '../../loss/bpr.ts';
import { DualScaleSoftmaxLoss } from '../../loss/dsl.ts';
import { GeneralizedBinaryCrossEntropy } from '../../loss/gbce.ts';
import { LowerLeftPartialAuc, type Side } from '../../loss/llpauc.ts';
import type { Floats, Loss, RowContext, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { pointwise } from '../../loss/pointwise.ts';
import { PairwiseSoftmaxLoss } from '../../loss/psl.ts';
import { negatedSigmoid, negatedSoftplus } from '../../loss/softplus.ts';
import { weightSum } from '../../loss/weighted-mean.ts';
import { DualScaleRow } from './fused-dual-scale.ts';
import { PairwiseRow } from './fused-pairwise.ts';
import type { ThreadMemory } from './memory.ts';

/** Evaluates a row whose arrays lie in the engine's memory. */
export type EvaluateRow = (row: ScoreRow, gradients: ScoreGradients, context: RowContext) => number;

/** What a loss's kernel path works with: `result` is the address of a few words to write to, `scratch` that of SCRATCH_ROWS rows of n + 4 floats. */
interface Workplace {
  readonly memory: ThreadMemory;
  readonly result: number;
  readonly scratch: number;
}
type Fuse<L extends Loss> = (loss: L, workplace: Workplace) => EvaluateRow;

const bpr: Fuse<BayesianPersonalizedRanking> =
  (_loss, { memory, result }) =>
  (row, gradients) => {
    const { positives, negatives, positiveWeights, negativeWeights } = row;
    gradients.positives.fill(0);
    gradients.negatives.fill(0);
    const total = weightSum(positives.length, positiveWeights) * weightSum(negatives.length, negativeWeights);
    if (total === 0) return 0;
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i]! : 1) / total;
      value +=
        share *
        softplusRow(memory, negatives, positives[i]!, share, negativeWeights, gradients.negatives, true, result);
      gradients.positives[i] = -share * memory.floats[result >>> 2]!;
    }
    return value;
  };

const bce: Fuse<BinaryCrossEntropy> = (loss, workplace) => (row, gradients) => {
  const n = weightSum(row.negatives.length, row.negativeWeights);
  return crossEntropy(row, gradients, workplace, 1, n > 0 ? loss.negativeWeight / n : 0);
};

const gbce: Fuse<GeneralizedBinaryCrossEntropy> = (loss, workplace) => (row, gradients) => {
  const n = weightSum(row.negatives.length, row.negativeWeights);
  return crossEntropy(row, gradients, workplace, loss.exponent(n), n > 0 ? loss.negativeWeight / n : 0);
};

const dsl: Fuse<DualScaleSoftmaxLoss> = (loss, { memory, result, scratch }) => {
  const row = new DualScaleRow(loss, memory, result, scratch);
  return (scores, gradients, context) => row.evaluate(scores, gradients, context);
};

const psl: Fuse<PairwiseSoftmaxLoss> = (loss, { memory, result, scratch }) => {
  const row = new PairwiseRow(loss, memory, result, scratch);
  return (scores, gradients, context) => row.evaluate(scores, gradients, context);
};

const llpauc: Fuse<LowerLeftPartialAuc> = (loss, { memory, result }) => {
  const at = result >>> 2;
  const side = (x: Floats, weights: Floats | undefined, gradients: Floats, of: Side) => {
    const value = memory.kernels.partialAucRow(
      x.byteOffset, x.length, 1 / of.tau, of.slope, of.sign, of.centre, of.threshold, of.share, weights ? weights.byteOffset : 0, gradients.byteOffset, result,
    ); // biome-ignore format: arguments as the kernel has them
    return { value, slope: memory.floats[at]!, away: memory.floats[at + 1]!, f: memory.floats[at + 2]! };
  };
  return (row, gradients, context) => loss.evaluateWith(row, gradients, context, side);
};

/**
 * Losses with a kernel of their own, by constructor: those whose plain loop over the negatives would take longer than the products around it. Losses that are one
 * log-expectation-exp need none: it comes through the row context. A differential test holds each to its plain loss.
 */
const fusedLosses = new Map<unknown, Fuse<never>>([
  [BayesianPersonalizedRanking, bpr],
  [BinaryCrossEntropy, bce],
  [GeneralizedBinaryCrossEntropy, gbce],
  [DualScaleSoftmaxLoss, dsl],
  [PairwiseSoftmaxLoss, psl],
  [LowerLeftPartialAuc, llpauc],
]);

/** The kernel path of a loss, or undefined. */
export function fusedLoss(loss: Loss, workplace: Workplace): EvaluateRow | undefined {
  return fusedLosses.get(loss.constructor)?.(loss as never, workplace);
}

/** exponent · E_i softplus(−s_i) + share · Σ_j w_j softplus(s_j). */
function crossEntropy(
  { positives, negatives, positiveWeights, negativeWeights }: ScoreRow,
  gradients: ScoreGradients,
  { memory, result }: Workplace,
  exponent: number,
  share: number,
): number {
  return (
    pointwise(positives, positiveWeights, gradients.positives, exponent, negatedSoftplus, negatedSigmoid) +
    share * softplusRow(memory, negatives, 0, share, negativeWeights, gradients.negatives, false, result)
  );
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
