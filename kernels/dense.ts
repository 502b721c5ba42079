import { adamStep, sgdStep } from './optimizer-step';
import { madd } from './vector';

// Optimiser steps over whole tables, for backbones: every row has a gradient in every step. Rows of matrix factorisation that no batch touched are handled in rows.ts instead.

/**
 * One Adam step (see adamRows) for the rows [from, to). `table`, `m`, `v` and `gradients` are tables of the same shape: rows × d, row-major, `stride` bytes between rows;
 * row r of `gradients` belongs to row r of `table`. `marks` holds one byte per row: where it is not 0, l2 · row is added to the gradient (`marks` = 0: no L2).
 */
export function denseAdamRows(
  table: usize, m: usize, v: usize, gradients: usize, stride: i32, d: i32, from: i32, to: i32, marks: usize, l2: f32,
  beta1: f32, beta2: f32, size: f32, correction: f32, epsilon: f32, decay: f32,
): void {
  const bytes = <usize>d << 2;
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const a1 = f32x4.splat(1 - beta1);
  const a2 = f32x4.splat(1 - beta2);
  const move = f32x4.splat(-size);
  const root = f32x4.splat(correction);
  const eps = f32x4.splat(epsilon);
  const keep = f32x4.splat(decay);
  for (let row = from; row < to; row++) {
    const start = <usize>row * <usize>stride;
    // L2 counts only in rows that the batch touched; a weight of 0 keeps the inner loop free of branches
    const weight = f32x4.splat(marks != 0 && load<u8>(marks + row) != 0 ? l2 : 0);
    for (let at = start; at < start + bytes; at += 16) {
      const x = v128.load(table + at);
      const g = madd(weight, x, v128.load(gradients + at));
      adamStep(table + at, m + at, v + at, x, g, b1, a1, b2, a2, move, root, eps, keep);
    }
  }
}

/** One SGD step for the rows [from, to): row ← row · decay − learningRate · (gradient + l2 · row in marked rows). Shapes and `marks` are those of denseAdamRows. */
export function denseSgdRows(
  table: usize, gradients: usize, stride: i32, d: i32, from: i32, to: i32, marks: usize, l2: f32, learningRate: f32, decay: f32,
): void {
  const bytes = <usize>d << 2;
  const move = f32x4.splat(-learningRate);
  const keep = f32x4.splat(decay);
  for (let row = from; row < to; row++) {
    const start = <usize>row * <usize>stride;
    const weight = f32x4.splat(marks != 0 && load<u8>(marks + row) != 0 ? l2 : 0);
    for (let at = start; at < start + bytes; at += 16) {
      const x = v128.load(table + at);
      const g = madd(weight, x, v128.load(gradients + at));
      sgdStep(table + at, x, g, move, keep);
    }
  }
}
