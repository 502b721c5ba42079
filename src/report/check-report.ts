import { TaurecError } from '../errors.ts';
import type { Report } from './report.ts';

/** Lower-case words with hyphens, which every file system takes. */
const fileName = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Finds what would make a page or a file wrong. @throws TaurecError `bad-report`: a name that no file can have or that comes twice; a row with too few or too many cells. */
export function checkReport(report: Report): void {
  const fail = (problem: string, expected: string): never => {
    throw new TaurecError('bad-report', { report: report.name, problem, expected });
  };
  for (const [kind, things] of Object.entries({
    table: report.sections.flatMap(({ tables }) => tables ?? []),
    figure: report.sections.flatMap(({ figures }) => figures ?? []),
  })) {
    const names = new Set<string>();
    for (const { name } of things) {
      if (!fileName.test(name)) {
        fail(`a ${kind} has the name ${JSON.stringify(name)}`, 'lower-case words joined by hyphens');
      }
      if (names.has(name)) fail(`two of its ${kind}s have the name ${JSON.stringify(name)}`, 'distinct names');
      names.add(name);
    }
  }
  for (const { name, columns, rows } of report.sections.flatMap(({ tables }) => tables ?? [])) {
    const row = rows.findIndex(({ length }) => length !== columns.length);
    if (row === -1) continue;
    const cells = `row ${row + 1} of the table ${JSON.stringify(name)} has ${rows[row]!.length} cells`;
    fail(cells, `${columns.length}, one for each column`);
  }
}
