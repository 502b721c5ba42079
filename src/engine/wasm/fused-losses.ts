import { BinaryCrossEntropy } from '../../loss/bce.ts';
import { BayesianPersonalizedRanking } from '../../loss/bpr.ts';
import { temperatureFactor } from '../../loss/competition-state.ts';
import { DualScaleSoftmaxLoss } from '../../loss/dsl.ts';
import { GeneralizedBinaryCrossEntropy } from '../../loss/gbce.ts';
import { LowerLeftPartialAuc, type Side } from '../../loss/llpauc.ts';
import type { Floats, Loss, RowContext, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { type PairwiseActivation, pairwiseActivations } from '../../loss/pairwise-activations.ts';
import { pointwise } from '../../loss/pointwise.ts';
import { PairwiseSoftmaxLoss } from '../../loss/psl.ts';
import { negatedSigmoid, negatedSoftplus } from '../../loss/softplus.ts';
import { Talos } from '../../loss/talos.ts';
import { weightedMean, weightSum } from '../../loss/weighted-mean.ts';
import { SCRATCH_ROWS, type ThreadMemory } from './memory.ts';
import { LARGEST_TAU } from './row-context.ts';

// The kernel paths of losses: the same results as `loss.evaluate` in src/loss/, with the loop over the negatives in a kernel.

/** Evaluates a row like `Loss.evaluate`. The row's arrays lie in the engine's memory, so their byteOffset is an address for the kernels. */
type EvaluateRow = (row: ScoreRow, gradients: ScoreGradients, context: RowContext) => number;

/** The memory that a loss's kernel path uses. `result` is the address of 16 words for the numbers that a kernel returns, `scratch` that of SCRATCH_ROWS rows. */
interface Workplace {
  readonly memory: ThreadMemory;
  readonly result: number;
  readonly scratch: number;
  /** Floats between two rows of `scratch`: at least n + 4. */
  readonly scratchStride: number;
}
type Fuse<L extends Loss> = (loss: L, workplace: Workplace) => EvaluateRow;

const bpr: Fuse<BayesianPersonalizedRanking> =
  (_loss, { memory, result }) =>
  (row, gradients) => {
    // Σ_i share_i Σ_j w_j softplus(n_j − p_i): one kernel call per positive, each adding to the gradients of the negatives
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

const dsl: Fuse<DualScaleSoftmaxLoss> = (loss, workplace) => {
  const row = new DualScaleRow(loss, workplace);
  return (scores, gradients, context) => row.evaluate(scores, gradients, context);
};

const psl: Fuse<PairwiseSoftmaxLoss> = (loss, { memory, result, scratch }) => {
  const row = new PairwiseRow(loss, memory, result, scratch);
  return (scores, gradients, context) => row.evaluate(scores, gradients, context);
};

const llpauc: Fuse<LowerLeftPartialAuc> = (loss, { memory, result }) => {
  const at = result >>> 2;
  const side = (x: Floats, weights: Floats | undefined, gradients: Floats, of: Side) => {
    const value = memory.kernels.partialAucRow({
      ...{ x: x.byteOffset, n: x.length, weights: weights ? weights.byteOffset : 0, gradients: gradients.byteOffset },
      ...{ slope: of.slope, sign: of.sign, centre: of.centre, threshold: of.threshold, share: of.share },
      ...{ inverseTau: 1 / of.tau, result },
    });
    return { value, slope: memory.floats[at]!, away: memory.floats[at + 1]!, f: memory.floats[at + 2]! };
  };
  return (row, gradients, context) => loss.evaluateWith(row, gradients, context, side);
};

const talos: Fuse<Talos> = (loss, { memory, result }) => {
  const at = result >>> 2;
  return (row, gradients, context) =>
    loss.evaluateWith(row, gradients, context, (b) => {
      const { negatives: x, negativeWeights: weights } = row;
      const scale = loss.negativeWeight / loss.tau;
      const weightsAt = weights ? weights.byteOffset : 0;
      const gradientsAt = gradients.negatives.byteOffset;
      memory.kernels.logSigmoidRow(x.byteOffset, x.length, b, 1 / loss.tau, scale, weightsAt, gradientsAt, result);
      const logSum = memory.floats[at]! / loss.tau + Math.log(memory.floats[at + 1]!);
      return { logSum, above: memory.floats[at + 2]! };
    });
};

/**
 * Losses with a dedicated kernel, by constructor: those whose plain loop over the negatives takes longer than the matrix products around it. Losses that consist of one
 * log-expectation-exp need none, because the row context computes that in a kernel. A differential test compares each with its plain loss.
 */
const fusedLosses = new Map<unknown, Fuse<never>>([
  [BayesianPersonalizedRanking, bpr],
  [BinaryCrossEntropy, bce],
  [GeneralizedBinaryCrossEntropy, gbce],
  [DualScaleSoftmaxLoss, dsl],
  [PairwiseSoftmaxLoss, psl],
  [LowerLeftPartialAuc, llpauc],
  [Talos, talos],
]);

/** The kernel path of a loss; undefined if it has none. A subclass of a built-in loss has none either: it may compute something else. */
export function fusedLoss(loss: Loss, workplace: Workplace): EvaluateRow | undefined {
  return fusedLosses.get(loss.constructor)?.(loss as never, workplace);
}

/** Returns exponent · E_i softplus(−p_i) + share · Σ_j w_j softplus(n_j), E_i the weighted mean over the positives, and writes all gradients. */
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

/** Calls the kernel softplusRow with the addresses of arrays in the engine's memory. */
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

/** The numbers of the activations in kernels/pairwise.ts. */
const activationNumbers: Record<PairwiseActivation, number> = { tanh: 0, relu: 1, atan: 2 };

/** A row of the pairwise softmax loss by its kernel, one call per positive. The plain loss explains the quantities (src/loss/psl.ts). */
class PairwiseRow {
  private readonly loss: PairwiseSoftmaxLoss;
  private readonly memory: ThreadMemory;
  /** Addresses in the engine's memory. */
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
      // activations increase, so the highest score has the largest term
      const shift = logActivation.value((highest - positives[i]!) / 2);
      const sum = this.negativesOf(positives[i]!, row, gradients, shift, (share * scale) / 2);
      value += share * (shift * scale + Math.log(sum) - logWeight);
      gradients.positives[i] = -this.memory.floats[this.result >>> 2]!;
    }
    return value;
  }

  /** Adds one positive's contribution to the gradients of the negatives; returns Σ_j w_j (σ_j/σ_max)^(1/τ). */
  private negativesOf(
    positive: number,
    row: ScoreRow,
    gradients: ScoreGradients,
    shift: number,
    share: number,
  ): number {
    const { negatives, negativeWeights } = row;
    return this.memory.kernels.pairwiseRow({
      x: negatives.byteOffset,
      n: negatives.length,
      positive,
      shift,
      inverseTau: 1 / this.loss.tau,
      share,
      activation: activationNumbers[this.loss.activation],
      weights: negativeWeights ? negativeWeights.byteOffset : 0,
      gradients: gradients.negatives.byteOffset,
      scratch: this.scratch,
      result: this.result,
    });
  }
}

