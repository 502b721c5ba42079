/** Functions of four 32-bit floats at a time. Only this file decides how a multiply-add rounds. */

/** a · b + c in four lanes, with one rounding in the fused build and two in the plain one: results are reproducible within a build. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of the four lanes, always as (lane 0 + lane 1) + (lane 2 + lane 3): sums of floats depend on their order. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The largest of the four lanes. */
// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** Sets denormal lanes (below 1.18e-38, the smallest normal float) to 0: they contribute nothing and cost a hundred cycles each. */
// @ts-ignore: decorator
@inline
export function normal(x: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(1.17549435e-38)));
}

/** The same for lanes that are not negative, such as means of squares. */
// @ts-ignore: decorator
@inline
export function normalSquare(x: v128): v128 {
  return v128.and(x, f32x4.ge(x, f32x4.splat(1.17549435e-38)));
}

/**
 * e^x of four lanes, for x ≤ 88; x below −87 gives e^−87 (1.6e-38: practically 0, never denormal).
 * x = n·ln 2 + r, |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 6 (relative error below 2e-7); 2^n by adding n to the exponent bits.
 * Adding 1.5·2^23 (`magic`) rounds to a whole number and leaves it in the low bits of the float, which is cheaper than the instructions that round and convert.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(x, f32x4.splat(-87));
  const magic = f32x4.splat(12582912);
  const t = madd(clamped, f32x4.splat(1.44269504), magic);
  const n = f32x4.sub(t, magic);
  // ln 2 in two parts, the first with few bits, so that n times it is exact
  let r = madd(n, f32x4.splat(-0.693359375), clamped);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  let p = f32x4.splat(0.00138888889);
  p = madd(p, r, f32x4.splat(0.00833333333));
  p = madd(p, r, f32x4.splat(0.0416666667));
  p = madd(p, r, f32x4.splat(0.166666667));
  p = madd(p, r, f32x4.splat(0.5));
  p = madd(p, r, f32x4.splat(1));
  p = madd(p, r, f32x4.splat(1));
  // t's low bits hold n: shifted into the exponent and added to the bits of 1.0 they make 2^n
  return f32x4.mul(p, i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000)));
}

/**
 * log x of four lanes, for normal x > 0: x = 2^e · m with m in [√½, √2), log x = e·ln 2 + log m; log m = 2·artanh(t), t = (m − 1)/(m + 1), |t| < .172, by the
 * series' odd powers up to 7 (relative error below 2e-7).
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  // 0x3f3504f3 are the bits of √½: with them subtracted, the exponent field counts from √½ instead of 1
  const e = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(e, 23));
  const one = f32x4.splat(1);
  const t = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(0.142857143);
  p = madd(p, s, f32x4.splat(0.2));
  p = madd(p, s, f32x4.splat(0.333333333));
  p = madd(p, s, one);
  return madd(f32x4.convert_i32x4_s(e), f32x4.splat(0.693147181), f32x4.mul(f32x4.add(t, t), p));
}

/** Loads the first `count` (1 to 3) of four floats; the other lanes are 0. Reading all four could leave the memory. */
export function loadSome(at: usize, count: i32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(at));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8));
  return v;
}

/** Stores the first `count` (1 to 3) of four lanes. */
export function storeSome(at: usize, v: v128, count: i32): void {
  store<f32>(at, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8);
}

/** σ(d). */
// @ts-ignore: decorator
@inline
export function sigmoid4(d: v128): v128 {
  return sigmoidFrom(d, exp4(f32x4.neg(f32x4.abs(d))));
}

/** σ(d) from e = exp(−|d|). */
// @ts-ignore: decorator
@inline
export function sigmoidFrom(d: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(v128.bitselect(one, e, f32x4.ge(d, f32x4.splat(0))), f32x4.add(one, e));
}
