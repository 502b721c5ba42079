// Draws the figures of a report with Observable Plot, outside a browser, as inline SVG with a legend and a table of the numbers.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { html, Markup } from './markup.ts';
import type { Figure, Panel, Point, Report, Series } from './report.ts';
import { palette } from './report-style.ts';
import { numbersTable, tableHtml } from './tables.ts';

/** Colour and symbol of a series, the same throughout a report. */
export interface SeriesLook {
  /** A CSS variable of the page, with a value for light mode and one for dark mode. */
  readonly color: string;
  /** Distinguishes series for readers who cannot tell the colours apart. */
  readonly symbol: (typeof symbols)[number];
}

/** Seven symbols. Because 7 and 8 have no common factor, 56 series get distinct pairs of colour and symbol. */
const symbols = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star', 'wye'] as const;

/** The look of each series by name, assigned in the order of first appearance in the report; a series that is like another shares its look. */
export function seriesLooks(report: Report): ReadonlyMap<string, SeriesLook> {
  const figures = report.sections.flatMap((section) => section.figures ?? []).filter(({ bundle }) => !bundle);
  const series = figures.flatMap(({ panels }) => panels.flatMap((panel) => panel.series));
  const looks = new Map(
    [...new Set(series.map(({ name, like = name }) => like))].map((name, i) => [
      name,
      { color: `var(--series-${i % palette.light.length})`, symbol: symbols[i % symbols.length]! },
    ]),
  );
  for (const { name, like = name } of series) looks.set(name, looks.get(like)!);
  return looks;
}

/** A figure as HTML: caption, legend, panels side by side, an explanation of its signs, and a table of its numbers. */
export function figureHtml(whole: Figure, looks: ReadonlyMap<string, SeriesLook>): Markup {
  const { figure, notes } = plottable(whole);
  const series = new Map(figure.panels.flatMap((panel) => panel.series.map((one) => [one.name, one])));
  // One series needs no legend: caption and axes say what it is.
  const entries = (series.size > 1 && !figure.bundle ? [...series.values()] : []).map(
    ({ name, dashed = false }) => html`<li>${legendSample(looks.get(name)!, figure.kind, dashed)}${name}</li>`,
  );
  const columns = columnsOf(figure);
  const sizes = sizesOf(columns);
  const shared = figure.ownScales ? undefined : domainsOf(figure, figure.panels);
  const panels = figure.panels.map((panel) => {
    const label = [panel.title, figure.caption].filter(Boolean).join('. ');
    const domains = shared ?? domainsOf(figure, [panel]);
    // A full-width panel is drawn in two sizes, for wide and for narrow pages: text of a scaled-down plot would be too small to read.
    const plots = sizes.map((size, k) => {
      const plot = svgMarkup(drawPanel({ figure, panel, domains, looks, size }), label);
      return sizes.length === 1 ? plot : html`<div class="${k === 0 ? 'wide' : 'narrow'}">${plot}</div>`;
    });
    return html`<div class="panel">${panel.title ? html`<h4>${panel.title}</h4>` : undefined}${plots}</div>\n`;
  });
  const explanations = [...signs(figure), ...notes].join(' ');
  return html`<figure id="${figure.name}">
<figcaption>${figure.caption}</figcaption>
${entries.length > 0 ? html`<ul class="legend">${entries}</ul>\n` : undefined}<div class="panels columns-${columns}">
${panels}</div>
${explanations ? html`<p class="note">${explanations}</p>\n` : undefined}${
  figure.bundle
    ? undefined
    : html`<details class="numbers"><summary>Numbers of this figure</summary>
${tableHtml(numbersTable(whole))}</details>\n`
}</figure>
`;
}

/** Number of panels per row on a wide page. */
function columnsOf({ kind, panels }: Figure): number {
  const bars = panels.map(({ series }) => series.reduce((count, { points }) => count + points.length, 0));
  // More than 30 bars need the full width.
  if (kind === 'bars' && Math.max(...bars) > 30) return 1;
  return panels.length === 2 || panels.length === 4 ? 2 : Math.min(panels.length, 3);
}

/** Size of a panel in pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** The sizes in which a panel is drawn, widest first. */
function sizesOf(columns: number): Size[] {
  if (columns === 2) return [{ width: 430, height: 290 }];
  if (columns > 2) return [{ width: 300, height: 240 }];
  return [
    { width: 900, height: 400 },
    { width: 350, height: 270 },
  ];
}

