// Notes about what a reader took from a log: its columns, and rows that are not plain data.

import type { CatalogueTable } from '../data/catalogue-table.ts';
import { type ColumnsRead, type Role, roles } from '../data/columns.ts';
import type { Dataset } from '../data/dataset.ts';
import { kindsText } from '../data/event-kinds.ts';
import type { ReadReport } from '../data/interactions.ts';
import type { Attribute, CatalogueMatch } from './catalogue.ts';

/** 12,345 */
const count = (n: number) => n.toLocaleString('en-US');

/** Columns named in a note before the rest is counted. */
const mostNamed = 8;

/** The notes about each file of a dataset, and hints about its ids. */
export function datasetNotes({
  reports = {},
  sources = {},
  source,
  hints = [],
}: Pick<Dataset, 'reports' | 'sources' | 'source' | 'hints'>): string[] {
  const notes = (['train', 'valid', 'test'] as const).flatMap((part) =>
    reports[part] ? readingNotes(sources[part] ?? source, reports[part]) : [],
  );
  return [...notes, ...hints];
}

/** Notes about one log: the columns that were read and that were not, then a line for each kind of row that a person may want to know of. */
export function readingNotes(source: string, report: ReadReport): string[] {
  const { columns, skipped, withoutRating = 0, withoutTime = 0, nullIds, passed, kinds, cancelled } = report;
  const notes = columns ? [columnsNote(source, columns)] : [];
  if (skipped > 0) notes.push(`Skipped ${amount(skipped, 'bad row', 'bad rows')}${listedText(report)}.`);
  const left = [
    [passed?.blankRows, 'blank row', 'blank rows'],
    [passed?.repeatedHeaders, 'line that repeats the header', 'lines that repeat the header'],
    [passed?.missingIds, 'row with a missing id (--null-values)', 'rows with a missing id (--null-values)'],
  ] as const;
  const counted = left.flatMap(([rows, one, many]) => (rows ? [amount(rows, one, many)] : []));
  if (counted.length > 0) notes.push(`Passed over ${counted.join(', ')}.`);
  for (const [role, blank] of [
    ['rating', withoutRating],
    ['time', withoutTime],
  ] as const) {
    if (blank > 0)
      notes.push(
        `${count(blank)} of ${amount(report.rows, 'row', 'rows')} without a ${role}, kept all the same; --no-${role} ignores the column.`,
      );
  }
  if (passed && passed.manyLines.rows > 0) {
    const { rows, first, most } = passed.manyLines;
    notes.push(
      rows === 1
        ? `The row from line ${count(first)} on has a quoted field over several lines, ${count(most)} in all. --quote none takes quotes as text.`
        : `${count(rows)} rows have a quoted field over several lines: the first from line ${count(first)} on, the longest ${count(most)} lines. --quote none takes quotes as text.`,
    );
  }
  if (nullIds) {
    const { texts } = nullIds;
    notes.push(
      `${amount(nullIds.count, 'id is', 'ids are')} ${texts.join(', ')}, taken as ${texts.length === 1 ? 'a name' : 'names'}; --null-values ${texts.join(',')} leaves such rows out.`,
    );
  }
  if (kinds) notes.push(`Kinds of events: ${kindsText(kinds)}.`);
  if (cancelled) notes.push(`Dropped ${count(cancelled)} pairs whose ratings add up to too little.`);
  return notes;
}

/** Where skipped rows are listed; in a browser, which has no folders, the first of them. */
function listedText({ rejectsFile, skippedRows = [] }: ReadReport): string {
  if (rejectsFile !== undefined) return `; listed in ${rejectsFile}`;
  // Line, column, value, reason, under a line of names.
  const rows = skippedRows.flatMap(({ text }) => text.trimEnd().split('\n').slice(1));
  const first = rows.slice(0, mostNamed).join('; ');
  return first && `, as line, column, value, reason: ${first}${rows.length > mostNamed ? ' …' : ''}`;
}

/** What a person may want to know about a catalogue: columns that were left out, and items that the model does not know. */
export function catalogueNotes({ source, leftOut }: CatalogueTable, { unknown, examples }: CatalogueMatch): string[] {
  const notes = leftOut.map(({ name, reason }) => `Left out of ${source}: ${name === '' ? '' : `${name}, `}${reason}.`);
  if (unknown > 0) {
    const named = `${examples.join(', ')}${unknown > examples.length ? ' …' : ''}`;
    notes.push(`${count(unknown)} items of ${source} are not in the model, and no list has them: ${named}.`);
  }
  return notes;
}

/** `brand (text), price (number)`. */
export function attributesText(attributes: readonly Attribute[]): string {
  return attributes.length === 0 ? 'no attributes' : attributes.map(({ name, type }) => `${name} (${type})`).join(', ');
}

/** `1 row`, `1,200 rows`. */
function amount(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `Columns of ratings.csv: user = "customer" (2), item = "sku" (3); not read: "qty" (4).` */
export function columnsNote(source: string, columns: ColumnsRead): string {
  if (columns.user.by === 'format')
    return `Columns of ${source}: LightGCN text, a user and the user's items on each line.`;
  const taken = roles.flatMap((role) => (columns[role] ? [`${role} = ${columnText(columns[role])}`] : []));
  const { unread } = columns;
  const named = unread.slice(0, mostNamed).map(columnText);
  const rest = unread.length > mostNamed ? ` and ${unread.length - mostNamed} more` : '';
  const by = howText(columns);
  return `Columns of ${source}: ${taken.join(', ')}${by && ` (${by})`}; not read: ${named.length > 0 ? named.join(', ') + rest : 'none'}.`;
}

/** `"customer" (2)`, or `column 2` without a header. */
function columnText({ name, position }: { name?: string; position: number }): string {
  return name === undefined ? `column ${position}` : `${JSON.stringify(name)} (${position})`;
}

/** How columns without a known name were found; '' where names or options decided. */
function howText(columns: ColumnsRead): string {
  const by = (how: string): Role[] => roles.filter((role) => columns[role]?.by === how);
  const byPosition = by('position');
  if (by('values').length > 0) return 'no header; recognised by their values';
  if (byPosition.length === 2) return 'by position';
  return byPosition.length === 1 ? `${byPosition[0]} by position` : '';
}
