import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reportHtml } from '../../src/report/page.ts';
import type { Table } from '../../src/report/report.ts';
import { tableCsv } from '../../src/report/table-csv.ts';
import { tableLatex } from '../../src/report/table-latex.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { rejectionOf } from '../support/error-of.ts';
import { sampleReport } from '../support/sample-report.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('writes the page, the data and a file for each table, and nothing else', async () => {
  const target = join(folder, 'a', 'b');
  const files = await writeReport(target, sampleReport);
  const tables = sampleReport.sections.flatMap((section) => section.tables ?? []);
  expect(await readFile(files.html, 'utf8')).toBe(reportHtml(sampleReport));
  expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(sampleReport)));
  expect(await Promise.all(files.csv.map((path) => readFile(path, 'utf8')))).toEqual(tables.map(tableCsv));
  expect(await Promise.all(files.latex.map((path) => readFile(path, 'utf8')))).toEqual(tables.map(tableLatex));
  const names = ['report.html', 'report.json', ...tables.flatMap(({ name }) => [`${name}.csv`, `${name}.tex`])];
  expect((await readdir(target)).sort()).toEqual(names.sort());
  await writeReport(target, sampleReport);
  expect((await readdir(target)).sort()).toEqual(names.sort());
});

const table: Table = { name: 'a', caption: '', columns: [{ name: 'x' }], rows: [[1]] };

test.each([
  ['a path for a name', [{ ...table, name: '../a' }]],
  ['a name in capitals', [{ ...table, name: 'A' }]],
  ['a name that comes twice', [table, table]],
  ['a row that is too long', [{ ...table, rows: [[1], [1, 2]] }]],
])('refuses %s before anything is written', async (_, tables) => {
  const report = { ...sampleReport, sections: [{ title: '', tables }] };
  const error = await rejectionOf(writeReport(join(folder, 'a'), report));
  expect(error).toMatchObject({ code: 'bad-report', message: expect.stringContaining(', expected ') });
  expect(await readdir(folder)).toEqual([]);
});
