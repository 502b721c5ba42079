import { scramble } from './scramble.ts';

/**
 * The uniform deviate in [0, 1) of (key, row, column), a counter hash in 32-bit integer arithmetic: every engine draws the same for any thread count.
 *
 *     (scramble(key ^ row·0x9e3779b1 ^ column·0x85ebca77) >>> 8) / 2^24
 *
 * All products wrap at 32 bits. kernels/random.ts computes the same.
 */
export function uniform(key: number, row: number, column: number): number {
  return (scramble(key ^ Math.imul(row, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77)) >>> 8) / 16777216;
}
