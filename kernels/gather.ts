import { madd, sumLanes } from './vector';

// Dot products with listed rows of a table, and weighted sums of listed rows: for the positives of any batch, and for pair batches, whose rows have negatives of their own.

/**
 * out_i = ⟨query, row index_i of table⟩ for i in [0, count). `query` is [d] floats, `table` rows × d, row-major, `stride` bytes between rows; d is a multiple of 4.
 * `index` is [count] i32, `out` [count] floats.
 * Four rows at a time share the loads of the query. Each dot product adds in the same order whether its row is one of four or of the remainder, so a score does
 * not depend on the position of its item in the list.
 */
export function gatherDots(query: usize, table: usize, stride: i32, d: i32, index: usize, count: i32, out: usize): void {
  const bytes = d << 2;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const r0 = table + load<i32>(index + (i << 2)) * stride;
    const r1 = table + load<i32>(index + (i << 2), 4) * stride;
    const r2 = table + load<i32>(index + (i << 2), 8) * stride;
    const r3 = table + load<i32>(index + (i << 2), 12) * stride;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let k = 0; k < bytes; k += 16) {
      const q = v128.load(query + k);
      s0 = madd(q, v128.load(r0 + k), s0);
      s1 = madd(q, v128.load(r1 + k), s1);
      s2 = madd(q, v128.load(r2 + k), s2);
      s3 = madd(q, v128.load(r3 + k), s3);
    }
    store<f32>(out + (i << 2), sumLanes(s0));
    store<f32>(out + (i << 2), sumLanes(s1), 4);
    store<f32>(out + (i << 2), sumLanes(s2), 8);
    store<f32>(out + (i << 2), sumLanes(s3), 12);
  }
  for (; i < count; i++) {
    const r = table + load<i32>(index + (i << 2)) * stride;
    let s = f32x4.splat(0);
    for (let k = 0; k < bytes; k += 16) s = madd(v128.load(query + k), v128.load(r + k), s);
    store<f32>(out + (i << 2), sumLanes(s));
  }
}

/**
 * out += Σ_i coefficient_i · (row index_i of table), i ascending from 0 to count − 1. `out` is [d] floats, `table` rows × d, row-major, `stride` bytes between rows; `index` is
 * [count] i32. Coefficient i is coefficients[i], or coefficients[coefficientIndex[i]] where `coefficientIndex` is not 0.
 * Loop order: column blocks outside, list inside. A block has 32 columns: its eight sums stay in registers over the whole list, so `out` is read and written once.
 */
export function gatherSum(out: usize, table: usize, stride: i32, d: i32, index: usize, coefficients: usize, coefficientIndex: usize, count: i32): void {
  let column = 0;
  for (; column + 32 <= d; column += 32) {
    const o = out + (column << 2);
    const t = table + (column << 2);
    let s0 = v128.load(o);
    let s1 = v128.load(o, 16);
    let s2 = v128.load(o, 32);
    let s3 = v128.load(o, 48);
    let s4 = v128.load(o, 64);
    let s5 = v128.load(o, 80);
    let s6 = v128.load(o, 96);
    let s7 = v128.load(o, 112);
    for (let i = 0; i < count; i++) {
      const at = coefficientIndex ? load<i32>(coefficientIndex + (i << 2)) : i;
      const g = v128.load32_splat(coefficients + (at << 2));
      const r = t + load<i32>(index + (i << 2)) * stride;
      s0 = madd(g, v128.load(r), s0);
      s1 = madd(g, v128.load(r, 16), s1);
      s2 = madd(g, v128.load(r, 32), s2);
      s3 = madd(g, v128.load(r, 48), s3);
      s4 = madd(g, v128.load(r, 64), s4);
      s5 = madd(g, v128.load(r, 80), s5);
      s6 = madd(g, v128.load(r, 96), s6);
      s7 = madd(g, v128.load(r, 112), s7);
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
  // the columns after the last block of 32, four at a time
  for (; column < d; column += 4) {
    const o = out + (column << 2);
    const t = table + (column << 2);
    let s = v128.load(o);
    for (let i = 0; i < count; i++) {
      const at = coefficientIndex ? load<i32>(coefficientIndex + (i << 2)) : i;
      s = madd(v128.load32_splat(coefficients + (at << 2)), v128.load(t + load<i32>(index + (i << 2)) * stride), s);
    }
    v128.store(o, s);
  }
}
