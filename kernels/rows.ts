import { maskRow } from './random';
import { adamStep, sgdStep } from './optimizer-step';
import { rowOf } from './row-of';
import { madd, normal, sumLanes } from './vector';

// Rows are d floats, a multiple of 4, `stride` bytes apart. `list` names the table row of each slot; 0 = slot i is row i.

/**
 * packed_i = row, or row / max(‖row‖, 1e-12) when `cosine`; norms_i = that divisor (1 without cosine). For slots [from, to).
 * `drop` ≠ 0 first applies the dropout mask.
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
 * Turns gradients by packed rows into gradients by table rows, in place: scaled by `scales` (0 = none), through the normalisation
 * (g − ⟨g, x̂⟩ x̂)/‖x‖ when `cosine`, through the dropout mask, plus l2 · row. For slots [from, to).
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
 * Adam's skipped steps for slots [from, to): rows whose `last` step (in the epoch) is before `now` get what a dense optimiser would have done to them:
 * row ← row·kept(now)/kept(last) − c·m/(√v + ε′), c = kept(now)·sums(last); m *= β1^k, v *= β2^k.
 * Tables by step of the epoch (f64): `sums` Σ_s lr_s·r^(s − b)·√(1 − β2^s)/(1 − β1^s)/kept(s) over the steps s after b, `kept` running product of the
 * decoupled decays, `epsilons` ε√(1 − β2^(s+1)), `powers1` β1^k, `powers2` β2^k.
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
 * row −= size·m/(√v·correction + ε), size = lr/(1 − β1^t), correction = 1/√(1 − β2^t). Marks the rows as up to date at `now`.
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

/** SGD's skipped steps are its decays alone. */
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

/** One SGD step for slots [from, to): row ← row·decay − lr·g. */
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

/** target_i = scales_i · source_i for rows [from, to). */
export function scaleRows(source: usize, target: usize, stride: i32, d: i32, scales: usize, from: i32, to: i32): void {
  const bytes = d << 2;
  for (let slot = from; slot < to; slot++) {
    const factor = f32x4.splat(load<f32>(scales + (slot << 2)));
    const offset = slot * stride;
    for (let k = 0; k < bytes; k += 16) v128.store(target + offset + k, f32x4.mul(v128.load(source + offset + k), factor));
  }
}

/**
 * Rows [from, to) of `source` into panels of eight rows, transposed: element (row, k) of panel p = row / 8 lies at float (p·d + k)·8 + row mod 8.
 * `from` is a multiple of 8; rows from `count` on are taken as 0.
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
