import { madd, sumLanes } from './vector';

// Counter hashes of (key, row, column): the same numbers on every engine and thread. See src/array/dropout-mask.ts and src/array/uniform.ts.

/** The upper 24 bits of the hashes of four columns from `column` on; `rowKey` = key ^ row·0x9e3779b1. */
// @ts-ignore: decorator
@inline
function hash4(rowKey: v128, column: i32): v128 {
  const columns = i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3));
  let h = v128.xor(rowKey, i32x4.mul(columns, i32x4.splat(0x85ebca77)));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x7feb352d));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x846ca68b));
  return i32x4.shr_u(v128.xor(h, i32x4.shr_u(h, 16)), 8);
}

// @ts-ignore: decorator
@inline
function rowKeyOf(key: i32, row: i32): v128 {
  return i32x4.splat(key ^ (row * 0x9e3779b1));
}

/** Four uniform deviates in [0, 1); 0 in columns from `columns` on. */
// @ts-ignore: decorator
@inline
function uniform4(rowKey: v128, column: i32, columns: i32): v128 {
  const inside = i32x4.lt_s(i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3)), i32x4.splat(columns));
  const deviates = f32x4.mul(f32x4.convert_i32x4_s(hash4(rowKey, column)), f32x4.splat(5.9604644775390625e-8));
  return v128.and(deviates, inside);
}

/** The dropout mask: keeps and scales the elements of a row whose hash lies below `keepBelow`, and sets the others to 0; d a multiple of 4. */
export function maskRow(row: usize, d: i32, id: i32, key: i32, keepBelow: i32, keepScale: f32): void {
  const rowKey = rowKeyOf(key, id);
  const below = i32x4.splat(keepBelow);
  const scale = f32x4.splat(keepScale);
  for (let column = 0; column < d; column += 4) {
    const at = row + (column << 2);
    const kept = i32x4.lt_s(hash4(rowKey, column), below);
    v128.store(at, v128.and(f32x4.mul(v128.load(at), scale), kept));
  }
}

/** maskRow of every listed row; `list` = 0: of the rows [from, to) themselves. */
export function dropRows(y: usize, stride: i32, d: i32, key: i32, keepBelow: i32, keepScale: f32, list: usize, from: i32, to: i32): void {
  for (let slot = from; slot < to; slot++) {
    const row = list ? load<i32>(list + (slot << 2)) : slot;
    maskRow(y + row * stride, d, row, key, keepBelow, keepScale);
  }
}

/** y ← y + amount · sign(y) ⊙ n/‖n‖ for every listed row, n uniform in [0, 1) over `columns` columns. */
export function noiseRows(y: usize, stride: i32, columns: i32, key: i32, amount: f32, list: usize, from: i32, to: i32): void {
  const zero = f32x4.splat(0);
  for (let slot = from; slot < to; slot++) {
    const row = list ? load<i32>(list + (slot << 2)) : slot;
    const rowKey = rowKeyOf(key, row);
    const target = y + row * stride;
    let squares = zero;
    for (let column = 0; column < columns; column += 4) {
      const n = uniform4(rowKey, column, columns);
      squares = madd(n, n, squares);
    }
    const scale: f32 = amount / max<f32>(sqrt(sumLanes(squares)), 1e-12);
    const up = f32x4.splat(scale);
    const down = f32x4.splat(-scale);
    for (let column = 0; column < columns; column += 4) {
      const at = target + (column << 2);
      const x = v128.load(at);
      const signed = v128.or(v128.and(up, f32x4.gt(x, zero)), v128.and(down, f32x4.lt(x, zero)));
      v128.store(at, madd(signed, uniform4(rowKey, column, columns), x));
    }
  }
}
