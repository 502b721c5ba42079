import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { reportHtml } from '../../src/report/page.ts';
import type { Figure, Report } from '../../src/report/report.ts';
import { showCell } from '../../src/report/tables.ts';
import { sampleReport } from '../support/sample-report.ts';

const page = reportHtml(sampleReport);
const parse = (html: string) => parseHTML(html).document;
const texts = (elements: Iterable<Element>) => [...elements].map(({ textContent }) => textContent?.trim());

function withFigure(figure: Partial<Figure>): Report {
  const bare: Figure = { name: 'f', caption: 'c', kind: 'lines', x: { label: 'x' }, y: { label: 'y' }, panels: [] };
  return { ...sampleReport, sections: [{ title: 's', figures: [{ ...bare, ...figure }] }] };
}

test('needs no other file', () => {
  const document = parse(page);
  for (const element of document.querySelectorAll('*')) {
    expect(['LINK', 'IMG', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'FORM']).not.toContain(element.tagName);
    for (const { name, value } of element.attributes) {
      if (name === 'href') expect(value).toMatch(/^#/);
      expect(['src', 'srcset', 'action', 'xlink:href', 'data', 'poster']).not.toContain(name);
      if (name !== 'content') expect(name).not.toMatch(/^on/);
    }
  }
  expect(page).not.toMatch(/@import|url\(|https?:/);
});

test('says what a reader and a browser need to know of it', () => {
  const document = parse(page);
  expect(document.documentElement.getAttribute('lang')).toBe('en');
  expect(document.querySelector('title')!.textContent).toBe(`${sampleReport.title} · taurec`);
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const link of document.querySelectorAll('a')) expect(ids).toContain(link.getAttribute('href')!.slice(1));
});

test('has every claim with its verdict and evidence, before the sections', () => {
  const items = [...parse(page).querySelectorAll('#claims li')];
  const shown = items.map((item) => [item.className.replace('-', ' '), ...texts(item.querySelectorAll('div p'))]);
  expect(shown).toEqual(sampleReport.claims.map(({ verdict, claim, evidence }) => [verdict, claim, evidence]));
  expect(page.indexOf('id="claims"')).toBeLessThan(page.indexOf('id="section-1"'));
});

test('has every cell of every table', () => {
  const document = parse(page);
  const tables = sampleReport.sections.flatMap((section) => section.tables ?? []);
  for (const { caption, columns, rows } of tables) {
    const found = [...document.querySelectorAll('table')].find(
      (table) => table.querySelector('caption')!.textContent === caption,
    )!;
    expect(texts(found.querySelectorAll('thead th'))).toEqual(columns.map(({ name }) => name));
    const cells = [...found.querySelectorAll('tbody tr')].map((row) => texts(row.children as Iterable<Element>));
    expect(cells).toEqual(rows.map((row) => row.map((cell, c) => showCell(cell, columns[c]!.show))));
  }
});

test('has every panel of every figure, named for those who cannot see it, with its numbers as a table', () => {
  const document = parse(page);
  for (const { name, caption, panels } of sampleReport.sections.flatMap((section) => section.figures ?? [])) {
    const figure = document.getElementById(name)!;
    expect(figure.querySelector('figcaption')!.textContent).toBe(caption);
    const drawn = [...figure.querySelectorAll('.panel')];
    expect(drawn).toHaveLength(panels.length);
    drawn.forEach((panel, i) => {
      const plots = [...panel.querySelectorAll('svg')];
      expect(plots.length).toBeGreaterThan(0);
      for (const plot of plots) {
        expect(plot.getAttribute('role')).toBe('img');
        expect(plot.getAttribute('aria-label')).toBe([panels[i]!.title, caption].filter(Boolean).join('. '));
      }
    });
    const numbers = figure.querySelector('.numbers')!.textContent!;
    for (const { title, series } of panels) {
      expect(numbers).toContain(title);
      for (const { name, points } of series) {
        expect(numbers).toContain(name);
        for (const { y, deviation } of points) {
          expect(numbers).toContain(showCell(deviation === undefined ? y : { mean: y, deviation }, 'number'));
        }
      }
    }
  }
});

test('has all that is needed to run it again', () => {
  const document = parse(page);
  const { command, data, settings, configs, ...rest } = sampleReport.provenance;
  expect(document.getElementById('command')!.textContent).toBe(command);
  const text = document.getElementById('provenance')!.textContent!;
  for (const { name, source, sha256 } of data)
    for (const value of [name, source, sha256]) expect(text).toContain(value);
  for (const fact of [rest.taurec, rest.node, rest.engine, rest.processor, rest.finished]) expect(text).toContain(fact);
  const json = [...document.querySelectorAll('#provenance details pre')].map((pre) => JSON.parse(pre.textContent!));
  expect(json).toEqual([settings, ...configs.map(({ config }) => config)]);
});

test('the same report gives the same bytes', () => {
  expect(reportHtml(structuredClone(sampleReport))).toBe(page);
});

test('a series looks the same in all figures, and no two look alike', () => {
  const document = parse(page);
  const samples = new Map<string, Set<string>>();
  for (const item of document.querySelectorAll('.legend li')) {
    const marker = item.querySelector('svg g:last-of-type')!;
    const shape = marker.querySelector('path, circle')!;
    const color = marker.getAttribute('stroke') ?? marker.getAttribute('fill');
    const look = `${color} ${shape.getAttribute('d') ?? shape.tagName}`;
    const name = item.textContent!.trim();
    samples.set(name, (samples.get(name) ?? new Set()).add(look));
  }
  const names = sampleReport.sections.flatMap(({ figures = [] }) =>
    figures.flatMap(({ panels }) => panels.flatMap(({ series }) => series.map(({ name }) => name))),
  );
  expect([...samples.keys()].sort()).toEqual([...new Set(names)].sort());
  for (const looks of samples.values()) expect(looks.size).toBe(1);
  expect(new Set([...samples.values()].map(([look]) => look)).size).toBe(samples.size);
});

const hostile = `</script><script>alert(1)</script><img src=x onerror="alert(2)">"'&amp;--></style>`;

/** The same value with every text in it replaced, but for what has a form of its own. */
function poisoned<T>(value: T, key = ''): T {
  if (['name', 'kind', 'scale', 'show', 'verdict'].includes(key) && value !== hostile) return value;
  if (typeof value === 'string') return hostile as T;
  if (Array.isArray(value)) return value.map((one) => poisoned(one)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poisoned(one, name)])) as T;
}

