import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOf } from '../../src/experiment/experiments/separate-lambda.ts';

const value = fc.double({ min: 0.01, max: 1, noNaN: true });
const seeds = fc.array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 4 });
const byCase = (rows: readonly (readonly number[])[]) => [0, 1, 2, 3].map((at) => rows.map((row) => row[at]!));

test('the parts of λ and τ1 add up to the gain', () => {
  fc.assert(
    fc.property(seeds, (rows) => {
      const { gain, lambda, tau1 } = partsOf(byCase(rows));
      for (const [seed, [sl, , , bslBest]] of rows.entries()) {
        expect(lambda[seed]! + tau1[seed]!).toBeCloseTo(bslBest - sl, 12);
        expect(gain[seed]!).toBeCloseTo(bslBest - sl, 12);
      }
    }),
  );
});

test('a factor that changes nothing has no part; equal factors have equal parts', () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      // [sl, bsl, sl with λ, bsl with λ]
      const onlyLambda = partsOf([[one], [one], [other], [other]]);
      const onlyTau1 = partsOf([[one], [other], [one], [other]]);
      for (const part of [onlyLambda.lambda, onlyTau1.tau1]) expect(part[0]).toBeCloseTo(other - one, 12);
      for (const part of [onlyLambda.tau1, onlyTau1.lambda]) expect(part[0]).toBeCloseTo(0, 12);
      const { lambda, tau1 } = partsOf([[one], [other], [other], [2 * other - one]]);
      expect(lambda[0]).toBeCloseTo(tau1[0]!, 12);
    }),
  );
});
