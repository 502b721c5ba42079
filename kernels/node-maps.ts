import { rowOf } from './row-of';
import { madd, sumLanes } from './vector';

// Element-wise and row-wise maps of node tables: nodes × d, row-major, strides in bytes, d a multiple of 4. A node is a user, or an item after all users.
// Slots [from, to) of `list` ([i32]) name the rows to work on; `list` = 0: the rows are from … to − 1. Each table has its own stride, since tables differ in width.

/** z = x ⊙ y, or keep · z + x ⊙ y when keep is not 0; keep = 0 never reads z, which may then hold anything. */
export function multiplyRows(
  x: usize, xStride: i32, y: usize, yStride: i32, z: usize, zStride: i32, d: i32, keep: f32, list: usize, from: i32, to: i32,
): void {
  const bytes = d << 2;
  const k = f32x4.splat(keep);
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const a = x + node * xStride;
    const b = y + node * yStride;
    const target = z + node * zStride;
    if (keep == 0) {
      for (let at = 0; at < bytes; at += 16) v128.store(target + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
    } else {
      for (let at = 0; at < bytes; at += 16) {
        v128.store(target + at, madd(v128.load(a + at), v128.load(b + at), f32x4.mul(k, v128.load(target + at))));
      }
    }
  }
}

/** Leaky ReLU and its gradient: g stays where y > 0 and becomes slope · g elsewhere. `g` may be `y` (forward). */
export function leakyRows(y: usize, yStride: i32, g: usize, gStride: i32, d: i32, slope: f32, list: usize, from: i32, to: i32): void {
  const bytes = d << 2;
  const zero = f32x4.splat(0);
  const slopes = f32x4.splat(slope);
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const source = y + node * yStride;
    const target = g + node * gStride;
    for (let at = 0; at < bytes; at += 16) {
      const value = v128.load(target + at);
      const above = f32x4.gt(v128.load(source + at), zero);
      v128.store(target + at, v128.bitselect(value, f32x4.mul(value, slopes), above));
    }
  }
}

/** 1 / max(‖x‖, 1e-12) of a row. Reads whole vectors: the padding is 0 and adds nothing to the norm. */
// @ts-ignore: decorator
@inline
function inverseNorm(x: usize, columns: i32): f32 {
  let squares = f32x4.splat(0);
  for (let column = 0; column < columns; column += 4) {
    const v = v128.load(x + (column << 2));
    squares = madd(v, v, squares);
  }
  return 1 / max<f32>(sqrt(sumLanes(squares)), 1e-12);
}

/** y = x / max(‖x‖, 1e-12) row by row, over `columns` columns. `y` may point at a window of a wider table: it need not begin or end at a multiple of 4 columns. */
export function normalizeRows(
  x: usize, xStride: i32, y: usize, yStride: i32, columns: i32, list: usize, from: i32, to: i32,
): void {
  // single floats from here on: a whole vector would overwrite the columns after the window
  const whole = columns & ~3;
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const source = x + node * xStride;
    const target = y + node * yStride;
    const inverse = inverseNorm(source, columns);
    const factor = f32x4.splat(inverse);
    let column = 0;
    for (; column < whole; column += 4) {
      v128.store(target + (column << 2), f32x4.mul(v128.load(source + (column << 2)), factor));
    }
    for (; column < columns; column++) {
      store<f32>(target + (column << 2), load<f32>(source + (column << 2)) * inverse);
    }
  }
}

/**
 * The gradient of normalizeRows: dx = keep · dx + (g − ⟨g, x̂⟩ x̂) / max(‖x‖, 1e-12), with x̂ = x / max(‖x‖, 1e-12). `g` may be a window, like y of normalizeRows; `x`
 * and `dx` have whole rows. keep = 0 overwrites dx.
 */
export function normalizeBackwardRows(
  x: usize, xStride: i32, g: usize, gStride: i32, dx: usize, dxStride: i32, columns: i32, keep: f32, list: usize, from: i32, to: i32,
): void {
  const whole = columns & ~3;
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const source = x + node * xStride;
    const gradient = g + node * gStride;
    const target = dx + node * dxStride;
    const inverse = inverseNorm(source, columns);
    let products = f32x4.splat(0);
    let column = 0;
    for (; column < whole; column += 4) {
      products = madd(v128.load(gradient + (column << 2)), v128.load(source + (column << 2)), products);
    }
    let along = sumLanes(products);
    for (; column < columns; column++) along += load<f32>(gradient + (column << 2)) * load<f32>(source + (column << 2));
    // −⟨g, x⟩/‖x‖², the factor of x before the division by ‖x‖: x̂ itself is never formed
    const back: f32 = -along * inverse * inverse;
    const backs = f32x4.splat(back);
    const factor = f32x4.splat(inverse);
    const k = f32x4.splat(keep);
    for (column = 0; column < whole; column += 4) {
      const at = column << 2;
      const value = f32x4.mul(madd(backs, v128.load(source + at), v128.load(gradient + at)), factor);
      v128.store(target + at, keep == 0 ? value : madd(k, v128.load(target + at), value));
    }
    for (; column < columns; column++) {
      const at = column << 2;
      const value: f32 = (load<f32>(gradient + at) + back * load<f32>(source + at)) * inverse;
      store<f32>(target + at, keep == 0 ? value : keep * load<f32>(target + at) + value);
    }
  }
}

/** Row s of `packed` = row list_s of `x`, for slots s in [from, to); d floats per row, `stride` bytes between rows in both. */
export function collectRows(x: usize, packed: usize, stride: i32, d: i32, list: usize, from: i32, to: i32): void {
  for (let slot = from; slot < to; slot++) memory.copy(packed + slot * stride, x + load<i32>(list + (slot << 2)) * stride, d << 2);
}

/** Row list_s of `y` += row s of `packed`, for slots s in [from, to); shapes as in collectRows. The rows of the list must be distinct. */
export function addRows(packed: usize, y: usize, stride: i32, d: i32, list: usize, from: i32, to: i32): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const source = packed + slot * stride;
    const target = y + load<i32>(list + (slot << 2)) * stride;
    for (let at = 0; at < bytes; at += 16) {
      v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(source + at)));
    }
  }
}
