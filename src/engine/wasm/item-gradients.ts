import type { Crew } from './crew.ts';
import { SLOT_BLOCK, type ThreadMemory, Word } from './memory.ts';
import { backwardRows, l2Weight } from './table-rows.ts';

/** Rows of the batch whose score gradients are packed at a time: with SLOT_BLOCK columns 48 KiB, which fit the buffer of the scores. */
const PACKED_ROWS = 256;

/**
 * Phase two of a step: the gradients of the item embeddings [slots × d] over the whole batch, from the shared pool (a matrix product) and from listed entries (positives, and
 * the negatives of pair batches), then through the normalisation. The threads divide the items, so no gradient has two writers; the sums of an item run in entry order.
 */
export class ItemGradients {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly threads: number;
  /** Address of this thread's packed score gradients: the buffer of its scores, which nothing reads in this phase. */
  private readonly packedAt: number;

  constructor(memory: ThreadMemory, crew: Crew, thread: number, threads: number) {
    this.memory = memory;
    this.crew = crew;
    this.threads = threads;
    const { at, length } = memory.layout;
    this.packedAt = at.threadScores + (length.threadScores / threads) * 4 * thread;
  }

  run(): void {
    if (this.memory.plan.training!.capacity.shared) this.shared();
    else this.pairs();
  }

  /** User batches. Tasks are blocks of SLOT_BLOCK slots: first the blocks of the pool, then those of the positives outside it, which have no dense part. */
  private shared(): void {
    const { control, layout } = this.memory;
    const { at, stride } = layout;
    const pool = control[Word.negatives]!;
    const slots = control[Word.slots]!;
    const bytes = stride * 4;
    const poolBlocks = Math.ceil(pool / SLOT_BLOCK);
    const tasks = poolBlocks + Math.ceil((slots - pool) / SLOT_BLOCK);
    for (let task = this.crew.nextTask(); task < tasks; task = this.crew.nextTask()) {
      const dense = task < poolBlocks;
      const from = dense ? task * SLOT_BLOCK : pool + (task - poolBlocks) * SLOT_BLOCK;
      const to = Math.min(dense ? pool : slots, from + SLOT_BLOCK);
      const target = at.itemGradients + from * bytes;
      if (dense) this.sumOverRows(from, to, target);
      else this.memory.floats.fill(0, target >>> 2, (target >>> 2) + (to - from) * stride);
      this.addOccurrences(from, to, at.positiveGradients);
      this.backward(from, to);
    }
  }

  /** Gradients of pool items [from, to) at `target`: [slots × rows], the transposed score gradients, times [rows × d], the weighted users. */
  private sumOverRows(from: number, to: number, target: number): void {
    const { control, kernels, layout } = this.memory;
    const { at, stride, scoreStride } = layout;
    const rows = control[Word.rows]!;
    const slots = to - from;
    for (let row = 0; row < rows; row += PACKED_ROWS) {
      const depth = Math.min(rows - row, PACKED_ROWS);
      const gradients = at.scoreGradients + (row * scoreStride + from) * 4;
      kernels.packColumns(gradients, scoreStride * 4, depth, slots, this.packedAt, SLOT_BLOCK * 4);
      kernels.product({
        a: this.packedAt,
        aRow: 4,
        aColumn: SLOT_BLOCK * 4,
        b: at.weightedUsers + row * stride * 4,
        bRow: stride * 4,
        bTile: 32,
        c: target,
        cRow: stride * 4,
        m: slots,
        n: stride,
        k: depth,
        accumulate: row > 0,
      });
    }
  }

  /**
   * Pair batches. One task per thread: a range of slots, because sorting a range's occurrences reads all entries, however small the range. After these come tasks that
   * sum the gradients of a user's rows.
   */
  private pairs(): void {
    const { control, floats, kernels, layout, ints } = this.memory;
    const { at, stride } = layout;
    const slots = control[Word.slots]!;
    const users = control[Word.userSlots]!;
    const entries = control[Word.entries]!;
    const bytes = stride * 4;
    const share = Math.ceil(slots / this.threads);
    const l2 = l2Weight(this.memory);
    const userTasks = Math.ceil(users / SLOT_BLOCK);
    for (let task = this.crew.nextTask(); task < this.threads + userTasks; task = this.crew.nextTask()) {
      if (task < this.threads) {
        const from = Math.min(slots, task * share);
        const to = Math.min(slots, from + share);
        kernels.sortOccurrences({
          slots: at.entrySlots,
          count: entries,
          perRow: control[Word.negatives]! + 1,
          rowOf: 0,
          from,
          to,
          offsets: at.occurrenceOffsets,
          counts: at.occurrenceCounts,
          rows: at.occurrenceRows,
          entryOf: at.occurrenceEntries,
        });
        const target = at.itemGradients >>> 2;
        floats.fill(0, target + from * stride, target + to * stride);
        this.addOccurrences(from, to, at.scoreGradients);
        this.backward(from, to);
        continue;
      }
      const from = (task - this.threads) * SLOT_BLOCK;
      for (let slot = from; slot < Math.min(users, from + SLOT_BLOCK); slot++) {
        const target = at.userGradients + slot * bytes;
        floats.fill(0, target >>> 2, (target >>> 2) + stride);
        const first = ints[(at.userRowOffsets >>> 2) + slot]!;
        const last = ints[(at.userRowOffsets >>> 2) + slot + 1]!;
        // gatherSum with one entry and coefficient 1: target += the row's gradient
        for (let e = first; e < last; e++)
          kernels.gatherSum(target, at.rowGradients, bytes, stride, at.userRows + e * 4, at.ones, 0, 1);
      }
      if (l2 > 0)
        kernels.combineRows({
          ...{ x: at.latestUsers, xStride: bytes, y: at.userGradients, yStride: bytes, d: stride },
          ...{ keep: 1, scale: l2, list: 0, from, to: Math.min(users, from + SLOT_BLOCK) },
        });
    }
  }

  /** Adds to the gradients of slots [from, to): Σ over the slot's entries of coefficient · weighted user of the entry's row. `coefficients` is indexed by entry. */
  private addOccurrences(from: number, to: number, coefficients: number): void {
    const { kernels, layout, ints } = this.memory;
    const { at, stride } = layout;
    const bytes = stride * 4;
    for (let slot = from; slot < to; slot++) {
      const count = ints[(at.occurrenceCounts >>> 2) + slot]!;
      if (count === 0) continue;
      const first = ints[(at.occurrenceOffsets >>> 2) + slot]! * 4;
      kernels.gatherSum(
        at.itemGradients + slot * bytes,
        at.weightedUsers,
        bytes,
        stride,
        at.occurrenceRows + first,
        coefficients,
        at.occurrenceEntries + first,
        count,
      );
    }
  }

  /** Turns the gradients of packed items [from, to) into gradients of embeddings. */
  private backward(from: number, to: number): void {
    const { at } = this.memory.layout;
    const rows = {
      packed: at.packedItems,
      norms: at.itemNorms,
      gradients: at.itemGradients,
      l2: l2Weight(this.memory),
    };
    backwardRows(this.memory, 'items', from, to, rows);
  }
}
