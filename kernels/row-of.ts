/** The table row of a slot: `list` names it; 0 = slot i is row i. */
// @ts-ignore: decorator
@inline
export function rowOf(list: usize, slot: i32): i32 {
  return list ? load<i32>(list + (slot << 2)) : slot;
}
