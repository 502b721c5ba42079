import { maskRow } from './random';
import { sgdStep } from './optimizer-step';
import { rowOf } from './row-of';
import { madd, normal, normalSquare, sumLanes } from './vector';

// The rows of a batch: brought up to date and gathered from the tables into packed rows, their gradients brought back, and the optimiser's steps on them.
// Tables are rows × d, row-major, d a multiple of 4, `stride` bytes between rows; packed rows and gradients are slots × d with the same stride. `list` ([i32]) names the
// table row of each slot; 0: slot i is row i. The rows of a list that a kernel writes to must be distinct: threads with different slots then never write the same row.
// A step reads each touched row of a table before scoring (latest…Rows, which write only the batch's copies) and writes it once, with its moments (adamRows, sgdRows).

/**
 * For slots i in [from, to): packed_i = row, or row / max(‖row‖, 1e-12) when `cosine`; norms_i = that divisor (1 without cosine), [slots] floats.
 * `drop` applies the dropout mask first (see dropRows; dropKey, keepBelow and keepScale are its arguments); `ids` ([i32]) names the row of the mask of each slot.
 */
export function gatherRows(
  table: usize, stride: i32, d: i32, list: usize, ids: usize, from: i32, to: i32, packed: usize, norms: usize, cosine: bool,
  drop: bool, dropKey: i32, keepBelow: i32, keepScale: f32,
): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    let source = table + rowOf(list, slot) * stride;
    const target = packed + slot * stride;
    if (drop || !cosine) copyRow(target, source, bytes);
    if (drop) {
      maskRow(target, d, rowOf(ids, slot), dropKey, keepBelow, keepScale);
      source = target;
    }
    let norm: f32 = 1;
    if (cosine) {
      let s = f32x4.splat(0);
      for (let k = 0; k < bytes; k += 16) {
        const x = v128.load(source + k);
        s = madd(x, x, s);
      }
      norm = max(sqrt(sumLanes(s)), 1e-12);
      const inverse = f32x4.splat(1 / norm);
      for (let k = 0; k < bytes; k += 16) v128.store(target + k, f32x4.mul(v128.load(source + k), inverse));
    }
    store<f32>(norms + (slot << 2), norm);
  }
}

/**
 * The gradient of gatherRows: turns gradients of packed rows into gradients of table rows, in place, for slots [from, to). In this order: scaled by `scales` ([slots]
 * floats; 0: all 1), through the normalisation (g − ⟨g, x̂⟩ x̂)/‖x‖ when `cosine`, through the dropout mask, plus l2 · row.
 * `packed` and `norms` must be as gatherRows left them; `rows` are the rows before dropout and normalisation, slots × d; `ids` is that of gatherRows.
 */
export function backwardRows(
  rows: usize, stride: i32, d: i32, ids: usize, from: i32, to: i32, packed: usize, norms: usize, gradients: usize, scales: usize, cosine: bool,
  drop: bool, dropKey: i32, keepBelow: i32, keepScale: f32, l2: f32,
): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const g = gradients + slot * stride;
    const x = packed + slot * stride;
    const scale: f32 = scales ? load<f32>(scales + (slot << 2)) : 1;
    if (cosine) {
      let s = f32x4.splat(0);
      for (let k = 0; k < bytes; k += 16) s = madd(v128.load(g + k), v128.load(x + k), s);
      const along = f32x4.splat(-sumLanes(s));
      const factor = f32x4.splat(scale / load<f32>(norms + (slot << 2)));
      for (let k = 0; k < bytes; k += 16) {
        v128.store(g + k, f32x4.mul(madd(along, v128.load(x + k), v128.load(g + k)), factor));
      }
    } else if (scales) {
      const factor = f32x4.splat(scale);
      for (let k = 0; k < bytes; k += 16) v128.store(g + k, f32x4.mul(v128.load(g + k), factor));
    }
    if (drop) maskRow(g, d, rowOf(ids, slot), dropKey, keepBelow, keepScale);
    if (l2 != 0) {
      const row = rows + slot * stride;
      const weight = f32x4.splat(l2);
      for (let k = 0; k < bytes; k += 16) v128.store(g + k, madd(weight, v128.load(row + k), v128.load(g + k)));
    }
  }
}

