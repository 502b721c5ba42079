import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lambertW0 } from '../../src/loss/lambert-w.ts';
import { expectClose } from '../support/close.ts';

test('is the inverse of w e^w for w ≥ −1', () => {
  // Next to −1 the inverse is ill-conditioned: an error δ of x is one of δ e / (w + 1) of w.
  fc.assert(
    fc.property(fc.double({ min: -1, max: 600, noNaN: true }), (w) => {
      const allowed = Math.min(5e-8, 4e-16 / Math.abs(w + 1)) + 4e-16 * Math.abs(w);
      expectClose([lambertW0(w * Math.exp(w))], [w], allowed, 4e-16);
    }),
  );
});

test('w e^w is x, from −1/e to the largest doubles', () => {
  const magnitudes = fc.double({ min: -300, max: 300, noNaN: true }).map((power) => 10 ** power);
  fc.assert(
    fc.property(fc.oneof(magnitudes, fc.double({ min: -1 / Math.E, max: 10, noNaN: true })), (x) => {
      const w = lambertW0(x);
      expectClose([w * Math.exp(w)], [x], 1e-16, 4e-16 * Math.max(2, Math.abs(w) + 1));
    }),
  );
});

test('known values: W0(0) = 0, W0(e) = 1, W0(1) = .5671432904097838… (the omega constant), W0(−1/e) = −1, and −1 below', () => {
  expect(lambertW0(0)).toBe(0);
  expectClose([lambertW0(Math.E), lambertW0(1)], [1, 0.5671432904097838], 1e-15, 0);
  for (const x of [-1 / Math.E, -0.4, -1e9]) expectClose([lambertW0(x)], [-1], 5e-8, 0);
});
