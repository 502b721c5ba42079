import { maskRow } from './random';
import { adamStep, sgdStep } from './optimizer-step';
import { rowOf } from './row-of';
import { madd, normal, sumLanes } from './vector';

// The rows of a batch: gathered from the tables into packed rows, their gradients brought back, and the optimiser's steps on them.
// Tables are rows × d, row-major, d a multiple of 4, `stride` bytes between rows; packed rows and gradients are slots × d with the same stride. `list` ([i32]) names the
// table row of each slot; 0: slot i is row i. The rows of a list that a kernel writes to must be distinct: threads with different slots then never write the same row.

/**
 * For slots i in [from, to): packed_i = row, or row / max(‖row‖, 1e-12) when `cosine`; norms_i = that divisor (1 without cosine), [slots] floats.
 * `drop` applies the dropout mask first (see dropRows; dropKey, keepBelow and keepScale are its arguments).
 */
export function gatherRows(
  table: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, packed: usize, norms: usize, cosine: bool,
  drop: bool, dropKey: i32, keepBelow: i32, keepScale: f32,
): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const source = table + id * stride;
    const target = packed + slot * stride;
    memory.copy(target, source, bytes);
    if (drop) maskRow(target, d, id, dropKey, keepBelow, keepScale);
    let norm: f32 = 1;
    if (cosine) {
      let s = f32x4.splat(0);
      for (let k = 0; k < bytes; k += 16) {
        const x = v128.load(target + k);
        s = madd(x, x, s);
      }
      norm = max(sqrt(sumLanes(s)), 1e-12);
      const inverse = f32x4.splat(1 / norm);
      for (let k = 0; k < bytes; k += 16) v128.store(target + k, f32x4.mul(v128.load(target + k), inverse));
    }
    store<f32>(norms + (slot << 2), norm);
  }
}

/**
 * The gradient of gatherRows: turns gradients of packed rows into gradients of table rows, in place, for slots [from, to). In this order: scaled by `scales` ([slots]
 * floats; 0: all 1), through the normalisation (g − ⟨g, x̂⟩ x̂)/‖x‖ when `cosine`, through the dropout mask, plus l2 · row.
 * `packed` and `norms` must be as gatherRows left them.
 */
export function backwardRows(
  table: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, packed: usize, norms: usize, gradients: usize, scales: usize, cosine: bool,
  drop: bool, dropKey: i32, keepBelow: i32, keepScale: f32, l2: f32,
): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
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
    if (drop) maskRow(g, d, id, dropKey, keepBelow, keepScale);
    if (l2 != 0) {
      const row = table + id * stride;
      const weight = f32x4.splat(l2);
      for (let k = 0; k < bytes; k += 16) v128.store(g + k, madd(weight, v128.load(row + k), v128.load(g + k)));
    }
  }
}

/**
 * Adam's skipped steps for slots [from, to). A dense optimiser moves every row in every step, even where the gradient is 0; this applies k = now − last such steps at
 * once to rows whose `last` step of the epoch is before `now`:
 * row ← row·kept(now)/kept(last) − c·m/(√v + ε′), c = kept(now)·sums(last); m *= β1^k, v *= β2^k.
 * `table`, `m` and `v` are rows × d; `last` is [rows] i32. The other tables are f64 by step of the epoch: `sums` Σ_s lr_s·r^(s − b)·√(1 − β2^s)/(1 − β1^s)/kept(s) over
 * the steps s after b, `kept` the running product of the decoupled decays, `epsilons` ε√(1 − β2^(s+1)); by number of steps k: `powers1` β1^k, `powers2` β2^k.
 */
export function skipAdamRows(
  table: usize, m: usize, v: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, now: i32,
  sums: usize, kept: usize, epsilons: usize, powers1: usize, powers2: usize,
): void {
  const bytes = d << 2;
  const keptNow = load<f64>(kept + (now << 3));
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const begin = load<i32>(last + (id << 2));
    if (begin >= now) continue;
    store<i32>(last + (id << 2), now);
    const decay = f32x4.splat(<f32>(keptNow / load<f64>(kept + (begin << 3))));
    const move = f32x4.splat(<f32>(-keptNow * load<f64>(sums + (begin << 3))));
    const epsilon = f32x4.splat(<f32>load<f64>(epsilons + (begin << 3)));
    const fall1 = f32x4.splat(<f32>load<f64>(powers1 + ((now - begin) << 3)));
    const fall2 = f32x4.splat(<f32>load<f64>(powers2 + ((now - begin) << 3)));
    const offset = id * stride;
    // the tables are in double precision, the rows in single: only the row's five factors are rounded
    for (let k = 0; k < bytes; k += 16) {
      const mk = v128.load(m + offset + k);
      const vk = v128.load(v + offset + k);
      const x = f32x4.mul(v128.load(table + offset + k), decay);
      v128.store(table + offset + k, madd(move, f32x4.div(mk, f32x4.add(f32x4.sqrt(vk), epsilon)), x));
      v128.store(m + offset + k, normal(f32x4.mul(mk, fall1)));
      v128.store(v + offset + k, normal(f32x4.mul(vk, fall2)));
    }
  }
}

