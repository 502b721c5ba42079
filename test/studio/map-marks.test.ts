import { expect, test } from 'vitest';
import { MOST_COLORS, marksOf, meaningsOf, mix, radiiOf } from '../../src/studio/page/train/map-marks.ts';

const items = (...values: (string | undefined)[]) =>
  values.map((value, i) => ({ id: `${i}`, popularity: 100 - i, value }));

test('the most frequent values have colours of their own; the rest share one', () => {
  expect(meaningsOf(items('b', 'a', 'a', 'b', 'c'))).toEqual([
    { label: 'a', color: 0 },
    { label: 'b', color: 1 },
    { label: 'c', color: 2 },
  ]);
  expect(meaningsOf(items('a', undefined)).at(-1)).toEqual({ label: 'other', color: MOST_COLORS });
  const many = meaningsOf(items(...Array.from({ length: 12 }, (_, i) => `v${i}`)));
  expect(many).toHaveLength(MOST_COLORS + 1);
});

test('the area of a point grows with its users', () => {
  const [most, half, none] = radiiOf([
    { id: 'a', popularity: 80 },
    { id: 'b', popularity: 40 },
    { id: 'c', popularity: 0 },
  ]);
  expect([most! ** 2 - none! ** 2, half! ** 2 - none! ** 2].map((area) => Math.round(area * 10) / 10)).toEqual([
    77, 38.5,
  ]);
});

test('colours follow popularity, or the value', () => {
  const marks = marksOf(items('a', 'b'), 'popularity', ['rgb(0, 0, 0)', 'rgb(200, 100, 50)']);
  expect(marks[0]!.color).toBe('rgb(200, 100, 50)');
  const colors = Array.from({ length: MOST_COLORS + 1 }, (_, i) => `c${i}`);
  expect(marksOf(items('a', undefined), 'value', colors).map(({ color }) => color)).toEqual(['c0', `c${MOST_COLORS}`]);
  expect(mix('rgb(0, 0, 0)', 'rgb(10, 20, 30)', 0.5)).toBe('rgb(5, 10, 15)');
});
