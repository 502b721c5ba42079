import { madd, normal, normalSquare } from './vector';

/**
 * One Adam step of four elements x at address `row` of the table, with gradient g and moments at addresses `m` and `v`: m ← β1 m + (1 − β1) g; v ← β2 v + (1 − β2) g²;
 * row ← x·decay − size·m/(√v·correction + ε). b1 and b2 are β1 and β2, a1 and a2 are 1 − β1 and 1 − β2, move = −size, each repeated in four lanes.
 * Moments that became denormal are set to 0 (see normal).
 */
// @ts-ignore: decorator
@inline
export function adamStep(
  row: usize, m: usize, v: usize, x: v128, g: v128,
  b1: v128, a1: v128, b2: v128, a2: v128, move: v128, correction: v128, epsilon: v128, decay: v128,
): void {
  const mk = normal(madd(a1, g, f32x4.mul(b1, v128.load(m))));
  const vk = normalSquare(madd(a2, f32x4.mul(g, g), f32x4.mul(b2, v128.load(v))));
  v128.store(m, mk);
  v128.store(v, vk);
  v128.store(row, madd(move, f32x4.div(mk, madd(f32x4.sqrt(vk), correction, epsilon)), f32x4.mul(x, decay)));
}

/** One SGD step of four elements x at address `row` of the table: row ← x·decay − lr·g, with move = −lr. */
// @ts-ignore: decorator
@inline
export function sgdStep(row: usize, x: v128, g: v128, move: v128, decay: v128): void {
  v128.store(row, madd(move, g, f32x4.mul(x, decay)));
}
