import { rowOf } from './row-of';
import { madd } from './vector';

// Propagation over the graph, and copies between node tables: nodes × d, row-major, strides in bytes, d a multiple of 4. A node is a user, or an item after all users.
// Slots [from, to) of `list` ([i32]) name the rows to work on; `list` = 0: the rows are from … to − 1.

/** Neighbours that are filtered by marks at a time: the size of propagateRows's buffer, in words. 1 KiB stays in the first-level cache. */
const MARKED: i32 = 256;

/**
 * y_i = scale · left_i · Σ_j right_j · x_j + plusScale · plus_i, over the neighbours j of node i, ascending. `x`, `y` and `plus` (0: absent) are nodes × d; `left` and `right`
 * are [nodes] floats (powers of the degrees). The neighbours of node i are neighbours[offsets[i] … offsets[i + 1]) (CSR, i32).
 * `marks` and `plusMarks` hold one byte per node. Neighbours with mark 0 are skipped (`marks` = 0: none is); rows of plus with mark 0 count as 0 and are not read.
 * `buffer` is MARKED words that only this thread uses.
 * The work is bound by memory, not arithmetic: each neighbour costs a read of d floats at a random place.
 */
export function propagateRows(
  x: usize, xStride: i32, y: usize, yStride: i32, d: i32, offsets: usize, neighbours: usize, left: usize, right: usize, scale: f32,
  plus: usize, plusStride: i32, plusScale: f32, marks: usize, plusMarks: usize, buffer: usize, list: usize, from: i32, to: i32,
): void {
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const target = y + node * yStride;
    const added = plus != 0 && (plusMarks == 0 || load<u8>(plusMarks + node) != 0) ? plus + node * plusStride : 0;
    const factor: f32 = scale * load<f32>(left + (node << 2));
    let at = neighbours + (load<i32>(offsets + (node << 2)) << 2);
    const end = neighbours + (load<i32>(offsets + (node << 2), 4) << 2);
    if (!marks) {
      sumRows(target, x, xStride, d, at, <i32>(end - at) >> 2, right, true, true, factor, added, plusScale);
      continue;
    }
    // filters a chunk of neighbours into the buffer, then sums the rows it names; at least one turn, so that a node without neighbours is written too
    let first = true;
    do {
      const stop = min(end, at + (MARKED << 2));
      let count = 0;
      for (; at < stop; at += 4) {
        const j = load<i32>(at);
        // stored always and counted only if marked: no branch to mispredict
        store<i32>(buffer + (count << 2), j);
        count += load<u8>(marks + j) ? 1 : 0;
      }
      sumRows(target, x, xStride, d, buffer, count, right, first, at >= end, factor, added, plusScale);
      first = false;
    } while (at < end);
  }
}

/**
 * One part of a sum: out = (first ? 0 : out) + Σ_i weight_j · (row j of x), j = index_i, i < count. The `last` part ends it: out = factor · out + addedScale · added.
 * Loop order: column blocks outside, list inside. A block has 32 columns, whose eight sums stay in registers over the list.
 */
