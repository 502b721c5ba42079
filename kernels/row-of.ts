/** The table row of a slot: entry `slot` of `list` ([i32]), or the slot's own number when `list` is 0. */
// @ts-ignore: decorator
@inline
export function rowOf(list: usize, slot: i32): i32 {
  return list ? load<i32>(list + (slot << 2)) : slot;
}
