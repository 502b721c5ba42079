import { madd, sumLanes } from './vector';

// Random numbers as hashes of (key, row, column), without a state: the same on every engine and thread. src/array/random.ts defines them in plain JavaScript.

/**
 * The upper 24 bits of the hashes of the four columns from `column` on; `rowKey` = key ^ row·0x9e3779b1. 24 bits, because a 32-bit float holds each such number exactly.
 * Multiplications and shifts are a 32-bit integer finaliser: every bit of the counter changes about half the bits of the hash.
 */
// @ts-ignore: decorator
@inline
function hash4(rowKey: v128, column: i32): v128 {
  const columns = i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3));
  let h = v128.xor(rowKey, i32x4.mul(columns, i32x4.splat(0x85ebca77)));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x7feb352d));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x846ca68b));
  return i32x4.shr_u(v128.xor(h, i32x4.shr_u(h, 16)), 8);
}

/** key ^ row·0x9e3779b1 in four lanes: the part of the hash's input that a row's columns share. */
// @ts-ignore: decorator
@inline
function rowKeyOf(key: i32, row: i32): v128 {
  return i32x4.splat(key ^ (row * 0x9e3779b1));
}

/** Four uniform deviates in [0, 1), hash · 2⁻²⁴; 0 from column `columns` on, so that the padding stays 0. */
// @ts-ignore: decorator
@inline
function uniform4(rowKey: v128, column: i32, columns: i32): v128 {
  const inside = i32x4.lt_s(i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3)), i32x4.splat(columns));
  const deviates = f32x4.mul(f32x4.convert_i32x4_s(hash4(rowKey, column)), f32x4.splat(5.9604644775390625e-8));
  return v128.and(deviates, inside);
}

/**
 * Applies the dropout mask to one row of d floats, a multiple of 4, at address `row`: elements whose 24-bit hash of (key, id, column) is below `keepBelow` are multiplied by
 * `keepScale` = 1/(1 − p), the others become 0.
 */
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

/**
 * Dropout of the rows that slots [from, to) of `list` name (`list` = 0: of the rows from … to − 1). `y` is rows × d, `stride` bytes between rows; elements whose 24-bit hash of
 * (key, row, column) is below `keepBelow` are multiplied by `keepScale`, the others become 0.
 */
export function dropRows(y: usize, stride: i32, d: i32, key: i32, keepBelow: i32, keepScale: f32, list: usize, from: i32, to: i32): void {
  for (let slot = from; slot < to; slot++) {
    const row = list ? load<i32>(list + (slot << 2)) : slot;
    maskRow(y + row * stride, d, row, key, keepBelow, keepScale);
  }
}

/**
 * Adds noise of length `amount` that keeps signs: y ← y + amount · sign(y) ⊙ n/‖n‖ for every listed row (`list` as in dropRows), with n uniform in [0, 1) over `columns` columns.
 * `y` is rows × columns, padded, `stride` bytes between rows. The deviates are hashed twice, for the norm and for the sum, which needs no scratch memory.
 */
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