/** The highest score of a negative with weight > 0; −Infinity if all are masked. */
function highestUnmasked({ negatives, negativeWeights }: ScoreRow): number {
  let highest = -Infinity;
  for (let j = 0; j < negatives.length; j++) {
    if (negatives[j]! > highest && (!negativeWeights || negativeWeights[j]! > 0)) highest = negatives[j]!;
  }
  return highest;
}

/** The guess for a slate's lowest key is the last slate's lowest key of the same row minus this margin. It affects only the speed. */
const GUESS_MARGIN = 0.3;

/** A row of the dual-scale softmax loss by its kernels. The plain loss explains the quantities (src/loss/dsl.ts). */
class DualScaleRow {
  private readonly loss: DualScaleSoftmaxLoss;
  private readonly memory: ThreadMemory;
  /** Addresses in the engine's memory; all but `result` are scratch rows. */
  private readonly result: number;
  private readonly hardness: number;
  private readonly logs: number;
  private readonly terms: number;
  private readonly slateScores: number;
  private readonly slateShares: number;
  /** The current row: addresses of its scores, weights (0: all 1) and gradients, and its number of negatives n. */
  private x = 0;
  private n = 0;
  private weights = 0;
  private gradients = 0;
  /** An estimate of the lowest key of the row's next slate. */
  private guess = -Infinity;

  constructor(loss: DualScaleSoftmaxLoss, { memory, result, scratch, scratchStride }: Workplace) {
    this.loss = loss;
    this.memory = memory;
    this.result = result;
    [this.hardness, this.logs, this.terms, this.slateScores, this.slateShares] = Array.from(
      { length: SCRATCH_ROWS },
      (_, r) => scratch + r * scratchStride * 4,
    ) as [number, number, number, number, number];
  }

  evaluate(row: ScoreRow, gradients: ScoreGradients, context: RowContext): number {
    const { loss } = this;
    if (!(loss.tau * loss.temperatureRange ** 2 <= LARGEST_TAU)) return loss.evaluate(row, gradients, context);
    const { positives, negatives, positiveWeights, negativeWeights } = row;
    const mean = weightedMean(positives, positiveWeights, gradients.positives, -1 / loss.tau);
    gradients.negatives.fill(0);
    this.x = negatives.byteOffset;
    this.n = negatives.length;
    this.weights = negativeWeights ? negativeWeights.byteOffset : 0;
    this.gradients = gradients.negatives.byteOffset;
    this.guess = -Infinity;
    const live = weightSum(negatives.length, negativeWeights) > 0;
    return ((live ? this.negativeSide(row, context) : 0) - mean) / loss.tau;
  }

