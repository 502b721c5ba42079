import { stringify } from 'csv-stringify/sync';
import type { Cell, MeanCell, Table } from './report.ts';

/**
 * A table as CSV (RFC 4180, but with line feeds) with a header. Numbers have all digits, text is unchanged, and a missing value is an empty field.
 * A column with deviations becomes two columns: `name` and `name deviation`.
 */
export function tableCsv(table: Table): string {
  const withDeviation = table.columns.map((_, c) => table.rows.some((row) => hasDeviation(row[c]!)));
  const header = table.columns.flatMap(({ name }, c) => (withDeviation[c] ? [name, `${name} deviation`] : [name]));
  const rows = table.rows.map((row) =>
    row.flatMap((cell, c) => {
      const [value, spread] = isMean(cell) ? [cell.mean, cell.deviation ?? null] : [cell, null];
      return withDeviation[c] ? [value, spread] : [value];
    }),
  );
  // Quotes preserve leading and trailing blanks, and distinguish an empty text from a missing value.
  return stringify([header, ...rows], { quoted_match: /^$|^\s|\s$/ });
}

function isMean(cell: Cell): cell is MeanCell {
  return typeof cell === 'object' && cell !== null;
}

function hasDeviation(cell: Cell): boolean {
  return isMean(cell) && cell.deviation !== undefined;
}
