import { stringify } from 'csv-stringify/sync';
import { TextFile } from '../../platform/text-file.ts';
import { openLines, openText } from '../../platform/text-stream.ts';
import { type ColumnPositions, type Role, roles } from '../columns.ts';
import { RecordSplitter, type TextRecord } from './records.ts';
import type { BadRow, Rejects } from './rejects.ts';
import { expectedCell, isGoodCell, type Layout } from './table.ts';

/**
 * Copies the good rows of a delimited text to `target`, without its header, and reports the bad rows to `rejects` with line, column and value.
 * Only files with bad rows need this pass: DuckDB reads well-formed files, but does not report the line of a bad row reliably.
 */
export async function repairDelimited(
  layout: Layout,
  names: readonly string[] | undefined,
  positions: ColumnPositions,
  target: string,
  rejects: Rejects,
): Promise<void> {
  const splitter = new RecordSplitter(layout.delimiter);
  let first = true;
  await copy(target, async (write) => {
    const take = (records: Iterable<TextRecord>) => {
      let good = '';
      for (const record of records) {
        const isHeader = first && layout.header;
        first = false;
        if (isHeader) continue;
        const bad = badRecord(record, layout.width, names, positions);
        if (bad) rejects.add(bad);
        else good += stringify([record.fields], { delimiter: layout.delimiter });
      }
      return good;
    };
    for await (const text of openText(layout.path, layout.gzip)) write(take(splitter.push(text)));
    write(take(splitter.end()));
  });
}

/** Copies the good lines of a JSON lines file to `target` and reports the bad ones to `rejects`. `lists`: see `jsonTable`. */
export async function repairJson(
  source: { path: string; gzip: boolean },
  names: readonly string[],
  positions: ColumnPositions,
  target: string,
  rejects: Rejects,
  lists: readonly number[] = [],
): Promise<void> {
  let line = 0;
  await copy(target, async (write) => {
    for await (const text of openLines(source.path, source.gzip)) {
      line++;
      if (text.trim() === '') continue;
      const bad = badJson(text, line, names, positions, lists);
      if (bad) rejects.add(bad);
      else write(`${text}\n`);
    }
  });
}

/** The fault of a record: an unclosed quote, a wrong number of fields, or a bad cell; undefined for a good one. */
function badRecord(
  record: TextRecord,
  width: number,
  names: readonly string[] | undefined,
  positions: ColumnPositions,
): BadRow | undefined {
  const { line, fields } = record;
  if (record.broken)
    return {
      line,
      column: names?.[record.broken - 1] ?? String(record.broken),
      got: fields[record.broken - 1]!,
      expected: 'a closing quote at the end of the field',
    };
  if (fields.length !== width) {
    return {
      line,
      column: String(Math.min(fields.length, width + 1)),
      got: `${fields.length} fields`,
      expected: `${width} fields`,
    };
  }
  return badCell(line, names, positions, (position) => fields[position]!);
}

/** The fault of a line: not a JSON object, or a bad value; undefined for a good one. */
function badJson(
  text: string,
  line: number,
  names: readonly string[],
  positions: ColumnPositions,
  lists: readonly number[],
): BadRow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, column: '1', got: text.slice(0, 200), expected: 'a JSON object on one line' };
  }
  const object = value as Record<string, unknown>;
  const valueAt = (position: number) => object[names[position]!];
  for (const position of new Set(Object.values(positions))) {
    const found = valueAt(position);
    const values = lists.includes(position) && Array.isArray(found) ? found : [found];
    if (values.some((one) => typeof one === 'object' && one !== null)) {
      const expected = lists.includes(position) ? 'texts, numbers or a flat list of them' : 'a text or a number';
      return { line, column: names[position]!, got: JSON.stringify(found), expected };
    }
  }
  // A list is as good as its worst value.
  const rows = Math.max(1, ...lists.map((position) => [valueAt(position)].flat().length));
  for (let row = 0; row < rows; row++) {
    const bad = badCell(line, names, positions, (position) => {
      const found = valueAt(position);
      return String((Array.isArray(found) ? (found.length === 0 ? '[]' : found[row]) : found) ?? '');
    });
    if (bad) return bad;
  }
  return undefined;
}

/** The first bad cell of a row, in the order of `roles`; undefined for a good row. */
export function badCell(
  line: number,
  names: readonly string[] | undefined,
  positions: ColumnPositions,
  cell: (position: number) => string,
): BadRow | undefined {
  const inOrder = roles.filter((role) => positions[role] !== undefined);
  const role = inOrder.find((r: Role) => !isGoodCell(r, cell(positions[r]!)));
  if (!role) return undefined;
  const position = positions[role]!;
  return { line, column: names?.[position] ?? String(position + 1), got: cell(position), expected: expectedCell[role] };
}

async function copy(target: string, work: (write: (text: string) => void) => Promise<void>): Promise<void> {
  const output = new TextFile(target);
  try {
    await work((text) => output.write(text));
  } finally {
    output.close();
  }
}