/** Explanations of the dotted lines, whiskers, rings and dashes that occur in the figure. */
function signs({ kind, panels, x }: Figure): string[] {
  const series = panels.flatMap((panel) => panel.series);
  const points = series.flatMap((one) => one.points);
  const spread = kind === 'bars' || x.scale === 'band' ? 'Whiskers' : 'Bands';
  const levels = [...new Set(panels.flatMap(({ reference }) => (reference ? [reference.name] : [])))];
  return [
    ...(levels.length > 0 ? [`Dotted line: ${levels.join(', ')}.`] : []),
    ...(points.some(({ deviation }) => deviation) ? [`${spread}: ±1 standard deviation over seeds.`] : []),
    ...(points.some(({ chosen }) => chosen) ? ['Ring: chosen on validation data.'] : []),
    ...(series.some(({ dashed }) => dashed) ? ['Dashed: predicted or published, not measured here.'] : []),
    ...(kind === 'intervals' ? ['Lines: 95% intervals.'] : []),
  ];
}

type Interval = readonly [low: number, high: number];

/** Domains of the axes of a panel: x is an interval or a list of names, y an interval. */
interface Domains {
  readonly x: Interval | readonly string[];
  readonly y: Interval;
}

/** The inputs of one drawing of a panel. */
interface Drawing {
  readonly figure: Figure;
  readonly panel: Panel;
  readonly domains: Domains;
  readonly looks: ReadonlyMap<string, SeriesLook>;
  readonly size: Size;
}

/** Draws a panel. Scales, ticks and axes come from Observable Plot; colours are `currentColor` and CSS variables of the page. */
function drawPanel(drawing: Drawing): Element {
  const { figure, panel, domains, size } = drawing;
  if (figure.kind === 'intervals') return drawIntervals(drawing);
  const { reference } = panel;
  const names = hasBands(figure) ? (domains.x as readonly string[]) : undefined;
  const bars = figure.kind === 'bars';
  const left = 56;
  const step = (size.width - left - 16) / Math.max(1, names?.length ?? 1);
  // Plot does not rotate labels by itself. They are rotated if the longest would touch its neighbour; 6.6 is the mean width of a character in pixels.
  const longest = 6.6 * Math.max(0, ...(names ?? []).map((name) => [...name].length));
  const turned = longest + 6 > step;
  const labels = turned
    ? { tickRotate: -40, lineWidth: 11, textOverflow: 'ellipsis' as const, tickSize: 0 }
    : { tickSize: bars ? 0 : 4 };
  const bottom = turned ? 40 + 0.65 * Math.min(longest, 120) : 42;
  const axis = { label: figure.x.label, labelOffset: bottom - 4, ...labels };
  const log = { x: figure.x.scale === 'log', y: figure.y.scale === 'log' };
  // A level outside the domain, such as 0 on a logarithmic axis, is not drawn; the table of numbers has it.
  const level = reference && reference.y >= domains.y[0] && reference.y <= domains.y[1] ? [reference.y] : [];
  return Plot.plot({
    ...svgWith(size),
    marginLeft: turned ? Math.max(left, 16 + 0.77 * Math.min(longest, 120) - step / 2) : left,
    marginRight: 16,
    marginTop: 28,
    marginBottom: bottom,
    ...(bars
      ? {
          fx: { domain: names!, padding: 0.16, axis: null },
          x: { type: 'band', domain: panel.series.map(({ name }) => name), axis: null, padding: 0.06 },
        }
      : names
        ? { x: { type: 'point', domain: names, padding: 0.5, axis: null } }
        : { x: { type: log.x ? 'log' : 'linear', domain: domains.x as Interval, axis: null, inset: 8 } }),
    y: { type: log.y ? 'log' : 'linear', domain: domains.y, axis: null, nice: !log.y, insetBottom: bars ? 0 : 6 },
    marks: [
      Plot.gridY(),
      Plot.axisY({ tickSize: 0, tickPadding: 6, label: figure.y.label, ...tickFormat(domains.y, log.y) }),
      ...(bars
        ? panel.series.some(({ points }) => points.length > 0)
          ? [Plot.axisFx({ anchor: 'bottom', labelArrow: 'none', ...axis })]
          : []
        : [Plot.axisX({ ...axis, ...(names ? {} : tickFormat(domains.x as Interval, log.x)) })]),
      ...(bars ? barMarks(drawing, step) : lineMarks(drawing)),
      Plot.ruleY(level, { stroke: 'var(--soft)', strokeDasharray: '2 3', strokeWidth: 1.5 }),
    ],
  });
}

