import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listSchema } from '../../src/recommender/recommendation.ts';
import {
  dialsOf,
  lengths,
  moved,
  optionsOf,
  priorMost,
  requestOf,
  shareDials,
} from '../../src/studio/page/explore/dials.ts';

const share = fc.integer({ min: 1, max: 20 }).map((n) => n / 20);
const values = fc.record(
  {
    discover: share,
    diversity: share,
    explore: share,
    prior: fc.double({ min: -2, max: 2, noNaN: true }),
    k: fc.constantFrom(20, 50),
  },
  { requiredKeys: [] },
);

test('dials survive the address', () => {
  fc.assert(
    fc.property(values, (dials) => {
      const address = new URLSearchParams(optionsOf(dials));
      const back = dialsOf(Object.fromEntries(address));
      expect(back).toEqual('prior' in dials ? { ...dials, prior: dials.prior! + 0 } : dials);
    }),
  );
});

test('rubbish in an address is left out', () => {
  expect(dialsOf({ discover: '7', diversity: '-1', explore: 'x', k: '11', prior: 'NaN', person: 'u1' })).toEqual({});
  expect(dialsOf({ discover: '', k: '20' })).toEqual({ k: 20 });
});

test('a dial at its start is left out; the prior only at the model’s own', () => {
  for (const { name } of shareDials) expect(moved({ [name]: 0.5, k: 20 }, name, 0)).toEqual({ k: 20 });
  expect(moved({}, 'prior', 0)).toEqual({ prior: 0 });
  expect(moved({ prior: 0 }, 'prior', undefined)).toEqual({});
  expect(moved({ k: 20 }, 'k', lengths[0])).toEqual({});
});

test('a request is one that lists accept, with the prior beside them', () => {
  fc.assert(
    fc.property(values, (dials) => {
      const { prior, ...request } = requestOf(dials);
      expect(prior).toBe(dials.prior);
      expect(listSchema.safeParse(request).success).toBe(true);
    }),
  );
});

test('the prior’s dial holds twice the model’s own and half the best score, and ends at a round number', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 500, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (best, own) => {
        const most = priorMost(best, own);
        const wanted = Math.max(best / 2, 2 * Math.abs(own));
        expect(most).toBeGreaterThanOrEqual(wanted * (1 - 1e-6));
        expect(most).toBeLessThanOrEqual(wanted * 2.5 * (1 + 1e-6));
        expect(['1', '2', '5']).toContain(most.toExponential()[0]);
      },
    ),
  );
});
