// Formats of numbers, durations and tables that commands print.

import Table from 'cli-table3';
import type { RecommendedItem } from '../recommender/recommendation.ts';

export const boldOn = '\x1b[1m';
export const boldOff = '\x1b[22m';

/**
 * A text of a user's data for a terminal: control characters, which move the cursor, recolour or retitle the terminal, and the marks that reverse the direction of writing are escaped as in
 * JSON. `keep`: characters that stay.
 */
export function visible(text: string, keep = ''): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) =>
    keep.includes(character)
      ? character
      : (escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** As `visible`, for text of several lines that may have bold type. */
export function visibleLines(text: string): string {
  return text
    .split(boldOn)
    .map((part) =>
      part
        .split(boldOff)
        .map((piece) => visible(piece, '\n\t'))
        .join(boldOff),
    )
    .join(boldOn);
}

/** A table with a bold heading and no lines. Columns that hold only numbers are right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const right = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.,]+%?$/.test(`${row[column]}`)),
  );
  const cells = new Table({
    head: head.map((cell) => (cell === '' ? '' : `${boldOn}${cell}${boldOff}`)),
    colAligns: right.map((r) => (r ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(edges.map((edge) => [edge, ''])),
  });
  cells.push(...rows.map((row) => row.map((cell) => visible(String(cell)))));
  // cli-table3 pads the last column too.
  return cells.toString().replace(/[ \t]+$/gm, '');
}

/** The parts of cli-table3's frame; all are set to '' to draw none. */
const edges = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
];

/** Recommended items in order, with a column of titles where any item has one, and one of reasons where `because` gives any. */
export function itemsTable(
  items: readonly RecommendedItem[],
  because: (item: RecommendedItem) => string | undefined = () => undefined,
): string {
  const titled = items.some(({ title }) => title !== undefined);
  const reasons = items.map(because);
  const explained = reasons.some((reason) => reason !== undefined);
  const head = ['', 'item', ...(titled ? ['title'] : []), 'score', ...(explained ? ['because'] : [])];
  const rows = items.map(({ id, title, score }, at) => [
    `${at + 1}`,
    id,
    ...(titled ? [title ?? ''] : []),
    Number.isInteger(score) ? `${score}` : decimal(score),
    ...(explained ? [reasons[at] ?? ''] : []),
  ]);
  return table(head, rows);
}

/** Metrics side by side: one column for each entry of `columns`, one row for each metric that any of them has. */
export function metricsTable(
  columns: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[],
): string {
  const names = [...new Set(columns.flatMap(({ metrics }) => Object.keys(metrics)))];
  const cell = (value: number | undefined) => (value === undefined ? '' : decimal(value));
  return table(
    ['', ...columns.map(({ name }) => name)],
    names.map((name) => [name, ...columns.map(({ metrics }) => cell(metrics[name]))]),
  );
}

/** 1234567 → "1,234,567". */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A metric or score with four decimals. */
export function decimal(x: number): string {
  return x.toFixed(4);
}

/** Seconds as text: 8.2 s, 3 min 5 s, 1 h 20 min. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  // Hours are shown without seconds.
  const rest = Math.round(seconds % 60);
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Runs `work`. Returns its result and its duration in seconds, to the millisecond. */
export async function timed<T>(work: () => T | Promise<T>): Promise<[result: T, seconds: number]> {
  const started = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - started) / 1000];
}

/** Options with their values as text: `tau 0.21, negativeWeight 1.3`. */
export function optionsText(options: Readonly<Record<string, number>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