/**
 * One Adam step for slots [from, to): row ← row·decay; m ← β1 m + (1 − β1) g; v ← β2 v + (1 − β2) g²;
 * row −= size·m/(√v·correction + ε), size = lr/(1 − β1^t), correction = 1/√(1 − β2^t). Sets `last` ([rows] i32) of these rows to `now`.
 * `table`, `m` and `v` are rows × d; `gradients` slots × d.
 */
export function adamRows(
  table: usize, m: usize, v: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, gradients: usize, now: i32,
  beta1: f32, beta2: f32, size: f32, correction: f32, epsilon: f32, decay: f32,
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
    const g = gradients + slot * stride;
    store<i32>(last + (id << 2), now);
    for (let k = 0; k < bytes; k += 16) {
      const at = offset + k;
      adamStep(table + at, m + at, v + at, v128.load(table + at), v128.load(g + k), b1, a1, b2, a2, move, root, eps, keep);
    }
  }
}

/** SGD's skipped steps for slots [from, to), which are only decays: row ← row·kept(now)/kept(last). `kept` and `last` are those of skipAdamRows. */
export function skipSgdRows(table: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, now: i32, kept: usize): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const begin = load<i32>(last + (id << 2));
    if (begin >= now) continue;
    store<i32>(last + (id << 2), now);
    const decay = f32x4.splat(<f32>(load<f64>(kept + (now << 3)) / load<f64>(kept + (begin << 3))));
    const row = table + id * stride;
    for (let k = 0; k < bytes; k += 16) v128.store(row + k, f32x4.mul(v128.load(row + k), decay));
  }
}

/** One SGD step for slots [from, to): row ← row·decay − lr·g. `table` is rows × d, `gradients` slots × d. Sets `last` of these rows to `now`. */
export function sgdRows(
  table: usize, last: usize, stride: i32, d: i32, list: usize, from: i32, to: i32, gradients: usize, now: i32, learningRate: f32, decay: f32,
): void {
  const bytes = d << 2;
  const keep = f32x4.splat(decay);
  const move = f32x4.splat(-learningRate);
  for (let slot = from; slot < to; slot++) {
    const id = rowOf(list, slot);
    const row = table + id * stride;
    const g = gradients + slot * stride;
    store<i32>(last + (id << 2), now);
    for (let k = 0; k < bytes; k += 16) sgdStep(row + k, v128.load(row + k), v128.load(g + k), move, keep);
  }
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
    for (let half = 0; half < 8; half += 4) {
      const r = first + half;
      const at = source + r * stride;
      const target = panel + (half << 2);
      for (let k = 0; k < d; k += 4) {
        const zero = f32x4.splat(0);
        const a = r < count ? v128.load(at + (k << 2)) : zero;
        const b = r + 1 < count ? v128.load(at + stride + (k << 2)) : zero;
        const c = r + 2 < count ? v128.load(at + 2 * stride + (k << 2)) : zero;
        const e = r + 3 < count ? v128.load(at + 3 * stride + (k << 2)) : zero;
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
  }
}

/**
 * Copies a block of a matrix to consecutive memory: `rows` rows of `count` floats, `stride` bytes apart at `source`, lie packedStride bytes apart at `packed`. count is
 * rounded up to a multiple of 4. `product` reads a transposed A from such a copy: where every row begins a new page of memory, each tile would miss the table of pages.
 */
export function packColumns(source: usize, stride: i32, rows: i32, count: i32, packed: usize, packedStride: i32): void {
  const bytes = ((count + 3) & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < bytes; k += 16) v128.store(packed + k, v128.load(source + k));
    source += stride;
    packed += packedStride;
  }
}