/** Draws dots with their intervals, a row for each name. A row is as high as its text needs, whatever the size of other panels. */
function drawIntervals({ figure, panel, domains, looks, size }: Drawing): Element {
  const names = domains.x as readonly string[];
  const [name, points] = [panel.series[0]?.name ?? '', panel.series.flatMap((one) => one.points)];
  const { color, symbol } = looks.get(name) ?? { color: 'currentColor', symbol: 'circle' };
  const longest = Math.max(0, ...names.map((text) => [...text].length));
  return Plot.plot({
    ...svgWith({ width: size.width, height: 64 + 26 * Math.max(1, names.length) }),
    marginLeft: Math.min(16 + 6.6 * longest, size.width / 2.5),
    marginRight: 24,
    marginTop: 12,
    marginBottom: 44,
    x: { domain: domains.y, axis: null, nice: true, inset: 8 },
    y: { type: 'point', domain: [...names], padding: 0.6, axis: null },
    marks: [
      Plot.gridX(),
      Plot.axisX({ label: figure.y.label, labelAnchor: 'center', labelArrow: 'none', tickSize: 4 }),
      Plot.axisY({ label: null, tickSize: 0, tickPadding: 8, lineWidth: 14, textOverflow: 'ellipsis' }),
      Plot.ruleX(panel.reference ? [panel.reference.y] : [], {
        stroke: 'var(--soft)',
        strokeDasharray: '2 3',
        strokeWidth: 1.5,
      }),
      Plot.ruleY(
        points.filter(({ low, high }) => low !== undefined && high !== undefined),
        { y: 'x', x1: 'low', x2: 'high', stroke: color, strokeWidth: 2 },
      ),
      Plot.dot(points, { x: 'y', y: 'x', symbol, r: 4, fill: color, stroke: page, strokeWidth: 0.8 }),
    ],
  });
}

/** Tick format: Plot's default on linear axes, SI prefixes from a million, plain decimals on logarithmic axes (0.1, where Plot writes 100m). */
function tickFormat([low, high]: Interval, log: boolean): { tickFormat?: string } {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (log) return { tickFormat: ',~g' };
  return size >= 1e6 ? { tickFormat: '~s' } : size < 1e-3 ? { tickFormat: '~g' } : {};
}

/** The background colour. Marks have an outline in it, which separates those that touch. */
const page = 'var(--page)';

/** Approximate maximum of markers per line. Longer lines have a marker at every second, third … point. */
const mostMarkers = 12;

/** Marks of a line or dot figure in three layers: deviations, lines (not for dots), markers. Predictions are dashed and have hollow markers. */
function lineMarks({ figure, panel, domains, looks }: Drawing): Plot.Markish[] {
  const names = hasBands(figure);
  const x = (point: Point) => (names ? String(point.x) : point.x);
  const joined = figure.kind === 'lines';
  const layers = panel.series.map(({ name, points, dashed }: Series): Plot.Markish[][] => {
    if (figure.bundle)
      return [[], [Plot.lineY(points, { x, y: 'y', stroke: 'var(--series-0)', strokeOpacity: 0.45 })], []];
    const { color, symbol } = looks.get(name)!;
    const every = joined ? Math.ceil(points.length / mostMarkers) : 1;
    const marked = points.filter((point, i) => i % every === 0 || i === points.length - 1 || point.chosen);
    const line = { x, y: 'y', stroke: color, strokeWidth: 1.75, strokeDasharray: dashed ? '5 4' : undefined };
    const solid = { fill: color, stroke: page, strokeWidth: 0.8 };
    const hollow = { fill: page, stroke: color, strokeWidth: 1.5 };
    return [
      deviationMarks(points, domains.y[0], { x }, color, !names && points.length > 1),
      joined ? [Plot.lineY(points, line)] : [],
      [
        Plot.dot(marked, { x, y: 'y', symbol, r: 3.2, ...(dashed ? hollow : solid) }),
        ring(points, { x, y: 'y' }, color),
      ],
    ];
  });
  return [0, 1, 2].flatMap((layer) => layers.flatMap((marks) => marks[layer]!));
}

