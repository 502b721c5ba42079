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

/** A tensor of 32-bit (F32) or 16-bit floats (F16) in data that are being filled: their bytes [begin, end), which lie in a buffer from byte `at` on. */
export interface FloatRange {
  readonly name: string;
  readonly type: 'F32' | 'F16';
  readonly begin: number;
  readonly end: number;
  readonly buffer: ArrayBufferLike;
  readonly at: number;
}

/** An element of a tensor. */
export interface TensorElement {
  readonly tensor: string;
  readonly element: number;
}

/** Looks for NaN and infinities in tensors while their data are being filled from the beginning on. */
export class FiniteSearch {
  readonly #ranges: readonly FloatRange[];
  /** Elements of each range that have been looked at. */
  readonly #done: number[];
  #found?: TensorElement;

  constructor(ranges: readonly FloatRange[]) {
    this.#ranges = ranges;
    this.#done = ranges.map(() => 0);
  }

  /** The first element found that is not finite; undefined so far. */
  get found(): TensorElement | undefined {
    return this.#found;
  }

  /** The first `filled` bytes of the data are there. */
  advance(filled: number): void {
    this.#ranges.forEach(({ name, type, begin, end, buffer, at }, r) => {
      const bytes = type === 'F32' ? 4 : 2;
      const whole = Math.floor((Math.min(filled, end) - begin) / bytes);
      const done = this.#done[r]!;
      // Typed arrays need alignment, which other programs' writers do not guarantee: such a range is copied once it is whole.
      const aligned = at % bytes === 0;
      if (this.#found !== undefined || whole <= done || (!aligned && filled < end)) return;
      const source = aligned ? buffer : buffer.slice(at, at + end - begin);
      const from = (aligned ? at : 0) + done * bytes;
      const place =
        type === 'F32'
          ? firstNotFinite(new Float32Array(source, from, whole - done))
          : firstHalfNotFinite(new Uint16Array(source, from, whole - done));
      if (place >= 0) this.#found = { tensor: name, element: done + place };
      this.#done[r] = whole;
    });
  }
}
