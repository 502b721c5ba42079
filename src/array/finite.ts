import { firstHalfNotFinite } from './half.ts';

/** The index of the first float of `data`, from `begin` (inclusive) to `end` (exclusive), that is NaN or infinite; −1 if all are finite. */
export function firstNotFinite(data: Float32Array, begin = 0, end: number = data.length): number {
  // NaN and infinities stay in a sum of doubles, and finite floats cannot overflow it (that takes 10²⁶⁹ of them). Four independent sums and no branch: almost every array is finite.
  const part = data.subarray(begin, end);
  const whole = part.length - (part.length % 4);
  // Four declarations: sums that are destructured from an array take five times as long.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < whole; i += 4) {
    a += part[i]!;
    b += part[i + 1]!;
    c += part[i + 2]!;
    d += part[i + 3]!;
  }
  for (let i = whole; i < part.length; i++) a += part[i]!;
  if (Number.isFinite(a + b + c + d)) return -1;
  return begin + part.findIndex((x) => !Number.isFinite(x));
}

/** Bytes [begin, end) of a buffer that hold 32-bit (F32) or 16-bit floats (F16). */
export interface FloatRange {
  readonly type: 'F32' | 'F16';
  readonly begin: number;
  readonly end: number;
}

/** Looks for NaN and infinities in a buffer while it is being filled. */
export class FiniteSearch {
  readonly #data: ArrayBufferLike;
  readonly #ranges: readonly FloatRange[];
  /** Elements of each range that have been looked at. */
  readonly #done: number[];
  #found?: number;

  constructor(data: ArrayBufferLike, ranges: readonly FloatRange[]) {
    this.#data = data;
    this.#ranges = ranges;
    this.#done = ranges.map(() => 0);
  }

  /** The first byte of the first element found that is not finite; undefined so far. */
  get found(): number | undefined {
    return this.#found;
  }

  /** The first `filled` bytes of the buffer are there. */
  advance(filled: number): void {
    this.#ranges.forEach(({ type, begin, end }, r) => {
      const bytes = type === 'F32' ? 4 : 2;
      const whole = Math.floor((Math.min(filled, end) - begin) / bytes);
      const done = this.#done[r]!;
      // Typed arrays need alignment, which other programs' writers do not guarantee: such a range is copied once it is whole.
      const aligned = begin % bytes === 0;
      if (this.#found !== undefined || whole <= done || (!aligned && filled < end)) return;
      const buffer = aligned ? this.#data : this.#data.slice(begin, end);
      const from = (aligned ? begin : 0) + done * bytes;
      const at =
        type === 'F32'
          ? firstNotFinite(new Float32Array(buffer, from, whole - done))
          : firstHalfNotFinite(new Uint16Array(buffer, from, whole - done));
      if (at >= 0) this.#found = begin + (done + at) * bytes;
      this.#done[r] = whole;
    });
  }
}
