import { csrRow } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { type Exported, eachRow, type Rows, type ScoredRows } from './exported.ts';
import { vectorText } from './write-json.ts';

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

/** The most columns that pgvector's type `vector` takes, and the most that its indexes take. */
const MOST_COLUMNS = 16_000;
const MOST_INDEXED = 2000;

/** The names of the three tables. */
interface TableNames {
  readonly users: string;
  readonly items: string;
  readonly seen: string;
}

/** `prefix` with _users, _items and _seen, as SQL identifiers. Throws `bad-option` unless PostgreSQL can hold the names whole. */
export function tableNames(prefix: string): TableNames {
  if (!/^[^\p{Cc}]+$/u.test(prefix) || new TextEncoder().encode(prefix).length > 50) {
    throw new TaurecError('bad-option', {
      option: 'table',
      got: prefix,
      expected: 'a name of 1 to 50 bytes without control characters',
    });
  }
  const name = (part: string) => identifier(`${prefix}_${part}`);
  return { users: name('users'), items: name('items'), seen: name('seen') };
}

/** A plain name as it is, any other in double quotes. */
function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal, where standard_conforming_strings is on. Throws `cannot-export` for the one character that PostgreSQL's texts cannot hold. */
function sqlLiteral(text: string): string {
  return `'${withoutNul(text).replaceAll("'", "''")}'`;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text as a field of COPY's text format. Throws as `sqlLiteral` does. */
function copyField(text: string): string {
  return withoutNul(text).replace(/[\\\t\n\r]/g, (character) => copyEscapes[character]!);
}

function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  throw new TaurecError('cannot-export', {
    format: 'pgvector',
    problem: `the id or title ${JSON.stringify(text)} holds the character NUL, which PostgreSQL text cannot contain`,
    remedy: 'Rename it in the data, or export to another format.',
  });
}

/** The start of the file: a transaction, so that the file loads completely or not at all, and empty tables. Throws `cannot-export` for vectors too long for pgvector. */
function schemaSql(names: TableNames, { items, formula }: ScoredRows, titles: boolean, seen: boolean): string {
  const { columns } = items;
  if (columns > MOST_COLUMNS) {
    throw new TaurecError('cannot-export', {
      format: 'pgvector',
      problem: `its vectors have ${columns} columns, pgvector takes ${MOST_COLUMNS}`,
      remedy: 'Export to another format, or train with a smaller dimension.',
    });
  }
  return `-- Embeddings of a taurec model for PostgreSQL with pgvector. Score of a user and an item: ${formula}.
BEGIN;
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_encoding = 'UTF8';
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE ${names.users} (id text PRIMARY KEY, embedding vector(${columns}) NOT NULL);
CREATE TABLE ${names.items} (id text PRIMARY KEY,${titles ? ' title text,' : ''} embedding vector(${columns}) NOT NULL);
${seen ? `CREATE TABLE ${names.seen} (user_id text NOT NULL, item_id text NOT NULL, PRIMARY KEY (user_id, item_id));\n` : ''}`;
}

/** The end of the file: the commit, then indexes to choose from and an example query, as SQL comments. */
function closingSql(names: TableNames, { items }: ScoredRows, seen: boolean): string {
  const { columns } = items;
  const lists = Math.max(1, Math.round(Math.sqrt(items.rows)));
  const index =
    columns > MOST_INDEXED
      ? `-- (${columns} columns: pgvector's indexes take ${MOST_INDEXED} at most.)`
      : `-- An index makes large catalogues quick, and lists approximate. One of:
-- CREATE INDEX ON ${names.items} USING hnsw (embedding vector_ip_ops);
-- CREATE INDEX ON ${names.items} USING ivfflat (embedding vector_ip_ops) WITH (lists = ${lists});`;
  const unseen = seen
    ? `\n-- WHERE NOT EXISTS (SELECT FROM ${names.seen} s WHERE s.user_id = :user AND s.item_id = i.id)`
    : '';
  return `COMMIT;

${index}

-- The best 20 items of a user (<#> is minus the inner product):
-- SELECT i.id, -(i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user)) AS score
-- FROM ${names.items} i${unseen}
-- ORDER BY i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user)
-- LIMIT 20;
`;
}
