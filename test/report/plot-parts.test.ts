import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { spread } from '../../src/report/page/end-labels.ts';
import { reportHtml } from '../../src/report/page/report-html.ts';
import { palette } from '../../src/report/page/series-look.ts';
import { showCell, significant } from '../../src/report/page/show-cell.ts';
import { roundTicks } from '../../src/report/page/ticks.ts';
import type { Figure } from '../../src/report/report.ts';
import { draws } from '../support/property-seed.ts';
import { sampleReport } from '../support/sample-report.ts';

const size = fc.double({ min: -12, max: 12, noNaN: true }).map((power) => 10 ** power);

test('ticks are round, in order and inside, and as many as asked for or about so', () => {
  const intervals = fc.record({ low: size, width: size, log: fc.boolean(), count: fc.integer({ min: 2, max: 8 }) });
  fc.assert(
    fc.property(intervals, ({ low, width, log, count }) => {
      const high = low + width;
      fc.pre(high > low * (1 + 1e-9));
      const ticks = roundTicks([low, high], log, count);
      const slack = 1e-9 * high;
      expect(ticks.length).toBeGreaterThanOrEqual(1);
      expect(ticks.length).toBeLessThanOrEqual(2 * count + 1);
      ticks.forEach(({ at }, i) => {
        expect(at).toBeGreaterThanOrEqual(low - slack);
        expect(at).toBeLessThanOrEqual(high + slack);
        if (i > 0) expect(at).toBeGreaterThan(ticks[i - 1]!.at);
      });
    }),
  );
});

test.each([
  [[0, 0.4], false, 4, ['0.0', '0.1', '0.2', '0.3', '0.4']],
  [[-12, 13], false, 4, ['−10', '−5', '0', '5', '10']],
  [[0, 2.1e7], false, 4, ['0', '5M', '10M', '15M', '20M']],
  [[0.01, 1], true, 4, ['0.01', '0.03', '0.1', '0.3', '1']],
  [[0.1, 1], true, 4, ['0.1', '0.2', '0.5', '1']],
  [[1e-6, 1e6], true, 4, ['1e−6', '0.001', '1', '1,000', '1M']],
] as const)('ticks of %j, logarithmic: %s', (interval, log, count, labels) => {
  expect(roundTicks(interval, log, count).map(({ label }) => label)).toEqual(labels);
});

test('names at the ends of lines keep their order and their distance, and stay where there is room', () => {
  const wanted = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 10 });
  fc.assert(
    fc.property(wanted, (ends) => {
      const places = spread(ends, 14, 0, 200);
      const order = ends.map((_, i) => i).sort((a, b) => ends[a]! - ends[b]! || a - b);
      order.forEach((i, rank) => {
        expect(places[i]).toBeGreaterThanOrEqual(-1e-6);
        expect(places[i]).toBeLessThanOrEqual(200 + 1e-6);
        if (rank > 0) expect(places[i]! - places[order[rank - 1]!]!).toBeGreaterThanOrEqual(14 - 1e-6);
      });
      const apart = order.every((i, rank) => rank === 0 || ends[i]! - ends[order[rank - 1]!]! >= 14);
      if (apart) expect(places).toEqual(ends);
    }),
  );
});

test('cells are shown with their unit', () => {
  expect(showCell(0.12345, 'metric')).toBe('0.1235');
  expect(showCell({ mean: 0.1, deviation: 0.00234 }, 'metric')).toBe('0.1000 ± 0.0023');
  expect(showCell({ mean: -0.1, deviation: 0.02 }, 'percent')).toBe('−10.0 ± 2.0 %');
  expect(showCell(1234567, 'count')).toBe('1,234,567');
  expect(showCell(12.345, 'seconds')).toBe('12.3 s');
  expect(showCell(1234.5, 'seconds')).toBe('1,235 s');
  expect(showCell(null)).toBe('–');
  expect(showCell('SL', 'number')).toBe('SL');
  expect([0.000012345, 0.1, 12345, 0, -0.5, 1e12].map((x) => significant(x, 4))).toEqual([
    '1.234e−5',
    '0.1',
    '12,350',
    '0',
    '−0.5',
    '1e12',
  ]);
});

test('colours of series stand out from the page, in light and in dark', () => {
  for (const [page, colors] of [
    ['#ffffff', palette.light],
    ['#15171a', palette.dark],
  ] as const) {
    for (const color of colors) {
      const [dark, light] = [luminance(color), luminance(page)].sort((a, b) => a - b);
      expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThan(3);
    }
  }
});

/** Relative luminance as WCAG 2 defines it. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

test('any figure can be drawn, and no coordinate is lost', () => {
  const scale = fc.constantFrom('linear' as const, 'log' as const);
  const value = fc.oneof(
    fc.double(),
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.constantFrom(0, -1, 1e-300, 1e300),
  );
  const point = fc.record(
    {
      x: fc.oneof(value, fc.string()),
      y: value,
      deviation: fc.double({ min: 0 }),
      chosen: fc.boolean(),
    },
    { requiredKeys: ['x', 'y'] },
  );
  const series = fc.record(
    { name: fc.string(), points: fc.array(point, { maxLength: 4 }), dashed: fc.boolean() },
    { requiredKeys: ['name', 'points'] },
  );
  const panel = fc.record(
    {
      title: fc.string(),
      series: fc.array(series, { maxLength: 3 }),
      reference: fc.record({ name: fc.string(), y: value }),
    },
    { requiredKeys: ['title', 'series'] },
  );
  const figure: fc.Arbitrary<Figure> = fc.record({
    name: fc.constant('figure'),
    caption: fc.string(),
    kind: fc.constantFrom('lines', 'bars'),
    x: fc.record({ label: fc.string(), scale: fc.oneof(scale, fc.constant('band' as const)) }),
    y: fc.record({ label: fc.string(), scale }),
    panels: fc.array(panel, { maxLength: 3 }),
    ownScales: fc.boolean(),
  });
  fc.assert(
    fc.property(figure, (one) => {
      const html = reportHtml({ ...sampleReport, sections: [{ title: 's', figures: [one] }] });
      for (const element of parseHTML(html).document.querySelectorAll('.panel svg, .panel svg *')) {
        for (const { name, value: text } of element.attributes) {
          if (name !== 'aria-label') expect(text).not.toMatch(/NaN|Infinity|undefined/);
        }
      }
    }),
    draws(60),
  );
});
