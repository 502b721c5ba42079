import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relativeLeastSquares } from '../../bench/speed/least-squares.mjs';

test('finds the coefficients of exact data, though inputs differ by many powers of ten', () => {
  const coefficient = fc.double({ min: 0.1, max: 10, noNaN: true });
  fc.assert(
    fc.property(coefficient, coefficient, coefficient, (a, b, c) => {
      const inputs = [1e6, 2e6, 5e6, 50e6].flatMap((size) => [
        [size, size / 50, 1e5],
        [size, size / 10, 1e5],
      ]);
      const found = relativeLeastSquares(
        inputs,
        inputs.map(([x, y, z]) => a * x! + b * y! + c * z!),
      );
      for (const [k, value] of [a, b, c].entries()) expect(Math.abs(found[k]! / value - 1)).toBeLessThan(1e-6);
    }),
  );
});

test('errors count in relative terms', () => {
  // Σ (1 − c·x/y)² for (1, 1) and (100, 200) is least at c = Σ (x/y) / Σ (x/y)²
  const ratios = [1, 0.5];
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  expect(relativeLeastSquares([[1], [100]], [1, 200])[0]).toBeCloseTo(sum(ratios) / sum(ratios.map((r) => r * r)), 12);
});
