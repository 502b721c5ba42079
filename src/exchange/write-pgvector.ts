import { csrRow } from '../array/csr.ts';
import type { Exported } from './exported.ts';
import { vectorText } from './float-text.ts';
import { closingSql, copyField, schemaSql, sqlLiteral, type TableNames } from './pgvector-text.ts';
import { eachRow, type Rows } from './scored-rows.ts';

/** Rows of one INSERT. */
const INSERTED = 200;

/** A table as it is filled: its name, its columns, and its rows as texts that are not yet escaped; undefined is NULL. */
interface Filled {
  readonly name: string;
  readonly columns: string;
  rows(): Iterable<readonly (string | undefined)[]>;
}

/** The pieces of an SQL file with INSERT statements, which any client runs. */
export function* insertPieces(exported: Exported, names: TableNames): Generator<string> {
  const titles = exported.model.titles !== undefined;
  yield schemaSql(names, exported.scored, titles, exported.seen);
  for (const { name, columns, rows } of tables(exported, names)) {
    let count = 0;
    for (const fields of rows()) {
      const values = fields.map((field) => (field === undefined ? 'NULL' : sqlLiteral(field))).join(', ');
      const begins = count++ % INSERTED === 0;
      yield begins
        ? `${count > 1 ? ';\n' : ''}INSERT INTO ${name} (${columns}) VALUES\n  (${values})`
        : `,\n  (${values})`;
    }
    if (count > 0) yield ';\n';
  }
  yield closingSql(names, exported.scored, exported.seen);
}

/** The pieces of a file for psql, with COPY and its data. */
export function* copyPieces(exported: Exported, names: TableNames): Generator<string> {
  yield '\\set ON_ERROR_STOP on\n';
  const titles = exported.model.titles !== undefined;
  yield schemaSql(names, exported.scored, titles, exported.seen);
  for (const { name, columns, rows } of tables(exported, names)) {
    yield `COPY ${name} (${columns}) FROM stdin;\n`;
    for (const fields of rows())
      yield `${fields.map((field) => (field === undefined ? '\\N' : copyField(field))).join('\t')}\n`;
    yield '\\.\n';
  }
  yield closingSql(names, exported.scored, exported.seen);
}

function tables({ model, scored, seen, step, pair }: Exported, names: TableNames): Filled[] {
  const { userIds, itemIds, titles } = model;
  function* vectors(
    table: Rows,
    ids: typeof userIds,
    title?: (index: number) => string | undefined,
  ): Generator<(string | undefined)[]> {
    for (const [index, vector] of eachRow(table)) {
      yield [ids.idOf(index), ...(title ? [title(index)] : []), vectorText(vector)];
      step();
    }
  }
  function* pairs(): Generator<string[]> {
    for (let u = 0; u < userIds.size; u++) {
      const user = userIds.idOf(u);
      for (const item of csrRow(model.seen, u)) {
        yield [user, itemIds.idOf(item)];
        pair();
      }
    }
  }
  return [
    { name: names.users, columns: 'id, embedding', rows: () => vectors(scored.users, userIds) },
    {
      name: names.items,
      columns: titles ? 'id, title, embedding' : 'id, embedding',
      rows: () => vectors(scored.items, itemIds, titles && ((index) => titles.at(index))),
    },
    ...(seen ? [{ name: names.seen, columns: 'user_id, item_id', rows: pairs }] : []),
  ];
}
