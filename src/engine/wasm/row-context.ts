import { logExpectationExp as plainLogExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Floats, Loss, RowContext, RowStates } from '../../loss/loss.ts';
import { needsStates } from '../../loss/loss-needs.ts';
import { LossStates } from '../loss-states.ts';
import { SIMILARITY_BLOCK, type ThreadMemory, Word } from './memory.ts';

/** The largest τ for the kernels. Above it log Σ − log n is a small difference of nearly equal single-precision numbers; the plain functions avoid that cancellation. */
export const LARGEST_TAU = 100;

/** The RowContext of one thread: the engine points it at a row, then the loss reads it. */
export class WasmRowContext implements RowContext {
  user = 0;
  readonly itemSimilarity?: (positive: number) => Floats;
  readonly states?: WasmRowStates;
  private readonly memory: ThreadMemory;
  private readonly result: number;
  private readonly similarity?: ItemSimilarity;
  /** The row's positives and negatives as ranges of `ints`: first element and number. */
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
    return kernelLogExpectationExp(this.memory, this.result, x, tau, weights, probabilities, scale);
  }
}

/** τ log( Σ w e^(x/τ) / Σ w ) by the kernel, which leaves its numbers at the address `result`; by the plain function if an array is not in the engine's memory or τ is too large. */
export function kernelLogExpectationExp(
  { buffer, kernels, floats }: ThreadMemory,
  result: number,
  x: Floats,
  tau: number,
  weights?: Floats,
  probabilities?: Floats,
  scale = 1,
): number {
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
    result,
  );
  const at = result >>> 2;
  const sum = floats[at + 1]!;
  return sum === 0 ? 0 : floats[at]! + tau * Math.log(sum / floats[at + 2]!);
}

/** The smallest divisor of a normalisation, the same as in the kernels: the cosine of a row of zeros with any row is 0. */
const LEAST_NORM = 1e-12;

/**
 * Cosines of a row's positives with its negatives, on one thread. In user batches they come from a matrix product, SIMILARITY_BLOCK positives at a time; in pair batches,
 * where every row has its own negatives, from gathered dot products. For cosine scores the packed rows are normalised already; for inner products this class divides by
 * the norms.
 */
class ItemSimilarity {
  private readonly memory: ThreadMemory;
  /** Addresses of this thread's [SIMILARITY_BLOCK × scoreStride] cosines and of the [SIMILARITY_BLOCK × stride] rows of the positives. */
  private readonly out: number;
  private readonly rowsAt: number;
  private row = 0;
  private first = 0;
  private count = 0;
  /** The block of positives whose cosines `out` holds; −1: none. */
  private block = -1;

  constructor(memory: ThreadMemory, thread: number, threads: number) {
    const { at, length } = memory.layout;
    this.memory = memory;
    this.out = at.threadSimilarity + (length.threadSimilarity / threads) * 4 * thread;
    this.rowsAt = at.threadSimilarRows + (length.threadSimilarRows / threads) * 4 * thread;
  }

  setRow(row: number, first: number, count: number): void {
    this.row = row;
    this.first = first;
    this.count = count;
    this.block = -1;
  }

  /** [n] the cosines of the row's positive number `positive` with the negatives; valid until a positive of another block is asked for. */
  of(positive: number): Float32Array {
    const { control, floats, layout, plan } = this.memory;
    const n = control[Word.negatives]!;
    const block = Math.floor(positive / SIMILARITY_BLOCK);
    if (block !== this.block) {
      if (plan.training!.capacity.shared) this.shared(block, n);
      else this.pair(n);
      this.block = block;
    }
    const from = (this.out >>> 2) + (positive - block * SIMILARITY_BLOCK) * layout.scoreStride;
    return floats.subarray(from, from + n);
  }

  /** User batches: copies the block's positives next to each other, then [rows × stride] · [stride × n] with the pool's panels. */
  private shared(block: number, n: number): void {
    const { floats, ints, kernels, layout } = this.memory;
    const { at, stride, scoreStride } = layout;
    const bytes = stride * 4;
    const entries = (at.entrySlots >>> 2) + this.first + block * SIMILARITY_BLOCK;
    const rows = Math.min(SIMILARITY_BLOCK, this.count - block * SIMILARITY_BLOCK);
    for (let p = 0; p < rows; p++) {
      const packed = (at.packedItems >>> 2) + ints[entries + p]! * stride;
      floats.copyWithin((this.rowsAt >>> 2) + p * stride, packed, packed + stride);
    }
    kernels.product({
      ...{ a: this.rowsAt, aRow: bytes, aColumn: 4, b: at.panels, bRow: 32, bTile: stride * 32 },
      ...{ c: this.out, cRow: scoreStride * 4, m: rows, n: (n + 3) & ~3, k: stride, accumulate: false },
    });
    if (layout.length.inverseNorms === 0) return;
    for (let p = 0; p < rows; p++) {
      // the pool has the slots 0 … n − 1
      this.divide((this.out >>> 2) + p * scoreStride, ints[entries + p]!, n, (j) => j);
    }
  }

