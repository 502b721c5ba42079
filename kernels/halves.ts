// Item embeddings of 16-bit floats, widened for the kernels that take 32-bit floats. They lie in panels of eight items, as `packPanels` lays them out: element (item, k) is the half at
// (⌊item / 8⌋ · d + k) · 8 + item mod 8. All are finite.

/** 2^112, the ratio of the exponents' biases of a 32-bit and a 16-bit float. */
const BIAS: f32 = 5.192296858534828e33;

/**
 * Four 16-bit floats as 32-bit floats, exactly. Sign-extended and shifted by 13, the bits of a half are sign, zeros, exponent and fraction of a float that is 2^112 times too small; subnormal
 * halves are subnormal floats until the multiplication.
 */
// @ts-ignore: decorator
@inline
function widen4(at: usize, offset: usize): v128 {
  const bits = v128.and(i32x4.shl(v128.load_ext<i16>(at + offset), 13), i32x4.splat(0x8fffe000));
  return f32x4.mul(bits, f32x4.splat(BIAS));
}

/**
 * Widens `count` panels from `halves` on to panels of 32-bit floats at `target`. `scales` ([count · 8] floats) multiplies the elements of each item; 0: all 1.
 * A product that is rounded once, as in gatherRows.
 */
export function widenPanels(halves: usize, d: i32, count: i32, scales: usize, target: usize): void {
  for (let panel = 0; panel < count; panel++) {
    if (scales) {
      const low = v128.load(scales + (panel << 5));
      const high = v128.load(scales + (panel << 5), 16);
      for (let k = 0; k < d; k++) {
        v128.store(target, f32x4.mul(widen4(halves, 0), low));
        v128.store(target, f32x4.mul(widen4(halves, 8), high), 16);
        halves += 16;
        target += 32;
      }
    } else {
      for (let k = 0; k < d; k++) {
        v128.store(target, widen4(halves, 0));
        v128.store(target, widen4(halves, 8), 16);
        halves += 16;
        target += 32;
      }
    }
  }
}

/** Widens single items of the panels at `halves` to rows of d floats at `target`: row i is item list_i ([count] i32), or item first + i where `list` is 0. */
export function widenRows(halves: usize, d: i32, list: usize, first: i32, count: i32, target: usize): void {
  for (let i = 0; i < count; i++) {
    const item = list ? load<i32>(list + (i << 2)) : first + i;
    let at = halves + (item >> 3) * (d << 4) + ((item & 7) << 1);
    for (let k = 0; k < d; k++) {
      store<f32>(target, reinterpret<f32>((<i32>load<i16>(at) << 13) & 0x8fffe000) * BIAS);
      at += 16;
      target += 4;
    }
  }
}
