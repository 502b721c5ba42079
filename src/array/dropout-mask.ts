import { streamKey } from './random.ts';
import { scramble } from './scramble.ts';

/**
 * The dropout mask is a counter hash in 32-bit integer arithmetic: every engine draws the same mask for any thread count, and a row that stands in several
 * places of a batch has one mask. With key = dropoutKey(table, seed, epoch, step), element (row, column) of the table is kept when
 *
 *     scramble(key ^ row·0x9e3779b1 ^ column·0x85ebca77) >>> 8 < floor((1 − p) · 2^24)
 *
 * All products wrap at 32 bits. kernels/rows.ts computes the same.
 */
export function dropoutKeeps(key: number, row: number, column: number, threshold: number): boolean {
  return scramble(key ^ Math.imul(row, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77)) >>> 8 < threshold;
}

/** The 32-bit key of one table's mask in one step. */
export function dropoutKey(table: 'users' | 'items', seed: number, epoch: number, step: number): number {
  return streamKey(seed, `dropout ${table}`, epoch, step);
}

/** The bound that the upper 24 bits of a kept element's hash stay under. */
export function dropoutThreshold(probability: number): number {
  return Math.floor((1 - probability) * 16777216);
}
