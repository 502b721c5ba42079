import { stringify } from 'csv-stringify/sync';
import type { Cell, Table } from './report.ts';

/**
 * A table as CSV (RFC 4180, line feeds) with a header. Numbers have all their digits, text is as it is, and what is missing is an empty field.
 * A column with deviations becomes two: `name` and `name deviation`.
 */
export function tableCsv(table: Table): string {
  const withDeviation = table.columns.map((_, c) => table.rows.some((row) => hasDeviation(row[c]!)));
  const header = table.columns.flatMap(({ name }, c) => (withDeviation[c] ? [name, `${name} deviation`] : [name]));
  const rows = table.rows.map((row) =>
    row.flatMap((cell, c) => {
      if (hasDeviation(cell)) return [cell.mean, cell.deviation];
      return withDeviation[c] ? [cell, null] : [cell];
    }),
  );
  // Blanks at the ends of a text are part of it, and an empty text is not a missing one: quotes keep them.
  return stringify([header, ...rows], { quoted_match: /^$|^\s|\s$/ });
}

function hasDeviation(cell: Cell): cell is { readonly mean: number; readonly deviation: number } {
  return typeof cell === 'object' && cell !== null;
}
