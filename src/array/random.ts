import { xorshift128plus } from 'pure-rand/generator/xorshift128plus';

/** A stream of random numbers. Streams are keyed, never shared between threads: the same key gives the same numbers everywhere. */
export interface Random {
  /** A whole number in [0, bound), bound ≤ 2^31. */
  integer(bound: number): number;
  /** A real number in [0, 1). */
  real(): number;
  /** A normal deviate, mean 0 and deviation 1. */
  normal(): number;
}

/** The stream of (seed, purpose, epoch, step): draws for one purpose never shift the draws for another. */
export function randomStream(seed: number, purpose: string, epoch = 0, step = 0): Random {
  const generator = xorshift128plus(streamKey(seed, purpose, epoch, step));
  // The low bits of xorshift128plus are its weak ones; every use below takes the high bits.
  const real = () => (generator.next() >>> 0) / 4294967296;
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
      const radius = Math.sqrt(-2 * Math.log(1 - real()));
      const angle = 2 * Math.PI * real();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/**
 * Fills out[from .. to) with whole numbers in [0, bound), bound ≤ 2^31: number k is a hash of (key, k), so there is no state to carry from draw to draw. For the
 * hundreds of thousands of draws of a step, where a stream's generator would take a tenth of the step. Key: `streamKey`.
 */
export function fillIntegers(out: Int32Array, bound: number, key: number, from = 0, to = out.length): void {
  for (let k = from; k < to; k++) {
    const hash = scramble((key + Math.imul(k, 0x9e3779b1)) | 0) >>> 0;
    out[k] = Math.floor((hash * bound) / 4294967296);
  }
}

/** A 32-bit key of (seed, purpose, epoch, step). */
export function streamKey(seed: number, purpose: string, epoch: number, step: number): number {
  let key = mix(0x9e3779b9, seed | 0);
  key = mix(key, Math.floor(seed / 4294967296) | 0);
  for (let c = 0; c < purpose.length; c++) key = mix(key, purpose.charCodeAt(c));
  return mix(mix(key, epoch), step);
}

/** One round of MurmurHash3's 32-bit mixing. */
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

/** Shuffles in place (Fisher–Yates). */
export function shuffle<T extends { length: number; [i: number]: number }>(values: T, random: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
  return values;
}

/** A bijection of 32-bit integers in which every input bit moves every output bit: what makes a counter hash of a counter. All products wrap at 32 bits. */
function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

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
