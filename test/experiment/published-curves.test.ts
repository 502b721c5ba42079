import { expect, test } from 'vitest';
import { publishedAt, publishedCurves, publishedSeries } from '../../src/experiment/published-curves.ts';

/** Bounds of each axis. */
const bounds = {
  'positive-noise': [0, 1],
  'negative-noise': [0, 10],
  'false-negatives': [0, 1],
  lambda: [0.5, 2],
  'popularity-group': [1, 10],
} as const;

test.each(publishedCurves.map((curve) => [curve.axis, curve.data, curve.label, curve] as const))(
  '%s on %s, %s: values in range, an axis that increases, a source',
  (axis, data, _, { points, source, metric, paper, protocol }) => {
    const [low, high] = bounds[axis];
    for (const [at, { x, y }] of points.entries()) {
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(0.5);
      expect(x).toBeGreaterThanOrEqual(at === 0 ? low : points[at - 1]!.x + 1e-9);
      expect(x).toBeLessThanOrEqual(high);
    }
    expect(points.length).toBeGreaterThan(1);
    expect(source).toMatch(/(BSL|PSL|SL@K).*20\d\d/);
    expect(paper).not.toBe('');
    expect(metric).toMatch(/^(ndcg|recall)@20$/);
    // The IR-Benchmark sets are evaluated as its program does, the sets of the BSL paper as its own does.
    expect(protocol).toBe(/^amazon2014|^gowalla/.test(data) ? 'irbench' : 'clean');
  },
);

test('the more noise, the lower a published value', () => {
  for (const { axis, points } of publishedCurves.filter((curve) => /noise|false/.test(curve.axis))) {
    for (const [at, { y }] of points.slice(1).entries()) expect(y, axis).toBeLessThan(points[at]!.y);
  }
});

test('no two curves are of the same case', () => {
  const cases = publishedCurves.map(({ axis, data, loss, metric }) => [axis, data, loss, metric].join());
  expect(new Set(cases).size).toBe(cases.length);
});

test('a figure shows the curves of measured losses, within the measured range', () => {
  const judged = { metric: 'ndcg@20', protocol: 'clean' } as const;
  const series = (labels: string[], xs: number[], band = false) =>
    publishedSeries('positive-noise', 'yelp2018', labels, judged, xs, band);
  expect(series(['sl', 'bpr'], [0, 0.2])).toEqual([
    {
      ...{ name: 'SL, BSL paper', like: 'sl', dashed: true },
      points: [
        { x: 0, y: 0.0585 },
        { x: 0.1, y: 0.0576 },
        { x: 0.2, y: 0.0563 },
      ],
    },
  ]);
  // on a band the points between would be further names
  expect(series(['sl'], [0, 0.2], true)[0]!.points.map(({ x }) => x)).toEqual(['0', '0.2']);
  // the BSL of the paper has its best λ
  expect(series(['bsl', 'bsl with λ'], [0, 0.4]).map(({ like }) => like)).toEqual(['bsl with λ']);
  expect(series(['bsl'], [0, 0.4]).map(({ like }) => like)).toEqual(['bsl']);
  expect(series(['sl'], [0.5, 0.6])).toEqual([]);
  expect(publishedAt('positive-noise', 'yelp2018', 'sl', judged, 0.4)).toBe(0.0536);
  expect(publishedAt('positive-noise', 'yelp2018', 'sl', { ...judged, protocol: 'irbench' }, 0.4)).toBeUndefined();
  expect(publishedAt('positive-noise', 'yelp2018', 'sl', { ...judged, metric: 'recall@20' }, 0.4)).toBeUndefined();
});
