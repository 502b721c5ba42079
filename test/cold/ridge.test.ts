import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { leaveOneOutErrors, type Regression, ridge } from '../../src/cold/ridge.ts';

interface Plain {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

const number = fc.integer({ min: -8, max: 8 }).map((n) => n / 4);
/** Problems with more rows than features, and with fewer; about half of the entries are 0. */
const problems: fc.Arbitrary<Plain> = fc
  .record({
    rows: fc.integer({ min: 2, max: 7 }),
    features: fc.integer({ min: 1, max: 9 }),
    targets: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ rows, features, targets }) => {
    const table = (columns: number, value: fc.Arbitrary<number>) =>
      fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows });
    return fc.record({
      x: table(features, fc.oneof(fc.constant(0), number)),
      y: table(targets, number),
      weights: fc.array(fc.constantFrom(0.1, 0.5, 1, 3), { minLength: rows, maxLength: rows }),
    });
  });
const lambdas = fc.constantFrom(0.01, 0.5, 1, 20);

function regressionOf({ x, y, weights }: Plain): Regression {
  const entries = x.flatMap((values, r) => values.flatMap((value, c) => (value === 0 ? [] : [{ r, c, value }])));
  return {
    features: csrFromEntries(
      x.length,
      x[0]!.length,
      entries.map(({ r }) => r),
      entries.map(({ c }) => c),
      entries.map(({ value }) => value),
    ),
    targets: Float64Array.from(y.flat()),
    weights: Float64Array.from(weights),
  };
}

/** W of the normal equations (XᵀΩX + λI) W = XᵀΩY, by Gaussian elimination. */
function oracle({ x, y, weights }: Plain, lambda: number): number[][] {
  const n = x[0]!.length;
  const sum = (of: (r: number) => number) => x.reduce((total, _, r) => total + weights[r]! * of(r), 0);
  const rows = Array.from({ length: n }, (_, a) => [
    ...Array.from({ length: n }, (_, b) => sum((r) => x[r]![a]! * x[r]![b]!) + (a === b ? lambda : 0)),
    ...y[0]!.map((_, t) => sum((r) => x[r]![a]! * y[r]![t]!)),
  ]);
  for (let p = 0; p < n; p++) {
    for (let r = 0; r < n; r++) {
      if (r === p) continue;
      const factor = rows[r]![p]! / rows[p]![p]!;
      rows[r] = rows[r]!.map((value, c) => value - factor * rows[p]![c]!);
    }
  }
  return rows.map((row, p) => row.slice(n).map((value) => value / row[p]!));
}

test('is the solution of the normal equations, by either matrix', () => {
  fc.assert(
    fc.property(problems, lambdas, (plain, lambda) => {
      const { features, values } = ridge(regressionOf(plain), lambda);
      const expected = oracle(plain, lambda);
      const width = plain.y[0]!.length;
      expected.forEach((row, feature) => {
        const at = features.indexOf(feature);
        row.forEach((value, t) => {
          expect(at < 0 ? 0 : values[at * width + t]!).toBeCloseTo(value, 6);
        });
      });
    }),
  );
});

test('the errors of leave-one-out cross-validation are those of regressions without the row', () => {
  fc.assert(
    fc.property(problems, fc.uniqueArray(lambdas, { minLength: 1, maxLength: 3 }), (plain, tried) => {
      const got = leaveOneOutErrors(regressionOf(plain), tried);
      tried.forEach((lambda, l) => {
        let error = 0;
        plain.x.forEach((row, left) => {
          const rest = <T>(list: readonly T[]) => list.filter((_, r) => r !== left);
          const fit = oracle({ x: rest(plain.x), y: rest(plain.y), weights: rest(plain.weights) }, lambda);
          plain.y[left]!.forEach((value, t) => {
            const predicted = row.reduce((sum, feature, c) => sum + feature * fit[c]![t]!, 0);
            error += plain.weights[left]! * (value - predicted) ** 2;
          });
        });
        const total = plain.weights.reduce((a, b) => a + b, 0);
        expect(got[l]! / (error / total || 1)).toBeCloseTo(error > 0 ? 1 : 0, 5);
      });
    }),
  );
});
