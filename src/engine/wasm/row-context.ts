import { logExpectationExp as plainLogExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Floats, RowContext } from '../../loss/loss.ts';
import { needsStates } from '../../loss/loss-needs.ts';
import { ItemSimilarity } from './item-similarity.ts';
import { type ThreadMemory, Word } from './memory.ts';
import { WasmRowStates } from './step-states.ts';

/** Above this τ the single-precision difference log Σ − log n is mostly cancelled: the plain functions take care there. */
export const LARGEST_TAU = 100;

/** The context of one thread's rows: the engine sets the row, the loss reads it. */
export class WasmRowContext implements RowContext {
  user = 0;
  readonly itemSimilarity?: (positive: number) => Floats;
  readonly states?: WasmRowStates;
  private readonly memory: ThreadMemory;
  private readonly result: number;
  private readonly similarity?: ItemSimilarity;
  private positivesAt = 0;
  private positiveCount = 0;
  private poolAt = 0;
  private poolCount = 0;

  constructor(memory: ThreadMemory, thread: number, threads: number) {
    this.memory = memory;
    this.result = memory.layout.at.threadResult + thread * 64;
    if (needsStates(memory.needs)) this.states = new WasmRowStates(memory);
    if (memory.needs.itemSimilarity) {
      const similarity = new ItemSimilarity(memory, thread, threads);
      this.similarity = similarity;
      this.itemSimilarity = (positive) => similarity.of(positive);
    }
  }

  /** Points the context at a row of the batch, whose `positives` positives begin at entry `first`. */
  setRow(row: number, first: number, positives: number): void {
    const { control, ints, layout, plan } = this.memory;
    const { at } = layout;
    this.user = ints[(at.batchUsers >>> 2) + row]!;
    this.positivesAt = (at.positiveItems >>> 2) + first;
    this.positiveCount = positives;
    this.poolCount = control[Word.negatives]!;
    this.poolAt = (at.negativeItems >>> 2) + (plan.training!.capacity.shared ? 0 : row * this.poolCount);
    this.states?.setRow(row, this.user);
    this.similarity?.setRow(row, first, positives);
  }

  get positiveItems(): Int32Array {
    return this.memory.ints.subarray(this.positivesAt, this.positivesAt + this.positiveCount);
  }

  get poolItems(): Int32Array {
    return this.memory.ints.subarray(this.poolAt, this.poolAt + this.poolCount);
  }

  logExpectationExp(x: Floats, tau: number, weights?: Floats, probabilities?: Floats, scale = 1): number {
    const { buffer, kernels, floats } = this.memory;
    const inMemory =
      x instanceof Float32Array &&
      x.buffer === buffer &&
      (!weights || (weights instanceof Float32Array && weights.buffer === buffer)) &&
      (!probabilities || (probabilities instanceof Float32Array && probabilities.buffer === buffer));
    if (!inMemory || !(tau <= LARGEST_TAU)) return plainLogExpectationExp(x, tau, weights, probabilities, scale);
    kernels.logExpectationExp(
      x.byteOffset,
      x.length,
      1 / tau,
      weights ? weights.byteOffset : 0,
      probabilities ? probabilities.byteOffset : 0,
      scale,
      this.result,
    );
    const at = this.result >>> 2;
    const sum = floats[at + 1]!;
    return sum === 0 ? 0 : floats[at]! + tau * Math.log(sum / floats[at + 2]!);
  }
}
