import { ITEM_BLOCK, type ThreadMemory } from './memory.ts';

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

/**
 * Panels of `count` items from `first` on, a multiple of 8, as `product` reads them: those of the last preparation of a ranking, or widened to `scratch` ([ITEM_BLOCK × stride] floats; count is at most ITEM_BLOCK then).
 */
export function itemPanels({ kernels, layout, plan }: ThreadMemory, first: number, count: number, scratch: number) {
  const { at, length, stride } = layout;
  if (length.itemHalves === 0) return at.rankPanels + first * stride * 4;
  const panels = (Math.min(count, plan.items - first, ITEM_BLOCK) + 7) >>> 3;
  const scales = length.itemScales > 0 ? at.itemScales + first * 4 : 0;
  kernels.widenPanels(at.itemHalves + first * stride * 2, stride, panels, scales, scratch);
  return scratch;
}
