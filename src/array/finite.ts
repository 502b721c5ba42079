/** The index of the first float of `data`, from `begin` (inclusive) to `end` (exclusive), that is NaN or infinite; −1 if all are finite. */
export function firstNotFinite(data: Float32Array, begin = 0, end: number = data.length): number {
  // NaN and infinities stay in a sum of doubles, and finite floats cannot overflow it (that takes 10²⁶⁹ of them). Four independent sums and no branch: almost every array is finite.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = begin;
  const last = Math.min(end, data.length);
  for (; i + 3 < last; i += 4) {
    a += data[i]!;
    b += data[i + 1]!;
    c += data[i + 2]!;
    d += data[i + 3]!;
  }
  for (; i < last; i++) a += data[i]!;
  if (Number.isFinite(a + b + c + d)) return -1;
  for (let at = begin; at < last; at++) if (!Number.isFinite(data[at])) return at;
  return -1;
}