/**
 * Rows as Adam's skipped steps leave them, for slots [from, to), copied to `rows` (slots × d). A dense optimiser moves every row in every step, even where the gradient
 * is 0; a row whose `last` step of the epoch is before `now` has k = now − last such steps to make up for:
 * rows_i = row·kept(now)/kept(last) − c·m/(√v + ε′), c = kept(now)·sums(last). Tables and moments stay as they are: adamRows writes them.
 * `table`, `m` and `v` are rows × d; `last` is [rows] i32. The other tables are f64 by step of the epoch: `sums` Σ_s lr_s·r^(s − b)·√(1 − β2^s)/(1 − β1^s)/kept(s) over
 * the steps s after b, `kept` the running product of the decoupled decays, `epsilons` ε√(1 − β2^(s+1)).
 */
export function latestAdamRows(
  table: usize, m: usize, v: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, now: i32, sums: usize, kept: usize, epsilons: usize, rows: usize,
): void {
  const bytes = d << 2;
  const keptNow = load<f64>(kept + (now << 3));
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const begin = load<i32>(last + (id << 2));
    const target = rows + slot * stride;
    const offset = id * stride;
    if (begin >= now) {
      copyRow(target, table + offset, bytes);
      continue;
    }
    // the tables are in double precision, the rows in single: only the row's factors are rounded
    const decay = f32x4.splat(<f32>(keptNow / load<f64>(kept + (begin << 3))));
    const move = f32x4.splat(<f32>(-keptNow * load<f64>(sums + (begin << 3))));
    const epsilon = f32x4.splat(<f32>load<f64>(epsilons + (begin << 3)));
    const row = table + offset;
    const mRow = m + offset;
    const vRow = v + offset;
    for (let k = 0; k < bytes; k += 16) {
      const ratio = f32x4.div(v128.load(mRow + k), f32x4.add(f32x4.sqrt(v128.load(vRow + k)), epsilon));
      v128.store(target + k, madd(move, ratio, f32x4.mul(v128.load(row + k), decay)));
    }
  }
}

/**
 * Applies Adam's skipped steps to the table itself, for rows [from, to): the rows of latestAdamRows, m *= β1^k, v *= β2^k, and `last` becomes `now`.
 * `powers1` and `powers2` are f64 by number of steps k: β1^k and β2^k.
 */
export function skipAdamRows(
  table: usize, m: usize, v: usize, last: usize, stride: i32, d: i32, from: i32, to: i32, now: i32, sums: usize, kept: usize, epsilons: usize,
  powers1: usize, powers2: usize,
): void {
  const bytes = d << 2;
  latestAdamRows(table, m, v, last, stride, d, 0, from, to, now, sums, kept, epsilons, table);
  for (let id = from; id < to; id++) {
    const begin = load<i32>(last + (id << 2));
    if (begin >= now) continue;
    store<i32>(last + (id << 2), now);
    const fall1 = f32x4.splat(<f32>load<f64>(powers1 + ((now - begin) << 3)));
    const fall2 = f32x4.splat(<f32>load<f64>(powers2 + ((now - begin) << 3)));
    const mRow = m + id * stride;
    const vRow = v + id * stride;
    for (let k = 0; k < bytes; k += 16) {
      v128.store(mRow + k, normal(f32x4.mul(v128.load(mRow + k), fall1)));
      v128.store(vRow + k, normalSquare(f32x4.mul(v128.load(vRow + k), fall2)));
    }
  }
}

