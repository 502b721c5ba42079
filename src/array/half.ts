/** 16-bit floats (IEEE 754 binary16: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits) as bits in a Uint16Array: Node 20 and older browsers have no Float16Array. */

/** The largest finite 16-bit float. */
export const LARGEST_HALF = 65504;

/** The least magnitude that rounds to infinity: halfway between 65,504 and 2¹⁶. */
export const HALF_OVERFLOW = 65520;

let values: Float32Array | undefined;

/** The 65,536 values by their bits (256 KiB), made on first use: a table lookup is the fastest way to widen. Widening is exact. */
export function halfValues(): Float32Array {
  values ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => valueOfBits(bits));
  return values;
}

function valueOfBits(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  // Exponent 0: subnormal numbers; exponent 31: infinity, or NaN with a fraction.
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
        ? (1 + fraction / 1024) * 2 ** (exponent - 15)
        : fraction
          ? Number.NaN
          : Infinity;
  return bits & 0x8000 ? -size : size;
}

/** Writes `from` to `to` (from index `at` on) as 16-bit floats, each rounded to the nearest, ties to the even one. Magnitudes from 65,520 on become infinity, NaN stays NaN. */
export function narrow(from: Float32Array, to: Uint16Array, at = 0): void {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < from.length; i++) {
    float[0] = from[i]!;
    const bits = word[0]!;
    const sign = (bits >>> 16) & 0x8000;
    const size = bits & 0x7fffffff;
    if (size > 0x7f800000) to[at + i] = sign | 0x7e00;
    else if (size >= 0x38800000) {
      // From 2⁻¹⁴ on: 13 bits of the fraction go, and half a unit less one is added, one more if the last kept bit is odd. 0x38000000 is the difference of the exponents' biases.
      const rounded = (size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13;
      to[at + i] = sign | Math.min(rounded, 0x7c00);
    } else {
      // Subnormal 16-bit floats are multiples of 2⁻²⁴, as are 32-bit floats from .5 on: the addition rounds.
      float[0] = Math.abs(from[i]!) + 0.5;
      to[at + i] = sign | (word[0]! - 0x3f000000);
    }
  }
}

/** Writes `from` to `to` (from index `at` on) as 32-bit floats. */
export function widen(from: Uint16Array, to: Float32Array, at = 0): void {
  const values = halfValues();
  for (let i = 0; i < from.length; i++) to[at + i] = values[from[i]!]!;
}

/** The index of the first 16-bit float of `data`, from `begin` (inclusive) to `end` (exclusive), that is NaN or infinite; −1 if all are finite. */
export function firstHalfNotFinite(data: Uint16Array, begin = 0, end: number = data.length): number {
  for (let i = begin; i < end; i++) if ((data[i]! & 0x7c00) === 0x7c00) return i;
  return -1;
}
