import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { reportHtml } from '../../src/report/page.ts';
import type { Figure, Point } from '../../src/report/report.ts';
import { palette } from '../../src/report/report-style.ts';
import { showCell, significant } from '../../src/report/tables.ts';
import { draws } from '../support/property-seed.ts';
import { sampleReport } from '../support/sample-report.ts';

const scale = fc.constantFrom('linear' as const, 'log' as const);

/** The plots of a figure with these points, drawn wide and narrow. */
function plotsOf(figure: Partial<Figure>, points: readonly Point[]): Element[] {
  const panels = [{ title: '', series: [{ name: 'a', points }] }];
  const bare: Figure = { name: 'f', caption: 'c', kind: 'lines', x: { label: '' }, y: { label: '' }, panels };
  const html = reportHtml({ ...sampleReport, sections: [{ title: 's', figures: [{ ...bare, ...figure }] }] });
  return [...parseHTML(html).document.querySelectorAll('.panel svg')];
}

/** The labels of ticks, with the place of each in pixels: those of x in its first row of text, those of y in its column. */
function tickLabels(plot: Element): { x: Label[]; y: Label[] } {
  const labels = [...plot.querySelectorAll('text')].map((text): Label => {
    const anchor = text.closest('[text-anchor]')!.getAttribute('text-anchor')!;
    let [left, top] = [0, 0];
    for (let element: Element | null = text; element && element !== plot; element = element.parentElement) {
      const move = /translate\(([-\d.]+),([-\d.]+)\)/.exec(element.getAttribute('transform') ?? '');
      left += Number(move?.[1] ?? 0);
      top += Number(move?.[2] ?? 0);
    }
    const turned = text.getAttribute('transform')?.includes('rotate') ?? false;
    return { text: text.textContent!, left, top, turned, anchor };
  });
  return {
    x: labels.filter(({ anchor, turned }) => anchor === 'middle' || turned),
    y: labels.filter(({ anchor, turned, text }) => anchor === 'end' && !turned && /^−?[\d.]/.test(text)),
  };
}

interface Label {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly turned: boolean;
  readonly anchor: string;
}

const width = (text: string) => 6.6 * [...text].length;

test('labels of ticks lie in the plot and do not touch each other', () => {
  const power = fc.double({ min: -8, max: 8, noNaN: true }).map((exponent) => 10 ** exponent);
  const cases = fc.record({
    low: power,
    width: power,
    x: scale,
    y: scale,
    names: fc.array(fc.string({ minLength: 1 })),
  });
  fc.assert(
    fc.property(cases, ({ low, width: range, x, y, names }) => {
      fc.pre(range > low / 100);
      const ends = [low, low + range];
      const numbers = plotsOf({ x: { label: '', scale: x }, y: { label: '', scale: y } }, [
        { x: ends[0]!, y: ends[0]! },
        { x: ends[1]!, y: ends[1]! },
      ]);
      const bars = plotsOf(
        { kind: 'bars', y: { label: '', scale: y } },
        names.map((name) => ({ x: name, y: low })),
      );
      for (const plot of [...numbers, ...bars]) {
        const [, right = 0, bottom = 0] = /^0 0 (\d+) (\d+)$/.exec(plot.getAttribute('viewBox')!)!.map(Number);
        const labels = tickLabels(plot);
        const shown = { x: labels.x.filter(({ text }) => text), y: labels.y.filter(({ text }) => text) };
        for (const { left, top } of [...shown.x, ...shown.y]) {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(right);
          expect(top).toBeGreaterThanOrEqual(0);
          expect(top).toBeLessThanOrEqual(bottom);
        }
        for (const { text } of shown.y) expect(width(text)).toBeLessThan(56);
        const flat = shown.x.filter(({ turned }) => !turned).sort((a, b) => a.left - b.left);
        flat.slice(1).forEach((label, i) => {
          expect(label.left - flat[i]!.left).toBeGreaterThan((width(label.text) + width(flat[i]!.text)) / 2);
        });
        const down = [...shown.y].sort((a, b) => a.top - b.top);
        down.slice(1).forEach((label, i) => {
          expect(label.top - down[i]!.top).toBeGreaterThan(11);
        });
      }
    }),
    { numRuns: 12 },
  );
});

const logTicks = ['0.000001', '0.00001', '0.0001', '0.001', '0.01', '0.1'].concat([
  '1',
  '10',
  '100',
  '1,000',
  '10,000',
  '100,000',
  '1e+6',
]);

test.each([
  [[0, 0.4], 'linear', ['0.00', '0.05', '0.10', '0.15', '0.20', '0.25', '0.30', '0.35', '0.40']],
  [[-12, 13], 'linear', ['−12', '−10', '−8', '−6', '−4', '−2', '0', '2', '4', '6', '8', '10', '12', '14']],
  [[0, 2.1e7], 'linear', ['0M', '2M', '4M', '6M', '8M', '10M', '12M', '14M', '16M', '18M', '20M', '22M']],
  [[1e-6, 1e6], 'log', logTicks],
] as const)('ticks of %j, %s', ([low, high], y, labels) => {
  const [wide] = plotsOf({ y: { label: '', scale: y } }, [
    { x: 0, y: low },
    { x: 1, y: high },
  ]);
  expect(tickLabels(wide!).y.map(({ text }) => text)).toEqual(labels);
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
    kind: fc.constantFrom('lines', 'bars', 'dots'),
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
