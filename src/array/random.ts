import { xorshift128plus } from 'pure-rand/generator/xorshift128plus';

/** A stream of random numbers. A stream has a key and is never shared between threads; the same key gives the same numbers everywhere. */
export interface Random {
  /** An integer in [0, bound), bound ≤ 2^31. */
  integer(bound: number): number;
  /** A real number in [0, 1). */
  real(): number;
  /** A standard normal deviate. */
  normal(): number;
}

/** The stream of (seed, purpose, epoch, step). Each purpose has a separate stream, so draws for one never shift the draws for another. */
export function randomStream(seed: number, purpose: string, epoch = 0, step = 0): Random {
  const generator = xorshift128plus(streamKey(seed, purpose, epoch, step));
  // The low bits of xorshift128plus are weak; all uses below take the high bits.
  const real = () => (generator.next() >>> 0) / 4294967296;
  // Box–Muller makes normal deviates in pairs; the second one waits here.
  let spare: number | undefined;
  return {
    real,
    integer: (bound) => Math.floor(((generator.next() >>> 0) * bound) / 4294967296),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // 1 − real() is in (0, 1]: the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - real()));
      const angle = 2 * Math.PI * real();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/**
 * Fills out[from .. to) with integers in [0, bound), bound ≤ 2^31. Number k is a hash of (key, k), so there is no state to carry from draw to draw.
 *
 * Used for the hundreds of thousands of draws per step, where a stream's generator would take a tenth of the step.
 * @param key from `streamKey`
 */
export function fillIntegers(out: Int32Array, bound: number, key: number, from = 0, to = out.length): void {
  for (let k = from; k < to; k++) {
    // 0x9e3779b1 is 2^32 divided by the golden ratio: an odd multiplier that spreads consecutive k over all bits.
    const hash = scramble((key + Math.imul(k, 0x9e3779b1)) | 0) >>> 0;
    out[k] = Math.floor((hash * bound) / 4294967296);
  }
}

/** The 32-bit key of (seed, purpose, epoch, step). */
export function streamKey(seed: number, purpose: string, epoch: number, step: number): number {
  let key = mix(0x9e3779b9, seed | 0);
  // Seeds may exceed 32 bits: the high part is mixed separately.
  key = mix(key, Math.floor(seed / 4294967296) | 0);
  for (let c = 0; c < purpose.length; c++) key = mix(key, purpose.charCodeAt(c));
  return mix(mix(key, epoch), step);
}

/** Mixes a 32-bit value into a key: one round of MurmurHash3, then its finalizer. */
function mix(key: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  let h = key ^ k;
  h = (h << 13) | (h >>> 19);
  h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Shuffles in place (Fisher–Yates) and returns the array. */
export function shuffle<T extends { length: number; [i: number]: number }>(values: T, random: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
  return values;
}

/** A bijection of 32-bit integers in which every input bit affects every output bit; it turns a counter into a hash. All products wrap at 32 bits. */
function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * The uniform deviate in [0, 1) of (key, row, column):
 *
 *     (scramble(key ^ row·0x9e3779b1 ^ column·0x85ebca77) >>> 8) / 2^24
 *
 * A counter hash in 32-bit integer arithmetic, so every engine draws the same number for any thread count. All products wrap at 32 bits. kernels/random.ts computes the same.
 */
export function uniform(key: number, row: number, column: number): number {
  return (scramble(key ^ Math.imul(row, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77)) >>> 8) / 16777216;
}

/**
 * True when dropout keeps element (row, column) of a table. With key = dropoutKey(table, seed, epoch, step), it is kept when
 *
 *     scramble(key ^ row·0x9e3779b1 ^ column·0x85ebca77) >>> 8 < floor((1 − p) · 2^24)
 *
 * The mask is a counter hash in 32-bit integer arithmetic: every engine draws the same mask for any thread count, and a row that occurs several times in a batch has
 * one mask. All products wrap at 32 bits. kernels/rows.ts computes the same.
 * @param threshold from `dropoutThreshold`
 */
export function dropoutKeeps(key: number, row: number, column: number, threshold: number): boolean {
  return scramble(key ^ Math.imul(row, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77)) >>> 8 < threshold;
}

/** The 32-bit key of the dropout mask of one table in one step. */
export function dropoutKey(table: 'users' | 'items', seed: number, epoch: number, step: number): number {
  return streamKey(seed, `dropout ${table}`, epoch, step);
}

/** The upper bound of the high 24 bits of a kept element's hash: floor((1 − p) · 2^24). */
export function dropoutThreshold(probability: number): number {
  return Math.floor((1 - probability) * 16777216);
}
