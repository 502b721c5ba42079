import fc from 'fast-check';
import { expect, test } from 'vitest';
import { downsample } from '../../src/studio/page/charts/downsample.ts';
import { linearScale, logScale, roundTicks } from '../../src/studio/page/charts/scales.ts';

const curve = fc
  .array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 500 })
  .map((ys) => ys.map((y, x) => ({ x, y })));

test('fewer points keep the ends, the order, and the highest and lowest of all', () => {
  fc.assert(
    fc.property(curve, fc.integer({ min: 4, max: 80 }), (points, most) => {
      const kept = downsample(points, most);
      expect(kept.length).toBeLessThanOrEqual(Math.max(most, 1));
      expect(kept[0]).toEqual(points[0]);
      expect(kept.at(-1)).toEqual(points.at(-1));
      for (let i = 1; i < kept.length; i++) expect(kept[i]!.x).toBeGreaterThan(kept[i - 1]!.x);
      const ys = (all: readonly { y: number }[]) => all.map(({ y }) => y);
      expect(Math.max(...ys(kept))).toBe(Math.max(...ys(points)));
      expect(Math.min(...ys(kept))).toBe(Math.min(...ys(points)));
    }),
  );
});

test('a curve that fits stays as it is, without points that are no numbers', () => {
  const points = [
    { x: 0, y: 1 },
    { x: 1, y: Number.NaN },
    { x: 2, y: Infinity },
    { x: 3, y: 2 },
  ];
  expect(downsample(points, 10)).toEqual([points[0], points[3]]);
});

test('ticks are round, within the ends, and about as many as wanted', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
      fc.double({ noNaN: true, min: 1e-3, max: 1e6 }),
      (low, span) => {
        const ticks = roundTicks(low, low + span, 5);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(6);
        const dust = 1e-6 * Math.max(1, Math.abs(low) + span);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - dust);
          expect(tick).toBeLessThanOrEqual(low + span + dust);
        }
      },
    ),
  );
});

test('scales map ends to ends and keep the order', () => {
  const pixels = [10, 210] as const;
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: 0.01, max: 1e6 }),
      fc.double({ noNaN: true, min: 0.01, max: 1e6 }),
      (low, span) => {
        for (const scale of [linearScale([low, low + span], pixels), logScale([low, low + span], pixels)]) {
          expect(scale.at(low)).toBeCloseTo(10, 6);
          expect(scale.at(low + span)).toBeCloseTo(210, 6);
          expect(scale.at(low + span / 3)).toBeLessThan(scale.at(low + span / 2));
        }
      },
    ),
  );
});

test('one value alone has its place in the middle', () => {
  expect(linearScale([3, 3], [0, 100]).at(3)).toBe(50);
  expect(logScale([3, 3], [0, 100]).at(3)).toBeCloseTo(50, 9);
});
