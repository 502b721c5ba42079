import { expect, test } from 'vitest';
import { normalCdf, normalQuantile, studentTails } from '../../src/array/distributions.ts';

// Expected values of this file: mpmath with 40 digits (`betainc`, a quadrature of the density from ν = 10⁷ on, `ncdf`, `erfinv`).

test.each([
  [0.3, 1, 0.8144528418445153],
  [12.706, 1, 0.05000080235813319],
  [2.5, 4, 0.06676654481198815],
  [0.001, 7, 0.9992300172449988],
  [10, 7, 2.139420289077281e-5],
  [3, 30, 0.005389964065651947],
  [0.3, 39, 0.7657704069146986],
  [5, 40, 1.18400656696595e-5],
  [1.2247, 10_000, 0.2207171225621504],
  [30, 10_000, 2.044327047425571e-189],
  [0.01, 1e7, 0.9920212875702179],
  [1.96, 1e7, 0.04999581802531419],
  [6, 1e7, 1.973242733367784e-9],
])('Student: both tails beyond %d with %d degrees of freedom', (t, degreesOfFreedom, p) => {
  expect(Math.abs(studentTails(t, degreesOfFreedom) - p)).toBeLessThan(1e-10);
  expect(studentTails(t, degreesOfFreedom) / p).toBeCloseTo(1, 8);
  expect(studentTails(-t, degreesOfFreedom)).toBe(studentTails(t, degreesOfFreedom));
});

test('Student: everything lies beyond 0, nothing beyond infinity', () => {
  expect(studentTails(0, 5)).toBe(1);
  expect(studentTails(1e200, 5)).toBeLessThan(1e-200);
});

test.each([
  [-6, 9.86587645037698e-10],
  [-1.5, 0.06680720126885807],
  [-0.2, 0.42074029056089696],
  [0, 0.5],
  [0.7, 0.758036347776927],
  [3, 0.9986501019683699],
])('normal: Φ(%d)', (z, p) => {
  expect(Math.abs(normalCdf(z) - p)).toBeLessThan(1e-15);
});

test.each([
  [1e-10, -6.361340902404057],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.3, -0.5244005127080408],
  [0.5, 0],
  [0.9, 1.2815515655446006],
  [0.999999, 4.753424308822899],
])('normal: Φ⁻¹(%d)', (p, z) => {
  // The function of the error has 1e-16 absolutely, which far out in a tail is 1e-6 of the deviate.
  expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(p < 1e-6 ? 1e-5 : 1e-9);
});
