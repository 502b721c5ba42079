import type { Batch } from '../../sampler/sampler.ts';
import { type ThreadMemory, Word } from './memory.ts';

/**
 * Copies a batch into the engine's memory and lists the rows that it touches: each distinct user and item gets a slot, the number under which its packed row and its
 * gradient lie. `stamp` must differ from the stamps of all earlier batches.
 */
export function listBatch(memory: ThreadMemory, batch: Batch, stamp: number): void {
  const { control, floats, ints, layout, plan } = memory;
  const { at } = layout;
  const n = batch.negativesPerRow;
  control[Word.rows] = batch.users.length;
  control[Word.negatives] = n;
  control[Word.hasPositiveWeights] = batch.positiveWeights ? 1 : 0;
  control[Word.hasNegativeWeights] = batch.negativeWeights ? 1 : 0;
  control[Word.hasMaskWeights] = batch.maskWeights ? 1 : 0;
  ints.set(batch.users, at.batchUsers >>> 2);
  floats.set(batch.rowWeights, at.rowWeights >>> 2);
  ints.set(batch.positiveOffsets, at.positiveOffsets >>> 2);
  ints.set(batch.positives, at.positiveItems >>> 2);
  if (batch.positiveWeights) floats.set(batch.positiveWeights, at.positiveWeights >>> 2);
  ints.set(batch.negatives, at.negativeItems >>> 2);
  if (batch.negativeWeights) floats.set(batch.negativeWeights, at.negativeWeights >>> 2);
  ints.set(batch.maskOffsets, at.maskOffsets >>> 2);
  ints.set(batch.masked, at.masked >>> 2);
  if (batch.maskWeights) floats.set(batch.maskWeights, at.maskWeights >>> 2);
  if (plan.training!.capacity.shared) listShared(memory, batch, stamp);
  else listPairs(memory, batch, stamp);
}

/**
 * Slots of a user batch, whose rows share one pool: the pool's items first, in order (pool item j has slot j), then the positives outside the pool. Then sorts the positives
 * by slot. Every row is a different user, so row r has user slot r.
 */
function listShared(memory: ThreadMemory, batch: Batch, stamp: number): void {
  const { control, ints, kernels, layout } = memory;
  const { at } = layout;
  const n = batch.negativesPerRow;
  const count = batch.positives.length;
  const slotsOf = slotGiver(memory, stamp);
  // the pool's items are distinct and take the slots 0 … n − 1; nothing reads the written list, so it goes to a region that is overwritten later
  slotsOf(at.negativeItems, 1, n, 0, at.occurrenceCounts, n);
  const slots = slotsOf(at.positiveItems, 1, count, n, at.entrySlots, count);
  control[Word.slots] = slots;
  control[Word.entries] = count;
  control[Word.userSlots] = batch.users.length;
  ints.set(batch.users, at.userList >>> 2);
  // the row of each positive, which the sort below attaches to its occurrence
  for (let row = 0; row < batch.users.length; row++) {
    const from = (at.positiveRows >>> 2) + batch.positiveOffsets[row]!;
    ints.fill(row, from, from + batch.positiveOffsets[row + 1]! - batch.positiveOffsets[row]!);
  }
  kernels.sortOccurrences({
    ...{ slots: at.entrySlots, count, perRow: 0, rowOf: at.positiveRows, from: 0, to: slots },
    ...{ offsets: at.occurrenceOffsets, counts: at.occurrenceCounts },
    ...{ rows: at.occurrenceRows, entryOf: at.occurrenceEntries },
  });
}

/**
 * Slots of a pair batch. Row r has n + 1 entries in `entrySlots`, from r·(n + 1) on: its n negatives, then its positive. A user with several rows gets one slot; userRows
 * lists the rows of each user slot, [userRowOffsets[s], userRowOffsets[s + 1]). The threads sort the entries by slot later (item-gradients.ts).
 */
function listPairs(memory: ThreadMemory, batch: Batch, stamp: number): void {
  const { control, ints, layout } = memory;
  const { at } = layout;
  const n = batch.negativesPerRow;
  const rows = batch.users.length;
  control[Word.entries] = rows * (n + 1);
  const slotsOf = slotGiver(memory, stamp);
  const ofNegatives = slotsOf(at.negativeItems, rows, n, 0, at.entrySlots, n + 1);
  control[Word.slots] = slotsOf(at.positiveItems, rows, 1, ofNegatives, at.entrySlots + n * 4, n + 1);
  const slotOf = new Map<number, number>();
  const rowsOf: number[][] = [];
  for (let row = 0; row < rows; row++) {
    const user = batch.users[row]!;
    let slot = slotOf.get(user);
    if (slot === undefined) {
      slot = rowsOf.length;
      slotOf.set(user, slot);
      rowsOf.push([]);
      ints[(at.userList >>> 2) + slot] = user;
    }
    rowsOf[slot]!.push(row);
    ints[(at.userSlotOfRow >>> 2) + row] = slot;
  }
  control[Word.userSlots] = rowsOf.length;
  let filled = 0;
  rowsOf.forEach((list, slot) => {
    ints[(at.userRowOffsets >>> 2) + slot] = filled;
    for (const row of list) ints[(at.userRows >>> 2) + filled++] = row;
  });
  ints[(at.userRowOffsets >>> 2) + rowsOf.length] = filled;
}

/** A function that gives slots to the items of rows × perRow entries, after `slots` existing ones, and returns the new number of slots (see kernels/lists.ts). */
function slotGiver({ kernels, layout }: ThreadMemory, stamp: number) {
  const { itemStamp: stampOf, itemSlot: slotOf, itemList: items } = layout.at;
  return (entries: number, rows: number, perRow: number, slots: number, out: number, outStride: number): number =>
    kernels.assignSlots({ entries, rows, perRow, stampOf, slotOf, stamp, items, slots, out, outStride });
}
