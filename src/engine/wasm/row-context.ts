import { logExpectationExp as plainLogExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Floats, RowContext } from '../../loss/loss.ts';
import type { ThreadMemory } from './memory.ts';

/** Above this τ the single-precision difference log Σ − log n is mostly cancelled: the plain function takes care there. */
const LARGEST_TAU = 100;

/** The context of one thread's rows: the engine sets the row, the loss reads it. */
export class WasmRowContext implements RowContext {
  user = 0;
  private readonly memory: ThreadMemory;
  private readonly result: number;
  private positivesAt = 0;
  private positiveCount = 0;
  private poolAt = 0;
  private poolCount = 0;

  constructor(memory: ThreadMemory, thread: number) {
    this.memory = memory;
    this.result = memory.layout.at.threadResult + thread * 64;
  }

  /** Points the context at a row: word addresses of its items. */
  setRow(user: number, positivesAt: number, positiveCount: number, poolAt: number, poolCount: number): void {
    this.user = user;
    this.positivesAt = positivesAt;
    this.positiveCount = positiveCount;
    this.poolAt = poolAt;
    this.poolCount = poolCount;
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