test('text from outside stays text, in the page, in plots and in JSON', () => {
  const report = poisoned(sampleReport);
  const series = { name: hostile, points: [1, 2].map((x) => ({ x, y: x })) };
  const panel = { title: hostile, series: [series], reference: { name: hostile, y: 1.5 } };
  const band = { ...series, points: [{ x: hostile, y: 1 }] };
  const common = { caption: hostile, x: { label: hostile }, y: { label: hostile } };
  const figures: Figure[] = [
    { ...common, name: 'a', kind: 'lines', panels: [panel] },
    { ...common, name: 'b', kind: 'bars', panels: [{ title: hostile, series: [band] }] },
  ];
  const document = parse(
    reportHtml({ ...report, sections: [...report.sections, { title: hostile, text: [hostile], figures }] }),
  );
  expect(document.querySelectorAll('script')).toHaveLength(1);
  expect(document.querySelectorAll('style')).toHaveLength(1);
  expect(document.querySelectorAll('img, [onerror]')).toHaveLength(0);
  expect(document.querySelector('h1')!.textContent).toBe(hostile);
  expect(document.querySelector('#a .panel svg')!.getAttribute('aria-label')).toBe(`${hostile}. ${hostile}`);
  expect(texts(document.querySelectorAll('#a svg text')).join('\n')).toContain(hostile);
  const settings = document.querySelector('#provenance details pre')!.textContent!;
  expect(JSON.parse(settings)).toEqual(report.provenance.settings);
});

test.each<[string, Partial<Figure>]>([
  ['no panels', {}],
  ['no series', { panels: [{ title: '', series: [] }] }],
  ['a series without points', { panels: [{ title: '', series: [{ name: 'a', points: [] }] }] }],
  ['bars without points', { kind: 'bars', panels: [{ title: '', series: [{ name: 'a', points: [] }] }] }],
  ['a single point', { panels: [{ title: '', series: [{ name: 'a', points: [{ x: 1, y: 2, deviation: 1 }] }] }] }],
  ['a single bar of 0', { kind: 'bars', panels: [{ title: '', series: [{ name: 'a', points: [{ x: 'b', y: 0 }] }] }] }],
  [
    'equal points',
    {
      panels: [
        {
          title: '',
          series: [
            {
              name: 'a',
              points: [
                { x: 0, y: 0 },
                { x: 0, y: 0 },
              ],
            },
          ],
        },
      ],
    },
  ],
])('draws a figure with %s', (_, figure) => {
  for (const scale of ['linear', 'log'] as const) {
    for (const ownScales of [false, true]) {
      const html = reportHtml(withFigure({ ...figure, ownScales, x: { label: 'x', scale }, y: { label: 'y', scale } }));
      expect(parse(html).querySelectorAll('.panel')).toHaveLength(figure.panels?.length ?? 0);
      expect(html.match(/.{0,60}(NaN|Infinity|undefined).{0,30}/)?.[0]).toBe(undefined);
    }
  }
});

test('says which points its axes cannot show', () => {
  const points = [-1, 0, 1, 2].map((x) => ({ x, y: 1, deviation: 3 }));
  const panels = [{ title: '', series: [{ name: 'a', points: [...points, { x: 3, y: Number.POSITIVE_INFINITY }] }] }];
  const html = reportHtml(withFigure({ panels, x: { label: 'x', scale: 'log' }, y: { label: 'y', scale: 'log' } }));
  const note = parse(html).querySelector('figure .note')!.textContent!;
  expect(note).toContain('2 points are not shown: a logarithmic axis shows only values above 0.');
  expect(note).toContain('1 point is not shown: not a finite number.');
  for (const path of html.match(/ d="[^"]*"/g)!) expect(path).not.toMatch(/NaN|Infinity/);
});