// @ts-ignore: decorator
@inline
function sumRows(
  out: usize, x: usize, stride: i32, d: i32, index: usize, count: i32, weights: usize, first: bool, last: bool, factor: f32, added: usize, addedScale: f32,
): void {
  const zero = f32x4.splat(0);
  const by = f32x4.splat(factor);
  const plus = f32x4.splat(addedScale);
  let column = 0;
  for (; column + 32 <= d; column += 32) {
    const o = out + (column << 2);
    const t = x + (column << 2);
    let s0 = first ? zero : v128.load(o);
    let s1 = first ? zero : v128.load(o, 16);
    let s2 = first ? zero : v128.load(o, 32);
    let s3 = first ? zero : v128.load(o, 48);
    let s4 = first ? zero : v128.load(o, 64);
    let s5 = first ? zero : v128.load(o, 80);
    let s6 = first ? zero : v128.load(o, 96);
    let s7 = first ? zero : v128.load(o, 112);
    for (let i = 0; i < count; i++) {
      const j = load<i32>(index + (i << 2));
      const w = v128.load32_splat(weights + (j << 2));
      const r = t + j * stride;
      s0 = madd(w, v128.load(r), s0);
      s1 = madd(w, v128.load(r, 16), s1);
      s2 = madd(w, v128.load(r, 32), s2);
      s3 = madd(w, v128.load(r, 48), s3);
      s4 = madd(w, v128.load(r, 64), s4);
      s5 = madd(w, v128.load(r, 80), s5);
      s6 = madd(w, v128.load(r, 96), s6);
      s7 = madd(w, v128.load(r, 112), s7);
    }
    if (last) {
      s0 = f32x4.mul(s0, by);
      s1 = f32x4.mul(s1, by);
      s2 = f32x4.mul(s2, by);
      s3 = f32x4.mul(s3, by);
      s4 = f32x4.mul(s4, by);
      s5 = f32x4.mul(s5, by);
      s6 = f32x4.mul(s6, by);
      s7 = f32x4.mul(s7, by);
      if (added) {
        const a = added + (column << 2);
        s0 = madd(plus, v128.load(a), s0);
        s1 = madd(plus, v128.load(a, 16), s1);
        s2 = madd(plus, v128.load(a, 32), s2);
        s3 = madd(plus, v128.load(a, 48), s3);
        s4 = madd(plus, v128.load(a, 64), s4);
        s5 = madd(plus, v128.load(a, 80), s5);
        s6 = madd(plus, v128.load(a, 96), s6);
        s7 = madd(plus, v128.load(a, 112), s7);
      }
    }
    v128.store(o, s0);
    v128.store(o, s1, 16);
    v128.store(o, s2, 32);
    v128.store(o, s3, 48);
    v128.store(o, s4, 64);
    v128.store(o, s5, 80);
    v128.store(o, s6, 96);
    v128.store(o, s7, 112);
  }
  for (; column < d; column += 4) {
    const o = out + (column << 2);
    const t = x + (column << 2);
    let s = first ? zero : v128.load(o);
    for (let i = 0; i < count; i++) {
      const j = load<i32>(index + (i << 2));
      s = madd(v128.load32_splat(weights + (j << 2)), v128.load(t + j * stride), s);
    }
    if (last) {
      s = f32x4.mul(s, by);
      if (added) s = madd(plus, v128.load(added + (column << 2)), s);
    }
    v128.store(o, s);
  }
}

/** y = scale · x over `d` columns, or keep · y + scale · x when keep is not 0; keep = 0 never reads y, which may then hold anything. */
export function combineRows(
  x: usize, xStride: i32, y: usize, yStride: i32, d: i32, keep: f32, scale: f32, list: usize, from: i32, to: i32,
): void {
  const bytes = d << 2;
  const whole = bytes & ~15;
  const k = f32x4.splat(keep);
  const s = f32x4.splat(scale);
  for (let slot = from; slot < to; slot++) {
    const node = rowOf(list, slot);
    const source = x + node * xStride;
    const target = y + node * yStride;
    if (keep == 0) {
      for (let b = 0; b < whole; b += 16) v128.store(target + b, f32x4.mul(s, v128.load(source + b)));
    } else {
      for (let b = 0; b < whole; b += 16) {
        v128.store(target + b, madd(s, v128.load(source + b), f32x4.mul(k, v128.load(target + b))));
      }
    }
    // single floats: the columns after d belong to a wider table
    for (let b = whole; b < bytes; b += 4) {
      const value = scale * load<f32>(source + b);
      store<f32>(target + b, keep == 0 ? value : value + keep * load<f32>(target + b));
    }
  }
}

/** Sets the first `columns` floats of every listed row to `value`; the padding after them stays 0. */
export function fillRows(y: usize, stride: i32, columns: i32, value: f32, list: usize, from: i32, to: i32): void {
  const whole = columns & ~3;
  const values = f32x4.splat(value);
  for (let slot = from; slot < to; slot++) {
    const target = y + rowOf(list, slot) * stride;
    for (let column = 0; column < whole; column += 4) v128.store(target + (column << 2), values);
    for (let column = whole; column < columns; column++) store<f32>(target + (column << 2), value);
  }
}

/** Row list_s of `y` = row s of `x`, for slots s in [from, to); d floats per row, `stride` bytes between rows in both. The rows of the list must be distinct. */
export function scatterRows(x: usize, y: usize, stride: i32, d: i32, list: usize, from: i32, to: i32): void {
  for (let slot = from; slot < to; slot++) memory.copy(y + load<i32>(list + (slot << 2)) * stride, x + slot * stride, d << 2);
}
