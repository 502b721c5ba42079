import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../platform/atomic-file.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { checkReport, type Report } from './report.ts';
import { tableCsv } from './table-csv.ts';
import { tableLatex } from './table-latex.ts';

/** Paths of the files that `writeReport` wrote. */
export interface ReportFiles {
  /** The page, self-contained. */
  readonly html: string;
  /** The report as data. */
  readonly json: string;
  /** One CSV file per table, named after the table. */
  readonly csv: readonly string[];
  /** One LaTeX file per table, named after the table. */
  readonly latex: readonly string[];
}

/**
 * Writes a report into a folder, which is created if missing: `report.html`, `report.json`, and each table as CSV and as LaTeX. Files are replaced atomically: a reader
 * sees the old content or the new, never a part.
 * @throws TaurecError `bad-report`, before anything is written
 */
export async function writeReport(folder: string, report: Report): Promise<ReportFiles> {
  checkReport(report);
  // Loaded on first use: the plotting libraries take as long to load as the rest of taurec.
  const { reportHtml } = await import('./page.ts');
  const tables = report.sections.flatMap((section) => section.tables ?? []);
  const files = {
    html: join(folder, 'report.html'),
    json: join(folder, 'report.json'),
    csv: tables.map(({ name }) => join(folder, `${name}.csv`)),
    latex: tables.map(({ name }) => join(folder, `${name}.tex`)),
  };
  const page = reportHtml(report);
  makeFolder(folder);
  for (const [i, table] of tables.entries()) {
    await write(files.csv[i]!, tableCsv(table));
    await write(files.latex[i]!, tableLatex(table));
  }
  await write(files.json, `${JSON.stringify(report, null, 2)}\n`);
  await write(files.html, page);
  return files;
}

/** Replaces a file atomically. */
function write(path: string, text: string): Promise<void> {
  return writeAtomically(path, (temporary) => writeFile(temporary, text));
}
