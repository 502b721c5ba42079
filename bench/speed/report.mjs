/** The report of a section, and its printing. */

/**
 * @typedef {Record<string, string | number>} Row Column name → cell. Numbers keep all digits in JSON and are rounded for people.
 * @typedef {{ title: string, rows: Row[], notes?: string[] }} Report
 * @typedef {{ quick: boolean, seed: number }} BenchOptions
 */

/** @param {Report} report */
export function printReport({ title, rows, notes = [] }) {
  console.log(`\n${title}`);
  for (const line of rows.length > 0 ? tableLines(rows) : []) console.log(`  ${line}`);
  for (const note of notes) console.log(`  ${note}`);
}

/**
 * Rows as lines of aligned text: text columns aligned left, number columns right.
 * @param {readonly Row[]} rows
 */
export function tableLines(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))];
  const widths = columns.map((_, c) => Math.max(...cells.map((line) => line[c].length)));
  const right = columns.map((column) => rows.some((row) => typeof row[column] === 'number'));
  return cells.map((line) =>
    line
      .map((cell, c) => (right[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd(),
  );
}

/** @param {string | number | undefined} value */
function shown(value) {
  if (typeof value !== 'number') return value ?? '';
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
