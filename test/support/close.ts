import { expect } from 'vitest';

/**
 * Insists that |actual − expected| ≤ absolute + relative · |expected| for every element, and shows the element that is furthest outside.
 * Elements that are equal (also infinities) always pass; NaN never does.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  absolute: number,
  relative: number,
  what = 'values',
): void {
  // An expectation of each call would take longer than the comparison.
  if (actual.length !== expected.length) expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  let worst = -1;
  let excess = 1;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    const ratio = Math.abs(actual[i]! - expected[i]!) / (absolute + relative * Math.abs(expected[i]!));
    if (ratio <= excess) continue;
    worst = i;
    excess = ratio;
    // NaN compares false above and lands here: nothing is worse
    if (Number.isNaN(ratio)) break;
  }
  if (worst < 0) return;
  expect.fail(
    `${what}[${worst}] of ${expected.length}: got ${actual[worst]}, expected ${expected[worst]} ± ${absolute} + ${relative}·|expected|; ` +
      `off by ${Math.abs(actual[worst]! - expected[worst]!)}, ${excess.toPrecision(3)} times what is allowed`,
  );
}