  /** Returns λ · E_i LEE_τi, the loss's part of the negatives; adds its gradient, divided by τ. */
  private negativeSide(row: ScoreRow, context: RowContext): number {
    const { loss } = this;
    const { hardness } = this;
    this.memory.kernels.addStandardized(this.x, this.n, loss.hardness, this.weights, 0, hardness);
    const total = weightSum(row.positives.length, row.positiveWeights);
    if (total === 0) return 0;
    const value = loss.similarity === 0 ? this.common(row, context, total) : this.each(row, context, total);
    return (loss.negativeWeight * value) / total;
  }

  /**
   * Without similarities, all positives have the same weights and the same slate, and one evaluation serves all positives with the same temperature.
   * Returns Σ_i w_i LEE_τi.
   */
  private common(row: ScoreRow, context: RowContext, total: number): number {
    const { loss, hardness } = this;
    const base = this.logMass(hardness);
    if (loss.competition === 0) return total * this.expectation(hardness, base, loss.tau, total, total);
    const weightOf = new Map<number, number>();
    const count = this.slate(hardness);
    forPositives(row, (positive, weight) => {
      const tau = this.temperature(count, positive, weight, context);
      weightOf.set(tau, (weightOf.get(tau) ?? 0) + weight);
    });
    let value = 0;
    for (const [tau, weight] of weightOf) value += weight * this.expectation(hardness, base, tau, weight, total);
    return value;
  }

  /** With similarities, each positive has its own weights, slate and temperature. Returns Σ_i w_i LEE_τi. */
  private each(row: ScoreRow, context: RowContext, total: number): number {
    const { loss, logs, hardness } = this;
    let value = 0;
    forPositives(row, (positive, weight, i) => {
      const cosines = context.itemSimilarity!(i).byteOffset;
      this.memory.kernels.addStandardized(cosines, this.n, loss.similarity, this.weights, hardness, logs);
      const tau = loss.competition === 0 ? loss.tau : this.temperature(this.slate(logs), positive, weight, context);
      value += weight * this.expectation(logs, this.logMass(logs), tau, weight, total);
    });
    return value;
  }

  /** Selects the slate under the log weights at `logs` into slateScores and slateShares; returns its number of entries. */
  private slate(logs: number): number {
    const { x, n, weights, loss, slateScores, slateShares, guess, result } = this;
    const { floats, kernels } = this.memory;
    const count = kernels.slate({
      ...{ x, logs, n, inverseTau: 1 / loss.tau, weights, size: loss.slate },
      ...{ scores: slateScores, shares: slateShares, guess, result },
    });
    this.guess = floats[result >>> 2]! - GUESS_MARGIN;
    return count;
  }

  /** The temperature τ_i of a positive, from its competition with the slate of `count` entries. */
  private temperature(count: number, positive: number, weight: number, context: RowContext): number {
    const { loss, slateScores, slateShares } = this;
    const intensity = this.memory.kernels.competition(slateScores, slateShares, count, positive, 1 / loss.tau);
    return loss.tau * temperatureFactor(intensity, weight, loss, context.states!);
  }

  /** Returns LEE_τ under the weights w_j e^(ω_j), where `base` is the logarithm of their sum; adds its gradient multiplied by λ/τ · weight/total. */
  private expectation(logs: number, base: number, tau: number, weight: number, total: number): number {
    const { x, n, weights, terms, gradients, result, loss } = this;
    const scale = (loss.negativeWeight * weight) / (total * loss.tau);
    this.memory.kernels.addExpectation({ x, logs, n, inverseTau: 1 / tau, weights, terms, gradients, scale, result });
    return tau * (this.logSum() - base);
  }

  /** log Σ_j w_j e^(ω_j). */
  private logMass(logs: number): number {
    const { x, n, weights, terms, result } = this;
    const sum = { x, logs, n, inverseTau: 0, weights, terms, gradients: 0, scale: 0, result };
    this.memory.kernels.addExpectation(sum);
    return this.logSum();
  }

  /** The logarithm of the last sum of addExpectation, from its maximum and its shifted sum. */
  private logSum(): number {
    const { floats } = this.memory;
    const at = this.result >>> 2;
    return floats[at]! + Math.log(floats[at + 1]!);
  }
}

/** Calls `visit` for each positive of weight > 0. */
function forPositives(
  { positives, positiveWeights }: ScoreRow,
  visit: (score: number, weight: number, i: number) => void,
): void {
  for (let i = 0; i < positives.length; i++) {
    const weight = positiveWeights ? positiveWeights[i]! : 1;
    if (weight !== 0) visit(positives[i]!, weight, i);
  }
}