/**
 * One Adam step for slots [from, to), from the rows that latestAdamRows left in `rows` (slots × d). With k the steps that a row has skipped since `last`:
 * m ← β1·(m β1^k) + (1 − β1) g; v ← β2·(v β2^k) + (1 − β2) g²; row ← rows_i·decay − size·m/(√v·correction + ε), size = lr/(1 − β1^t), correction = 1/√(1 − β2^t).
 * Sets `last` ([rows] i32) of these rows to `now`, the number of this step. `table`, `m` and `v` are rows × d; `gradients` slots × d; `powers1` and `powers2` are those of skipAdamRows.
 */
export function adamRows(
  table: usize, m: usize, v: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, rows: usize, gradients: usize, now: i32,
  powers1: usize, powers2: usize, beta1: f32, beta2: f32, size: f32, correction: f32, epsilon: f32, decay: f32,
): void {
  const bytes = d << 2;
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const a1 = f32x4.splat(1 - beta1);
  const a2 = f32x4.splat(1 - beta2);
  const move = f32x4.splat(-size);
  const root = f32x4.splat(correction);
  const eps = f32x4.splat(epsilon);
  const keep = f32x4.splat(decay);
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const offset = id * stride;
    const skipped = now - 1 - load<i32>(last + (id << 2));
    store<i32>(last + (id << 2), now);
    const fall1 = f32x4.splat(<f32>load<f64>(powers1 + (skipped << 3)));
    const fall2 = f32x4.splat(<f32>load<f64>(powers2 + (skipped << 3)));
    const g = gradients + slot * stride;
    const x = rows + slot * stride;
    const row = table + offset;
    const mRow = m + offset;
    const vRow = v + offset;
    // two loops: the constants of both together are more than the 16 vector registers of x86-64
    for (let k = 0; k < bytes; k += 16) {
      const gk = v128.load(g + k);
      const mk = normal(f32x4.mul(v128.load(mRow + k), fall1));
      const vk = normalSquare(f32x4.mul(v128.load(vRow + k), fall2));
      v128.store(mRow + k, normal(madd(a1, gk, f32x4.mul(b1, mk))));
      v128.store(vRow + k, normalSquare(madd(a2, f32x4.mul(gk, gk), f32x4.mul(b2, vk))));
    }
    for (let k = 0; k < bytes; k += 16) {
      const ratio = f32x4.div(v128.load(mRow + k), madd(f32x4.sqrt(v128.load(vRow + k)), root, eps));
      v128.store(row + k, madd(move, ratio, f32x4.mul(v128.load(x + k), keep)));
    }
  }
}

/**
 * Rows as SGD's skipped steps leave them, which are only decays, for slots [from, to), copied to `rows` (slots × d): rows_i = row·kept(now)/kept(last). The table stays
 * as it is. `kept` and `last` are those of latestAdamRows.
 */
export function latestSgdRows(table: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, now: i32, kept: usize, rows: usize): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const begin = load<i32>(last + (id << 2));
    const row = table + id * stride;
    const target = rows + slot * stride;
    if (begin >= now) {
      copyRow(target, row, bytes);
      continue;
    }
    const decay = f32x4.splat(<f32>(load<f64>(kept + (now << 3)) / load<f64>(kept + (begin << 3))));
    for (let k = 0; k < bytes; k += 16) v128.store(target + k, f32x4.mul(v128.load(row + k), decay));
  }
}

/** Applies SGD's skipped steps to the table itself, for rows [from, to), and sets `last` to `now`. */
export function skipSgdRows(table: usize, last: usize, stride: i32, d: i32, from: i32, to: i32, now: i32, kept: usize): void {
  latestSgdRows(table, last, stride, d, 0, from, to, now, kept, table);
  for (let id = from; id < to; id++) store<i32>(last + (id << 2), max(now, load<i32>(last + (id << 2))));
}

/**
 * One SGD step for slots [from, to), from the rows that latestSgdRows left in `rows` (slots × d): row ← rows_i·decay − lr·g. `table` is rows × d, `gradients` slots × d.
 * Sets `last` of these rows to `now`.
 */
