/** The bits of the exponent of a float; all 1 in NaN and in infinities, and in no finite number. */
const EXPONENT = 0x7f800000;
/** The lowest bit of the exponent: added to an exponent of ones, it carries into the sign. */
const LOWEST = 0x00800000;

/** The index of the first float of `data`, from `begin` (inclusive) to `end` (exclusive), that is NaN or infinite; −1 if all are finite. */
export function firstNotFinite(data: Float32Array, begin = 0, end: number = data.length): number {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  // Four independent sums and no branch in the loop: almost every array is finite.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = begin;
  for (; i + 3 < end; i += 4) {
    a |= (bits[i]! & EXPONENT) + LOWEST;
    b |= (bits[i + 1]! & EXPONENT) + LOWEST;
    c |= (bits[i + 2]! & EXPONENT) + LOWEST;
    d |= (bits[i + 3]! & EXPONENT) + LOWEST;
  }
  for (; i < end; i++) a |= (bits[i]! & EXPONENT) + LOWEST;
  if ((a | b | c | d) >= 0) return -1;
  for (let at = begin; at < end; at++) if ((bits[at]! & EXPONENT) === EXPONENT) return at;
  return -1;
}
