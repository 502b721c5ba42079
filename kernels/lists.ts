/**
 * Gives every distinct item of a list of rows × perRow entries a slot, in order of first appearance after `slots` existing ones. `slotOf[item]` holds
 * the slot while `stampOf[item]` is the current `stamp`. Writes each new item to `items[slot]` and the slots of row r to `out`, from r·outStride on.
 * Returns the number of slots.
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
 * The occurrences of the slots [from, to), grouped by slot, in entry order inside a slot (a counting sort of one range).
 * Entry e of row e / perRow (perRow > 0), or of row rowOf[e] (perRow = 0). For slot s in the range: occurrences lie at
 * [offsets[s], offsets[s] + counts[s]) of `rows` and `entryOf`. A thread sorts its own range alone: where the range begins follows from the
 * number of entries below it, which the same pass counts.
 */
export function sortOccurrences(
  slots: usize, count: i32, perRow: i32, rowOf: usize, from: i32, to: i32,
  offsets: usize, counts: usize, rows: usize, entryOf: usize,
): void {
  memory.fill(counts + (from << 2), 0, (to - from) << 2);
  let at = 0;
  for (let e = 0; e < count; e++) {
    const slot = load<i32>(slots + (e << 2));
    if (slot < from) at++;
    else if (slot < to) store<i32>(counts + (slot << 2), load<i32>(counts + (slot << 2)) + 1);
  }
  for (let slot = from; slot < to; slot++) {
    store<i32>(offsets + (slot << 2), at);
    at += load<i32>(counts + (slot << 2));
    store<i32>(counts + (slot << 2), 0);
  }
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
