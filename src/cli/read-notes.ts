// Notes about what a reader took from a log: its columns, and rows that are not plain data.

import type { ColumnsRead } from '../data/columns.ts';
import { type Role, roles } from '../data/columns.ts';
import type { ReadReport } from '../data/interactions.ts';
import { count } from './output.ts';

/** Columns named in a note before the rest is counted. */
const mostNamed = 8;

/** Notes about one log: the columns that were read and that were not, then a line for each kind of row that a person may want to know of. */
export function readNotes(source: string, report: ReadReport): string[] {
  const { columns, skipped, rejectsFile, withoutRating = 0, withoutTime = 0, nullIds, passed } = report;
  const notes = columns ? [columnsNote(source, columns)] : [];
  if (skipped > 0) notes.push(`Skipped ${count(skipped)} bad rows; listed in ${rejectsFile}.`);
  const left = [
    [passed?.blankRows, 'blank rows'],
    [passed?.repeatedHeaders, 'lines that repeat the header'],
    [passed?.missingIds, 'rows with a missing id (--null-values)'],
  ].flatMap(([rows, what]) => (rows ? [`${count(rows as number)} ${what}`] : []));
  if (left.length > 0) notes.push(`Passed over ${left.join(', ')}.`);
  for (const [role, blank] of [
    ['rating', withoutRating],
    ['time', withoutTime],
  ] as const) {
    if (blank > 0)
      notes.push(
        `${count(blank)} of ${count(report.rows)} rows have no ${role}; they are kept without one. --no-${role} ignores the column.`,
      );
  }
  if (passed && passed.manyLines.rows > 0) {
    const { rows, first, most } = passed.manyLines;
    notes.push(
      `${count(rows)} ${rows === 1 ? 'row has' : 'rows have'} a quoted field over several lines, ${rows === 1 ? '' : 'the first '}from line ${count(first)} on, ${rows === 1 ? '' : 'at most '}${count(most)} lines long. --quote none takes quotes as text.`,
    );
  }
  if (nullIds) {
    const texts = nullIds.texts.join(', ');
    notes.push(
      `${count(nullIds.count)} ids are ${texts}, and count as users or items of that name; --null-values ${nullIds.texts.join(',')} leaves their rows out.`,
    );
  }
  return notes;
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
