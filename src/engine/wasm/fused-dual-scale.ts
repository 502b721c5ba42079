import { temperatureFactor } from '../../loss/competition-state.ts';
import type { DualScaleSoftmaxLoss } from '../../loss/dsl.ts';
import type { RowContext, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { weightedMean, weightSum } from '../../loss/weighted-mean.ts';
import { SCRATCH_ROWS } from './layout.ts';
import type { ThreadMemory } from './memory.ts';
import { LARGEST_TAU } from './row-context.ts';

/** How far below the last slate's lowest key of the row the next one's is looked for first. */
const GUESS_MARGIN = 0.3;

/** A row of the dual-scale softmax loss by its kernels; what each quantity is, the plain loss says (src/loss/dsl.ts). */
export class DualScaleRow {
  private readonly loss: DualScaleSoftmaxLoss;
  private readonly memory: ThreadMemory;
  /** Addresses. */
  private readonly result: number;
  private readonly hardness: number;
  private readonly logs: number;
  private readonly terms: number;
  private readonly slateScores: number;
  private readonly slateShares: number;
  /** The row at hand. */
  private x = 0;
  private n = 0;
  private weights = 0;
  private gradients = 0;
  /** About the lowest key of the row's slates. */
  private guess = -Infinity;

  constructor(loss: DualScaleSoftmaxLoss, memory: ThreadMemory, result: number, scratch: number) {
    const { capacity } = memory.plan.training!;
    const row = (capacity.negativesPerRow + 4) * 4;
    this.loss = loss;
    this.memory = memory;
    this.result = result;
    [this.hardness, this.logs, this.terms, this.slateScores, this.slateShares] = Array.from(
      { length: SCRATCH_ROWS },
      (_, r) => scratch + r * row,
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

  /** λ · E_i LEE_τi; adds its gradient, divided by τ. */
  private negativeSide(row: ScoreRow, context: RowContext): number {
    const { loss } = this;
    const { hardness } = this;
    this.memory.kernels.addStandardized(this.x, this.n, loss.hardness, this.weights, 0, hardness);
    const total = weightSum(row.positives.length, row.positiveWeights);
    if (total === 0) return 0;
    const value = loss.similarity === 0 ? this.common(row, context, total) : this.each(row, context, total);
    return (loss.negativeWeight * value) / total;
  }

  /** Weights and slate are the same for all positives; those that also have the same temperature are one. Returns Σ_i w_i LEE_τi. */
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

  /** Weights, slate and temperature by positive. Returns Σ_i w_i LEE_τi. */
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

  private slate(logs: number): number {
    const { x, n, weights, loss, slateScores, slateShares, guess, result } = this;
    const { floats, kernels } = this.memory;
    const count = kernels.slate(
      x, logs, n, 1 / loss.tau, weights, loss.slate, slateScores, slateShares, guess, result,
    ); // biome-ignore format: arguments as the kernel has them
    this.guess = floats[result >>> 2]! - GUESS_MARGIN;
    return count;
  }

  private temperature(count: number, positive: number, weight: number, context: RowContext): number {
    const { loss, slateScores, slateShares } = this;
    const intensity = this.memory.kernels.competition(slateScores, slateShares, count, positive, 1 / loss.tau);
    return loss.tau * temperatureFactor(intensity, weight, loss, context.states!);
  }

  /** LEE_τ under the weights w_j e^(ω_j), whose logarithm of the sum is `base`; adds its gradient times λ/τ · weight/total. */
  private expectation(logs: number, base: number, tau: number, weight: number, total: number): number {
    const { x, n, weights, terms, gradients, result, loss } = this;
    const scale = (loss.negativeWeight * weight) / (total * loss.tau);
    this.memory.kernels.addExpectation(x, logs, n, 1 / tau, weights, terms, gradients, scale, result);
    return tau * (this.logSum() - base);
  }

  /** log Σ_j w_j e^(ω_j). */
  private logMass(logs: number): number {
    const { x, n, weights, terms, result } = this;
    this.memory.kernels.addExpectation(x, logs, n, 0, weights, terms, 0, 0, result);
    return this.logSum();
  }

  private logSum(): number {
    const { floats } = this.memory;
    const at = this.result >>> 2;
    return floats[at]! + Math.log(floats[at + 1]!);
  }
}

function forPositives(
  { positives, positiveWeights }: ScoreRow,
  visit: (score: number, weight: number, i: number) => void,
): void {
  for (let i = 0; i < positives.length; i++) {
    const weight = positiveWeights ? positiveWeights[i]! : 1;
    if (weight !== 0) visit(positives[i]!, weight, i);
  }
}
