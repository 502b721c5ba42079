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
