// Lists of a batch. A slot is the number of a distinct user or item in the batch: gradients lie by slot, [slots × d], not by table row. All lists are 32-bit integers.

/**
 * Gives every distinct item of `entries` [rows × perRow] a slot, in order of first appearance, after `slots` existing ones. `stampOf` and `slotOf` are [items of the
 * catalogue]: slotOf[item] is valid while stampOf[item] equals `stamp`, so a new batch needs no clearing. Writes each new item to `items[slot]` and the slots of row r
 * to `out` from entry r·outStride on. Returns the number of slots.
 */
export function assignSlots(
  entries: usize, rows: i32, perRow: i32, stampOf: usize, slotOf: usize, stamp: i32, items: usize, slots: i32, out: usize, outStride: i32,
): i32 {
  for (let r = 0; r < rows; r++) {
    slots = assignRow(entries + ((r * perRow) << 2), perRow, stampOf, slotOf, stamp, items, slots, out + ((r * outStride) << 2));
  }
  return slots;
}

// @ts-ignore: decorator
@inline
function assignRow(entries: usize, count: i32, stampOf: usize, slotOf: usize, stamp: i32, items: usize, slots: i32, out: usize): i32 {
  for (let e = 0; e < count; e++) {
    const item = load<i32>(entries + (e << 2));
    let slot: i32;
    if (load<i32>(stampOf + (item << 2)) == stamp) {
      slot = load<i32>(slotOf + (item << 2));
    } else {
      slot = slots++;
      store<i32>(stampOf + (item << 2), stamp);
      store<i32>(slotOf + (item << 2), slot);
      store<i32>(items + (slot << 2), item);
    }
    store<i32>(out + (e << 2), slot);
  }
  return slots;
}

/**
 * Groups the entries of the slots [from, to) by slot, in entry order inside a slot (a counting sort of one range).
 * `slots` is [count]: the slot of each entry. Entry e belongs to row ⌊e / perRow⌋ (perRow > 0) or to row rowOf[e] (perRow = 0). For a slot s of the range, its
 * entries and their rows lie at [offsets[s], offsets[s] + counts[s]) of `entryOf` and `rows`, both [count]. A thread sorts its range alone: the range begins after
 * all entries of lower slots, which the first pass counts.
 */
export function sortOccurrences(
  slots: usize, count: i32, perRow: i32, rowOf: usize, from: i32, to: i32,
  offsets: usize, counts: usize, rows: usize, entryOf: usize,
): void {
  memory.fill(counts + (from << 2), 0, (to - from) << 2);
  // first pass: sizes of the range's groups, and the number of entries before the range
  let at = 0;
  for (let e = 0; e < count; e++) {
    const slot = load<i32>(slots + (e << 2));
    if (slot < from) at++;
    else if (slot < to) store<i32>(counts + (slot << 2), load<i32>(counts + (slot << 2)) + 1);
  }
  for (let slot = from; slot < to; slot++) {
    store<i32>(offsets + (slot << 2), at);
    at += load<i32>(counts + (slot << 2));
    // counted up again below, as the number of entries placed so far
    store<i32>(counts + (slot << 2), 0);
  }
  // second pass: places the entries; the row is counted along instead of divided out
  let row = 0;
  let left = perRow;
  for (let e = 0; e < count; e++) {
    const slot = load<i32>(slots + (e << 2));
    if (slot >= from && slot < to) {
      const filled = load<i32>(counts + (slot << 2));
      const place = (load<i32>(offsets + (slot << 2)) + filled) << 2;
      store<i32>(counts + (slot << 2), filled + 1);
      store<i32>(rows + place, perRow ? row : load<i32>(rowOf + (e << 2)));
      store<i32>(entryOf + place, e);
    }
    if (--left == 0) {
      left = perRow;
      row++;
    }
  }
}
