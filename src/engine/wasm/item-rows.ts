import type { ThreadMemory } from './memory.ts';

/** Listed rows of the items, where kernels find them. */
interface RowBlock {
  /** Address of the table, and of the list of its rows ([count] i32). */
  readonly table: number;
  readonly list: number;
  /** The place of the first of them in the whole list. */
  readonly from: number;
  readonly count: number;
}

/** Rows of 32-bit floats for kernels that take listed items: the items' table itself, or copies that are widened where the items lie as 16-bit floats. On the calling thread. */
export class ItemRows {
  readonly #memory: ThreadMemory;
  /** Whose whole list lies in the region of widened rows. */
  #held?: object;

  constructor(memory: ThreadMemory) {
    this.#memory = memory;
    const { ints, layout } = memory;
    const at = layout.at.rowNumbers >>> 2;
    for (let i = 0; i < layout.length.rowNumbers; i++) ints[at + i] = i;
  }

  /**
   * The rows of a list of `count` items at address `list`, in one block or several, one after the other: a block is valid until the next.
   * @param table the rows where they are 32-bit floats: base or final embeddings
   * @param owner the list is the same at every call with this object, so that rows that fit are widened once
   */
  *blocks(table: number, list: number, count: number, owner?: object): Generator<RowBlock> {
    const { kernels, layout } = this.#memory;
    const { at, length, stride } = layout;
    const room = length.rowNumbers;
    if (room === 0) return yield { table, list, from: 0, count };
    const isHeld = owner !== undefined && owner === this.#held;
    this.#held = count <= room ? owner : undefined;
    for (let from = 0; from < count; from += room) {
      const some = Math.min(room, count - from);
      if (!isHeld) kernels.widenRows(at.itemHalves, stride, list + from * 4, 0, some, at.widenedRows);
      yield { table: at.widenedRows, list: at.rowNumbers, from, count: some };
    }
  }

  /** Copies the row of an item to an address. */
  copy(item: number, target: number): void {
    const { floats, kernels, layout } = this.#memory;
    const { at, finals, length, stride } = layout;
    if (length.rowNumbers > 0) kernels.widenRows(at.itemHalves, stride, 0, item, 1, target);
    else {
      const from = (finals.items >>> 2) + item * stride;
      floats.copyWithin(target >>> 2, from, from + stride);
    }
  }

  /** Forgets what follows from the item embeddings. */
  itemsChanged(): void {
    this.#held = undefined;
  }
}

/** The norms of `count` items from `first` on, at most ITEM_BLOCK, written to the address `norms` ([count] floats); `rows`: their rows / max(norm, 1e-12), [count × stride]. */
export function normalizeItems(
  { kernels, layout }: ThreadMemory,
  first: number,
  count: number,
  rows: number,
  norms: number,
  cosine = true,
): void {
  const { at, finals, length, stride } = layout;
  const bytes = stride * 4;
  const halves = length.itemHalves > 0;
  if (halves) kernels.widenRows(at.itemHalves, stride, 0, first, count, rows);
  kernels.gatherRows({
    ...{ table: halves ? rows : finals.items + first * bytes, stride: bytes, d: stride, list: 0, ids: 0, from: 0 },
    ...{ to: count, packed: rows, norms, cosine, drop: false, dropKey: 0, keepBelow: 0, keepScale: 1 },
  });
}

/** Items of 16 bits that are widened and multiplied together: at d = 64 their panels, 32 KiB, stay in the first-level cache. */
const WIDENED_ITEMS = 128;

/** Queries whose scores are computed, and where these go: addresses and strides in bytes. */
interface Scored {
  /** [m × stride] prepared queries. */
  readonly queries: number;
  readonly m: number;
  /** The score of query 0 with the first item, and the bytes between two queries. */
  readonly scores: number;
  readonly scoreStride: number;
  /** Adds to what is there. */
  readonly accumulate: boolean;
  /** Address of [ITEM_BLOCK × stride] floats of this thread. */
  readonly scratch: number;
}

/** The scores of queries with `count` items from `first`, a multiple of 8, on, after `Ranking.prepare`. Scores of up to three items after the last are overwritten. */
export function scoreItems({ kernels, layout }: ThreadMemory, of: Scored, first: number, count: number): void {
  const { at, length, stride } = layout;
  const isHalf = length.itemHalves > 0;
  const scales = length.itemScales > 0 ? at.itemScales : 0;
  const step = isHalf ? WIDENED_ITEMS : count;
  for (let from = 0; from < count; from += step) {
    const some = Math.min(step, count - from);
    const item = first + from;
    if (isHalf) {
      const itemScales = scales && scales + item * 4;
      kernels.widenPanels(at.itemHalves + item * stride * 2, stride, (some + 7) >>> 3, itemScales, of.scratch);
    }
    kernels.product({
      a: of.queries,
      aRow: stride * 4,
      aColumn: 4,
      b: isHalf ? of.scratch : at.rankPanels + item * stride * 4,
      bRow: 32,
      bTile: stride * 32,
      c: of.scores + from * 4,
      cRow: of.scoreStride,
      m: of.m,
      n: (some + 3) & ~3,
      k: stride,
      accumulate: of.accumulate,
    });
  }
}
