import { html, type Markup } from './markup.ts';
import type { Cell, Figure, Panel, Point, Table, TableColumn } from './report.ts';

type Show = NonNullable<TableColumn['show']>;

/** A cell as text for readers: rounded, with its unit; `mean ± deviation`; a dash for a missing value. */
export function showCell(cell: Cell, show: Show = 'metric'): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  const unit = show === 'percent' ? ' %' : show === 'seconds' ? ' s' : '';
  if (typeof cell === 'number') return showNumber(cell, show) + unit;
  const spread = cell.deviation === undefined ? '' : ` ± ${showNumber(cell.deviation, show)}`;
  return showNumber(cell.mean, show) + spread + unit;
}

/** A number rounded to `digits` significant digits, without trailing zeros; in scientific notation below 1e-4 and from 1e9. */
export function significant(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return rounded.toExponential().replace('e+', 'e').replace('-', '−');
  return grouped(rounded, { maximumFractionDigits: 12 });
}

/** A number in the format of its column, without unit. */
function showNumber(value: number, show: Show): string {
  switch (show) {
    case 'count':
      return grouped(value, { maximumFractionDigits: 1 });
    case 'percent':
      return fixed(100 * value, 1);
    case 'seconds':
      return fixed(value, value < 100 ? 1 : 0);
    case 'number':
      return significant(value, 4);
    default:
      return fixed(value, 4);
  }
}

/** A number with exactly `digits` decimals. */
export function fixed(value: number, digits: number): string {
  return grouped(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A number with thousands separators and the minus sign U+2212; −0 becomes 0. */
function grouped(value: number, options: Intl.NumberFormatOptions): string {
  return value.toLocaleString('en-US', { signDisplay: 'negative', ...options }).replace('-', '−');
}

/** A header on one line, or two if it is long: broken at the blank nearest to its middle. */
function headerLines(name: string): Markup | string {
  const blanks = [...name.matchAll(/ /g)].map(({ index }) => index);
  if (name.length <= 12 || blanks.length === 0) return name;
  const middle = name.length / 2;
  const at = blanks.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
  return html`${name.slice(0, at + 1)}<br>${name.slice(at + 1)}`;
}

/** A table with its caption, in a box that scrolls horizontally on narrow pages. */
export function tableHtml({ caption, columns, rows }: Omit<Table, 'name'>): Markup {
  const kinds = columns.map(({ show }) => (show === 'text' ? 'text' : 'number'));
  const head = columns.map(({ name }, c) => html`<th scope="col" class="${kinds[c]}">${headerLines(name)}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, c) => {
      const text = showCell(cell, columns[c]!.show);
      return c === 0 && kinds[0] === 'text'
        ? html`<th scope="row" class="text">${text}</th>`
        : html`<td class="${kinds[c]}">${text}</td>`;
    });
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption><span>${caption}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table>
</div>
`;
}

/** The numbers of a figure as a table: one row per panel and x, one column per series. */
export function numbersTable({ caption, x, panels }: Figure): Omit<Table, 'name'> {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const titled = panels.some(({ title }) => title);
  return {
    caption: `Numbers: ${caption}`,
    columns: [
      ...(titled ? [{ name: 'panel', show: 'text' as const }] : []),
      { name: x.label, show: titled ? 'number' : 'text' },
      ...names.map((name) => ({ name, show: 'number' as const })),
    ],
    rows: panels.flatMap((panel) => rowsOf(panel, names).map((row) => (titled ? [panel.title, ...row] : row))),
  };
}

/** Rows of one panel; several points of a series at the same x share a cell. The reference level, if any, is the last row. */
function rowsOf({ series, reference }: Panel, names: readonly string[]): string[][] {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))];
  const rows = xs.map((x) => [
    showCell(x, 'number'),
    ...names.map((name) => {
      const points = series.filter((one) => one.name === name).flatMap((one) => one.points);
      return points
        .filter((point) => Object.is(point.x, x))
        .map(showPoint)
        .join(', ');
    }),
  ]);
  if (reference) rows.push([reference.name, ...names.map(() => showCell(reference.y, 'number'))]);
  return rows;
}

/** A point as text, with its interval; the chosen one is marked. */
function showPoint({ y, deviation, low, high, chosen }: Point): string {
  const interval =
    low === undefined || high === undefined ? '' : ` (${showCell(low, 'number')} to ${showCell(high, 'number')})`;
  return showCell({ mean: y, deviation }, 'number') + interval + (chosen ? ' (chosen)' : '');
}