/** Marks of a bar figure: in each band one bar per series, with whiskers and, if bars are wide enough, a marker beyond the end. Predictions are hollow and dashed. @param step Width of a band in pixels. */
function barMarks({ figure, panel, domains, looks }: Drawing, step: number): Plot.Markish[] {
  const base = figure.y.scale === 'log' ? domains.y[0] : 0;
  const roomy = (0.84 * step) / Math.max(1, panel.series.length) > 8;
  return panel.series.flatMap(({ name, points, dashed }): Plot.Markish[] => {
    const { color, symbol } = looks.get(name)!;
    const at = { fx: (point: Point) => String(point.x), x: () => name };
    const outline = dashed ? { stroke: color, strokeDasharray: '3 2' } : {};
    // Markers go above bars that rise from the base and below bars that fall from it.
    const beyond = [1, -1].flatMap((sign) => {
      const here = points.filter(({ y }) => (y < base ? -1 : 1) === sign);
      const end = { ...at, y: ({ y, deviation = 0 }: Point) => y + sign * deviation, dy: -7 * sign };
      return [...(roomy ? [Plot.dot(here, { ...end, symbol, r: 2.8, fill: color })] : []), ring(here, end, color)];
    });
    return [
      Plot.barY(points, { ...at, y1: base, y2: 'y', fill: color, fillOpacity: dashed ? 0.12 : 0.85, ...outline }),
      ...deviationMarks(points, domains.y[0], at, 'currentColor', false),
      ...beyond,
    ];
  });
}

/** Rings around the points that validation chose. */
function ring(points: readonly Point[], place: Plot.DotOptions, color: string): Plot.Markish {
  const chosen = points.filter((point) => point.chosen);
  return Plot.dot(chosen, { ...place, r: 7, stroke: color, strokeWidth: 1.5 });
}

/** Marks of ±1 standard deviation: a band along a line, or whiskers. @param low Lower end of the axis, at which values are clipped: a logarithmic axis has none ≤ 0. */
function deviationMarks(
  points: readonly Point[],
  low: number,
  place: { readonly x: Plot.ChannelValueSpec; readonly fx?: Plot.ChannelValue },
  color: string,
  band: boolean,
): Plot.Markish[] {
  const sure = points.filter(({ deviation }) => deviation);
  const y1 = ({ y, deviation = 0 }: Point) => Math.max(y - deviation, low);
  const y2 = ({ y, deviation = 0 }: Point) => y + deviation;
  if (sure.length === 0) return [];
  if (band) return [Plot.areaY(points, { ...place, y1, y2, fill: color, fillOpacity: 0.13 })];
  return [Plot.ruleX(sure, { ...place, y1, y2, stroke: color, strokeWidth: 1.2 })];
}

/** True if x is a band of names, not a numeric scale. */
function hasBands({ kind, x }: Figure): boolean {
  return kind === 'bars' || kind === 'intervals' || x.scale === 'band';
}

/** Limits of the magnitude of drawn values; beyond them the arithmetic of scales overflows or underflows. */
const least = 1e-100;
const greatest = 1e100;

/** The figure without points that its axes cannot show, and a note on each kind of omission. Non-finite deviations, such as those of a single seed, are dropped. */
function plottable(figure: Figure): { readonly figure: Figure; readonly notes: readonly string[] } {
  const left = { unusable: 0, below: 0 };
  const bands = hasBands(figure);
  const keep = ({ x, y }: Point): boolean => {
    const numbers = bands ? [y] : [x, y];
    const logs = [...(figure.x.scale === 'log' && !bands ? [x] : []), ...(figure.y.scale === 'log' ? [y] : [])];
    if (!numbers.every(drawable)) left.unusable++;
    else if (logs.some((value) => Number(value) < least)) left.below++;
    else return true;
    return false;
  };
  const sure = (point: Point) => (drawable(point.deviation) ? point : { ...point, deviation: undefined });
  const panels = figure.panels.map(({ title, series, reference }) => ({
    title,
    reference: reference && drawable(reference.y) ? reference : undefined,
    series: series.map((one) => ({ ...one, points: one.points.filter(keep).map(sure) })),
  }));
  const some = (count: number) => `${count} ${count === 1 ? 'point is' : 'points are'} not shown`;
  const notes = [
    ...(left.unusable ? [`${some(left.unusable)}: not a finite number.`] : []),
    ...(left.below ? [`${some(left.below)}: a logarithmic axis shows only values above 0.`] : []),
  ];
  return { figure: { ...figure, panels }, notes };
}

