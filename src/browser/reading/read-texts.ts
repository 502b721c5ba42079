// Reads texts row by row: delimited ones, JSON lines and LightGCN text.

import { type ColumnPositions, roles } from '../../data/columns.ts';
import { type CellRules, measureOf, trimmed } from '../../data/formats/cells.ts';
import { blankRow, RowEncoder } from '../../data/formats/encode-rows.ts';
import { badJson, objectOf, RowJudge } from '../../data/formats/judge-rows.ts';
import { readLightGcn } from '../../data/formats/light-gcn.ts';
import type { TextRecord } from '../../data/formats/records.ts';
import type { Rejects } from '../../data/formats/rejects.ts';
import { type LogFacts, pairColumns, type Read, rowRules, sniffDelimited, sniffJson } from '../../data/read-log.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import { TaurecError } from '../../errors.ts';
import type { FileHead } from '../../platform/head.ts';
import { linesOf, textOf } from '../../platform/text-pieces.ts';
import { exactObject, textOfValue } from './json-values.ts';

type Options = ReadOptions & LogFacts;

/** Reads CSV or TSV. @throws TaurecError as `readInteractions` */
export async function readDelimited(
  file: string,
  format: 'csv' | 'tsv',
  head: FileHead,
  bytes: AsyncIterable<Uint8Array>,
  options: Options,
  rejects: Rejects,
): Promise<Read> {
  const { sniffed, about } = sniffDelimited(file, format, head, options);
  const { layout, names, positions } = sniffed;
  const judge = new RowJudge(layout, { names, positions, rules: options }, rejects);
  const rows = new TextRows(positions, options);
  const take = (records: Iterable<TextRecord>) => {
    for (const { fields } of records) rows.add((position) => fields[position]!);
  };
  for await (const text of textOf(bytes)) take(judge.push(text));
  take(judge.end());
  return { ...rows.encoder.finish(), ...about };
}

/** Reads JSON lines. The columns are the keys in the head of the file. @throws TaurecError as `readInteractions` */
export async function readJson(
  file: string,
  head: FileHead,
  bytes: AsyncIterable<Uint8Array>,
  options: Options,
  rejects: Rejects,
): Promise<Read> {
  const sniffed = sniffJson(file, head, options);
  const { names = [], positions = { user: 0, item: 1 }, lists = [] } = sniffed ?? {};
  const rows = new TextRows(positions, options);
  let line = 0;
  for await (const text of linesOf(textOf(bytes))) {
    line++;
    if (text.trim() === '') continue;
    const plain = objectOf(text);
    const fault = badJson(plain, text, line, { names, positions, rules: options }, lists);
    if (fault === 'missing') rejects.passed.missingIds++;
    else if (fault) rejects.add(fault);
    else if (sniffed) {
      const object = exactObject(text, plain!);
      const valueAt = (position: number) => object[names[position]!];
      // Lists of one line have one length, apart from those that are not there.
      const lengths = lists.map((position) => [valueAt(position) ?? []].flat().length);
      const count =
        lists.length > 0 && Array.isArray(valueAt(positions.item)) ? Math.max(...lengths) : Math.max(1, ...lengths);
      for (let at = 0; at < count; at++)
        rows.add((position) => {
          const found = valueAt(position);
          return textOfValue(Array.isArray(found) ? found[at] : found);
        });
    }
  }
  if (!sniffed) throw new TaurecError('empty-data', { file, reason: 'no JSON object was found' });
  return { ...rows.encoder.finish(), ...sniffed.about };
}

/** Reads LightGCN text. */
export async function readPairs(bytes: AsyncIterable<Uint8Array>, rejects: Rejects): Promise<Read> {
  const columns = await readLightGcn(linesOf(textOf(bytes)), (bad) => rejects.add(bad));
  return { columns, belowMinRating: 0, otherKinds: 0, read: pairColumns };
}

/** Encodes good rows of texts. */
class TextRows {
  readonly encoder: RowEncoder;
  private readonly positions: ColumnPositions;
  private readonly rules: CellRules;
  private readonly measures: readonly ('rating' | 'time' | 'weight')[];
  private readonly row = blankRow();

  constructor(positions: ColumnPositions, options: Options) {
    const present = roles.filter((role) => positions[role] !== undefined);
    this.positions = positions;
    this.rules = options;
    this.measures = (['rating', 'time', 'weight'] as const).filter((role) => present.includes(role));
    this.encoder = new RowEncoder(present, rowRules(options));
  }

  add(cell: (position: number) => string): void {
    const { row, positions, rules } = this;
    row.user = cell(positions.user);
    row.item = cell(positions.item);
    for (const role of this.measures) row[role] = measureOf(role, cell(positions[role]!), rules)!;
    if (positions.event !== undefined) row.event = trimmed(cell(positions.event));
    this.encoder.add(row);
  }
}
