import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Coordinate, climbSearch, type LatticePoint, latticeSearch } from '../../src/search/lattice-search.ts';
import { runSearches, runSearchSync } from '../../src/search/search.ts';

const tau: Coordinate = { name: 'tau', start: 0.2, stride: { factor: 1.4 }, least: 0.01, most: 3 };
const weight: Coordinate = { name: 'weight', start: 1.2, stride: { step: 0.15 }, least: 0, most: 3 };

/** Searches a function, and keeps what was looked at. */
async function search(coordinates: Coordinate[], of: (point: LatticePoint) => number, most = 50) {
  const seen: LatticePoint[] = [];
  const [chosen] = await runSearches([latticeSearch(coordinates, most)], (asked) => {
    seen.push(...asked.map(({ point }) => point));
    return Promise.resolve(asked.map(({ point }) => of(point)));
  });
  return { chosen: chosen!, seen };
}

/** Half of the last of three digits, in strides: .005 of a weight from 1 on. */
const rounding = 0.005 / 0.15 + 1e-9;
const strides = ({ tau, weight }: LatticePoint) =>
  [Math.log(tau! / 0.2) / Math.log(1.4), (weight! - 1.2) / 0.15] as const;
const offset = fc.double({ min: -3, max: 3, noNaN: true });
const steepness = fc.double({ min: 0.1, max: 10, noNaN: true });

test('finds the summit of a paraboloid', async () => {
  await fc.assert(
    fc.asyncProperty(offset, offset, steepness, steepness, async (x, y, a, b) => {
      const of = (point: LatticePoint) => {
        const [s, t] = strides(point);
        return -a * (s - x) ** 2 - b * (t - y) ** 2;
      };
      const { chosen, seen } = await search([tau, weight], of);
      const [s, t] = strides(chosen);
      expect([s - x, t - y].map(Math.abs).every((miss) => miss <= rounding)).toBe(true);
      expect(new Set(seen.map((point) => JSON.stringify(point))).size).toBe(seen.length);
    }),
  );
});

test('with options that act together it ends where no neighbour is higher', async () => {
  await fc.assert(
    fc.asyncProperty(offset, offset, fc.double({ min: -0.9, max: 0.9, noNaN: true }), async (x, y, together) => {
      const of = (point: LatticePoint) => {
        const [s, t] = strides(point);
        return -((s - x) ** 2) - (t - y) ** 2 - 2 * together * (s - x) * (t - y);
      };
      const { seen } = await search([tau, weight], of);
      const best = strides(seen.reduce((a, b) => (of(b) > of(a) ? b : a)));
      const looked = new Set(seen.map((point) => strides(point).map(Math.round).join()));
      for (const [i, j] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ]) {
        expect(looked).toContain([Math.round(best[0]) + i!, Math.round(best[1]) + j!].join());
      }
    }),
  );
});

test('stays within the bounds and within the number of evaluations', async () => {
  const rising = (point: LatticePoint) => point.tau! + (point.weight ?? 0);
  const bounded = await search([{ ...tau, most: 0.5 }], rising);
  expect(bounded.chosen).toEqual({ tau: 0.392 });
  expect(Math.max(...bounded.seen.map((point) => point.tau!))).toBe(0.392);
  const stopped = await search([tau, weight], rising, 4);
  expect(stopped.seen).toHaveLength(4);
  expect(stopped.chosen).toEqual({ tau: 0.549, weight: 1.2 });
});

test('a start that is best takes two looks a coordinate and one', async () => {
  const { seen, chosen } = await search([tau, weight], (point) => (point.tau === 0.2 && point.weight === 1.2 ? 1 : 0));
  expect(seen).toHaveLength(5);
  expect(chosen).toEqual({ tau: 0.2, weight: 1.2 });
});

test('a climb ends at the best point that it looked at, higher than both neighbours, and looks at none twice', () => {
  const whole = fc.integer({ min: -20, max: 20 });
  fc.assert(
    fc.property(whole, fc.uniqueArray(whole, { minLength: 1, maxLength: 4 }), (summit, starts) => {
      // Every fourth number is a small hill.
      const of = (x: number) => -Math.abs(x - summit) + ((x - summit) % 4 === 0 ? 2 : 0);
      const looked: number[] = [];
      const found = runSearchSync(climbSearch(starts, [4, 1], 20), (x) => {
        looked.push(x);
        return of(x);
      })!;
      expect(looked.length).toBe(new Set(looked).size);
      expect(looked.every((x) => Math.abs(x) <= 20)).toBe(true);
      expect(of(found)).toBe(Math.max(...looked.map(of)));
      for (const next of [found - 1, found + 1]) if (Math.abs(next) <= 20) expect(of(next)).toBeLessThan(of(found));
    }),
  );
});