/** True for a finite number within the limits. */
function drawable(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= greatest;
}

/** Domains of the axes that the panels share: all points with their deviations, reference levels, and 0 for bars. */
function domainsOf(figure: Figure, panels: readonly Panel[]): Domains {
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const log = figure.y.scale === 'log';
  const ys = points.flatMap(({ y, deviation = 0, low = y, high = y }) => [y + deviation, y - deviation, low, high]);
  const levels = panels.flatMap(({ reference }) => (reference ? [reference.y] : []));
  const [low, high] = interval([...ys, ...levels, ...(figure.kind === 'bars' && !log ? [0] : [])], log);
  // On a logarithmic axis the domain extends below the least value by 5% of its range, so that its bar has a visible length.
  const y: Interval = log ? [low / (high / low) ** 0.05, high] : [low, high];
  if (hasBands(figure)) return { x: [...new Set(points.map(({ x }) => String(x)))], y };
  const xs = points.map(({ x }) => x as number);
  return { x: interval(xs, figure.x.scale === 'log'), y };
}

/** The range of the values that the scale can show; widened if they are practically equal; [0, 1] or [.1, 1] if there are none. */
function interval(values: readonly number[], log: boolean): Interval {
  const shown = values.filter((value) => !log || value >= least);
  if (shown.length === 0) return [log ? 0.1 : 0, 1];
  const low = shown.reduce((a, b) => Math.min(a, b));
  const high = shown.reduce((a, b) => Math.max(a, b));
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-9 * size && high - low > least) return [low, high];
  if (log) return [low / 2, high * 2];
  const margin = size > least ? size / 10 : 1;
  return [low - margin, high + margin];
}

/** The legend's sample of a series: its line and marker. */
function legendSample({ color, symbol }: SeriesLook, kind: Figure['kind'], dashed: boolean): Markup {
  const line = { stroke: color, strokeWidth: 1.75, strokeDasharray: dashed ? '5 4' : undefined };
  const fill = dashed ? { fill: page, stroke: color } : { fill: color };
  const plot = Plot.plot({
    ...svgWith({ width: kind === 'lines' ? 28 : 14, height: 12 }),
    margin: 0,
    x: { domain: [0, 1], axis: null },
    y: { domain: [-1, 1], axis: null },
    marks: [kind === 'lines' ? Plot.ruleY([0], line) : [], Plot.dot([0], { x: 0.5, y: 0, symbol, r: 4, ...fill })],
  });
  return svgMarkup(plot, '');
}

/** Options that every plot needs outside a browser: a document that creates its elements, and a size. The page provides the style. */
export function svgWith({ width, height }: Size) {
  const { document } = parseHTML('<!doctype html><html lang="en"><body></body></html>');
  return { document: document as unknown as Document, className: 'plot', width, height };
}

/** A plot as markup, without its style and with coordinates rounded to a hundredth of a pixel, so that equal plots give equal text. @param label Accessible description; empty for decoration. */
export function svgMarkup(plot: Element, label: string): Markup {
  for (const style of plot.querySelectorAll('style')) style.remove();
  for (const element of [plot, ...plot.querySelectorAll('*')]) {
    element.removeAttribute('aria-label');
    element.removeAttribute('aria-hidden');
    for (const name of ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'cx', 'cy', 'r']) {
      const value = element.getAttribute(name);
      if (!value) continue;
      const rounded = value.replace(/\d+\.\d{3,}/g, (digits) => String(+Number(digits).toFixed(2)));
      element.setAttribute(name, rounded);
    }
  }
  for (const name of ['font-size', 'font-family']) plot.removeAttribute(name);
  const role = label ? html`role="img" aria-label="${label}"` : html`aria-hidden="true"`;
  // Inserted as text, because linkedom serialises attributes without escaping &.
  return new Markup(plot.outerHTML.replace('<svg', () => `<svg ${role.text}`));
}
