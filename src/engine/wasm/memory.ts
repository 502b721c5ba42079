import type { LossNeeds } from '../../loss/loss.ts';
import { needsOf } from '../../loss/loss-needs.ts';
import type { EnginePlan } from '../engine.ts';
import { instantiate, type Kernels } from './kernels.ts';
import { type Layout, layoutOf } from './layout.ts';

/** Names of the numbers a verb reads from the control region (32-bit words) … */
export const Word = {
  rows: 8, negatives: 9, slots: 10, userSlots: 11, now: 12, entries: 13, hasPositiveWeights: 14, hasNegativeWeights: 15, userKey: 16, itemKey: 17,
  queries: 18, k: 19, hasTargets: 20, touched: 21, hasItemBias: 22, hasMaskWeights: 23,
} as const; // biome-ignore format: a table of words

/** … and from the scalar region (64-bit floats). */
export const Scalar = { learningRate: 0, size: 1, correction: 2, decay: 3, operation: 16, arguments: 17 } as const;

/** One thread's hold on the shared memory: kernels, addresses, and views of all of it. Views never go stale: the memory does not grow. */
export interface ThreadMemory {
  readonly plan: EnginePlan;
  readonly needs: Required<LossNeeds>;
  readonly layout: Layout;
  readonly kernels: Kernels;
  readonly buffer: ArrayBufferLike;
  readonly ints: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly control: Int32Array;
  readonly scalars: Float64Array;
  readonly failure: Uint8Array;
}

export function threadMemory(
  plan: EnginePlan,
  threads: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  needs = needsOf(),
): ThreadMemory {
  const layout = layoutOf(plan, threads, needs);
  const buffer = memory.buffer;
  return {
    plan,
    needs,
    layout,
    kernels: instantiate(module, memory),
    buffer,
    ints: new Int32Array(buffer),
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
    control: new Int32Array(buffer, layout.at.control, layout.length.control),
    scalars: new Float64Array(buffer, layout.at.scalars, layout.length.scalars),
    failure: new Uint8Array(buffer, layout.at.failure, layout.length.failure),
  };
}