  /** Pair batches: the dot products of the row's one positive with its n negatives. */
  private pair(n: number): void {
    const { ints, kernels, layout } = this.memory;
    const { at, stride } = layout;
    const entries = at.entrySlots + this.row * (n + 1) * 4;
    const slot = ints[(entries >>> 2) + n]!;
    kernels.gatherDots(at.packedItems + slot * stride * 4, at.packedItems, stride * 4, stride, entries, n, this.out);
    if (layout.length.inverseNorms > 0) this.divide(this.out >>> 2, slot, n, (j) => ints[(entries >>> 2) + j]!);
  }

  /** Turns inner products of item `slot` with n items into cosines. `values` is an element number of `floats`. */
  private divide(values: number, slot: number, n: number, slotOf: (j: number) => number): void {
    const { floats, layout } = this.memory;
    const inverse = layout.at.inverseNorms >>> 2;
    const own = floats[inverse + slot]!;
    for (let j = 0; j < n; j++) floats[values + j]! *= own * floats[inverse + slotOf(j)]!;
  }
}

/** Coordinator, once per step, for losses that need cosines under inner-product scores: computes the inverse norms of the batch's packed items. */
export function invertNorms({ control, floats, layout }: ThreadMemory): void {
  const { at, stride } = layout;
  for (let slot = 0; slot < control[Word.slots]!; slot++) {
    const from = (at.packedItems >>> 2) + slot * stride;
    let squares = 0;
    for (let c = from; c < from + stride; c++) squares += floats[c]! * floats[c]!;
    floats[(at.inverseNorms >>> 2) + slot] = 1 / Math.max(Math.sqrt(squares), LEAST_NORM);
  }
}

type Region =
  | 'stateUsers'
  | 'stateItems'
  | 'stateGlobal'
  | 'userUpdates'
  | 'itemUpdates'
  | 'globalUpdates'
  | 'poolStates';

/** The states of the loss for one row, on any thread: views of the shared memory. Each row writes its own part of the update regions. */
class WasmRowStates implements RowStates {
  readonly global: Float32Array;
  user!: Float32Array;
  items!: Float32Array;
  userUpdate!: Float32Array;
  itemUpdates!: Float32Array;
  globalUpdate!: Float32Array;
  private readonly memory: ThreadMemory;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
    this.global = region(memory, 'stateGlobal', 0, memory.needs.globalState);
  }

  setRow(row: number, user: number): void {
    const { memory } = this;
    const { userState, itemState, globalState } = memory.needs;
    const n = itemState ? memory.control[Word.negatives]! : 0;
    const shared = memory.plan.training!.capacity.shared;
    this.user = region(memory, 'stateUsers', user, userState);
    this.items = region(memory, 'poolStates', shared ? 0 : row, n);
    this.userUpdate = region(memory, 'userUpdates', row, userState).fill(0);
    this.itemUpdates = region(memory, 'itemUpdates', row, n).fill(0);
    this.globalUpdate = region(memory, 'globalUpdates', row, globalState).fill(0);
  }
}

/** The coordinator's part: lays out the item states before the rows are scored, and sums the updates that the rows wrote afterwards. */
export class StepStates {
  readonly states: LossStates;
  private readonly memory: ThreadMemory;

  constructor(memory: ThreadMemory, loss: Loss) {
    const { length } = memory.layout;
    const all = (name: Region) => region(memory, name, 0, length[name]);
    this.memory = memory;
    this.states = new LossStates(loss, all('stateUsers'), all('stateItems'), all('stateGlobal'));
  }

  /** Before the rows are scored: copies the item states into the order of the negatives, so that a row reads them as one array. */
  spread(): void {
    const { memory } = this;
    if (!memory.needs.itemState) return;
    const { floats, layout } = memory;
    const negatives = this.negatives();
    const [from, to] = [layout.at.stateItems >>> 2, layout.at.poolStates >>> 2];
    for (let e = 0; e < negatives.length; e++) floats[to + e] = floats[from + negatives[e]!]!;
  }

  /** After the rows are scored: sums their updates and lets the loss compute the new states. */
  update(epoch: number): void {
    const { memory } = this;
    const { control, ints, layout, needs, plan } = memory;
    const rows = control[Word.rows]!;
    const n = control[Word.negatives]!;
    const users = layout.at.batchUsers >>> 2;
    this.states.update(epoch, {
      users: ints.subarray(users, users + rows),
      negatives: this.negatives(),
      negativesPerRow: n,
      shared: plan.training!.capacity.shared,
      userUpdates: region(memory, 'userUpdates', 0, rows * needs.userState),
      itemUpdates: region(memory, 'itemUpdates', 0, needs.itemState ? rows * n : 0),
      globalUpdates: region(memory, 'globalUpdates', 0, rows * needs.globalState),
    });
  }

  private negatives(): Int32Array {
    const { control, ints, layout, plan } = this.memory;
    const from = layout.at.negativeItems >>> 2;
    return ints.subarray(
      from,
      from + control[Word.negatives]! * (plan.training!.capacity.shared ? 1 : control[Word.rows]!),
    );
  }
}

/** A view of row `row` of a region whose rows have `length` floats. */
function region({ floats, layout }: ThreadMemory, name: Region, row: number, length: number): Float32Array {
  const from = (layout.at[name] >>> 2) + row * length;
  return floats.subarray(from, from + length);
}
