import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../platform/atomic-file.ts';
import { checkReport, type Report } from './report.ts';
import { tableCsv } from './tables.ts';

/** Where `writeReport` put what it wrote. */
export interface ReportFiles {
  /** The page: one file that needs no other. */
  readonly html: string;
  /** The report as data. */
  readonly json: string;
  /** A file for each table, named after it. */
  readonly csv: readonly string[];
}

/**
 * Writes a report into a folder, which is made if need be: `report.html`, `report.json` and a CSV file for each table. Each file holds the old content or the whole new one, never a part.
 * @throws TaurecError `bad-report`, before anything is written.
 */
export async function writeReport(folder: string, report: Report): Promise<ReportFiles> {
  checkReport(report);
  // Loaded when first used: the plots' libraries take as long to load as all of taurec.
  const { reportHtml } = await import('./page.ts');
  const tables = report.sections.flatMap((section) => section.tables ?? []);
  const files = {
    html: join(folder, 'report.html'),
    json: join(folder, 'report.json'),
    csv: tables.map(({ name }) => join(folder, `${name}.csv`)),
  };
  const page = reportHtml(report);
  await mkdir(folder, { recursive: true });
  for (const [i, table] of tables.entries()) await write(files.csv[i]!, tableCsv(table));
  await write(files.json, `${JSON.stringify(report, null, 2)}\n`);
  await write(files.html, page);
  return files;
}

function write(path: string, text: string): Promise<void> {
  return writeAtomically(path, (temporary) => writeFile(temporary, text));
}