export function sgdRows(
  table: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, rows: usize, gradients: usize, now: i32, learningRate: f32, decay: f32,
): void {
  const bytes = d << 2;
  const keep = f32x4.splat(decay);
  const move = f32x4.splat(-learningRate);
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const row = table + id * stride;
    const x = rows + slot * stride;
    const g = gradients + slot * stride;
    store<i32>(last + (id << 2), now);
    for (let k = 0; k < bytes; k += 16) sgdStep(row + k, v128.load(x + k), v128.load(g + k), move, keep);
  }
}

/** Copies a row of `bytes` bytes, a multiple of 16: for so few bytes memory.copy, which leaves the kernel, costs more. */
// @ts-ignore: decorator
@inline
function copyRow(target: usize, source: usize, bytes: i32): void {
  for (let k = 0; k < bytes; k += 16) v128.store(target + k, v128.load(source + k));
}

/** target_i = scales_i · source_i for rows i in [from, to); `source` and `target` are rows × d, `scales` [rows] floats. */
export function scaleRows(source: usize, target: usize, stride: i32, d: i32, scales: usize, from: i32, to: i32): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const factor = f32x4.splat(load<f32>(scales + (slot << 2)));
    const offset = slot * stride;
    for (let k = 0; k < bytes; k += 16) v128.store(target + offset + k, f32x4.mul(v128.load(source + offset + k), factor));
  }
}

/**
 * Packs rows [from, to) of `source` (rows × d) into transposed panels of eight rows, the tiles of B that `product` reads with unit stride: element (row, k) of panel
 * p = ⌊row / 8⌋ lies at float (p·d + k)·8 + row mod 8. `from` is a multiple of 8. Rows from `count` on, which fill up the last panel, are taken as 0.
 * A panel is done in two halves of four rows, each by transposing blocks of 4 × 4 floats in registers.
 */
export function packPanels(source: usize, stride: i32, d: i32, from: i32, to: i32, count: i32, panels: usize): void {
  for (let first = from; first < to; first += 8) {
    const panel = panels + (first >> 3) * (d << 5);
    const at = source + first * stride;
    if (first + 8 <= count) {
      packHalf(at, stride, d, 4, panel);
      packHalf(at + 4 * stride, stride, d, 4, panel + 16);
    } else {
      packHalf(at, stride, d, min(4, count - first), panel);
      packHalf(at + 4 * stride, stride, d, count - first - 4, panel + 16);
    }
  }
}

/** Half a panel: four rows from `at` on, of which `filled` exist. A constant 4 leaves out the comparisons. */
// @ts-ignore: decorator
@inline
function packHalf(at: usize, stride: i32, d: i32, filled: i32, target: usize): void {
  for (let k = 0; k < d; k += 4) {
    const zero = f32x4.splat(0);
    const row = at + (k << 2);
    const a = filled > 0 ? v128.load(row) : zero;
    const b = filled > 1 ? v128.load(row + stride) : zero;
    const c = filled > 2 ? v128.load(row + 2 * stride) : zero;
    const e = filled > 3 ? v128.load(row + 3 * stride) : zero;
    const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const ce0 = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const ce1 = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
    const o = target + (k << 5);
    v128.store(o, v128.shuffle<f32>(ab0, ce0, 0, 1, 4, 5));
    v128.store(o, v128.shuffle<f32>(ab0, ce0, 2, 3, 6, 7), 32);
    v128.store(o, v128.shuffle<f32>(ab1, ce1, 0, 1, 4, 5), 64);
    v128.store(o, v128.shuffle<f32>(ab1, ce1, 2, 3, 6, 7), 96);
  }
}

/**
 * Copies a block of a matrix to consecutive memory: `rows` rows of `count` floats, `stride` bytes apart at `source`, lie packedStride bytes apart at `packed`. count is
 * rounded up to a multiple of 4. `product` reads a transposed A from such a copy: where every row begins a new page of memory, each tile would miss the table of pages.
 */
export function packColumns(source: usize, stride: i32, rows: i32, count: i32, packed: usize, packedStride: i32): void {
  const bytes = ((count + 3) & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    copyRow(packed, source, bytes);
    source += stride;
    packed += packedStride;
  }
}
