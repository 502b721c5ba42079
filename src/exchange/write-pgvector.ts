/** Export as SQL for PostgreSQL with pgvector: tables of users, items and seen pairs, as INSERT statements for any client or as COPY data for psql. */

import { TaurecError } from '../errors.ts';
import { type Exported, eachRow, formulaOf, neighborEntries, type Rows, seenEntries } from './exported.ts';
import { floatText, vectorText } from './write-json.ts';

/** Rows per INSERT statement. */
const INSERTED = 200;

/** A table to fill: its name, its columns, and its rows as unescaped texts, where undefined is NULL. */
interface Filled {
  readonly name: string;
  readonly columns: string;
  rows(): Iterable<readonly (string | undefined)[]>;
}

/** The pieces of an SQL file with INSERT statements, which any client can run. */
export function* insertPieces(exported: Exported, names: TableNames): Generator<string> {
  const titles = exported.model.titles !== undefined;
  yield schemaSql(names, exported, titles);
  for (const { name, columns, rows } of tables(exported, names)) {
    let count = 0;
    for (const fields of rows()) {
      const values = fields.map((field) => (field === undefined ? 'NULL' : sqlLiteral(field))).join(', ');
      // Every INSERTED rows, end the previous statement and begin a new one.
      const begins = count++ % INSERTED === 0;
      yield begins
        ? `${count > 1 ? ';\n' : ''}INSERT INTO ${name} (${columns}) VALUES\n  (${values})`
        : `,\n  (${values})`;
    }
    if (count > 0) yield ';\n';
  }
  yield closingSql(names, exported);
}

/** The pieces of a file for psql: COPY statements with their data, which load faster than INSERT. */
export function* copyPieces(exported: Exported, names: TableNames): Generator<string> {
  yield '\\set ON_ERROR_STOP on\n';
  const titles = exported.model.titles !== undefined;
  yield schemaSql(names, exported, titles);
  for (const { name, columns, rows } of tables(exported, names)) {
    yield `COPY ${name} (${columns}) FROM stdin;\n`;
    for (const fields of rows())
      yield `${fields.map((field) => (field === undefined ? '\\N' : copyField(field))).join('\t')}\n`;
    // A line with \. ends the data of COPY.
    yield '\\.\n';
  }
  yield closingSql(names, exported);
}

/** The tables of an export in the order in which they are filled. Their rows are generated on the way to the file. */
function tables(exported: Exported, names: TableNames): Filled[] {
  const { model, scored, neighbors, liked, seen, step } = exported;
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
    for (const [user, item, isLiked] of seenEntries(exported))
      yield liked ? [user, item, String(isLiked)] : [user, item];
  }
  function* weights(): Generator<string[]> {
    for (const [item, neighbor, weight] of neighborEntries(exported)) yield [item, neighbor, floatText(weight)];
  }
  return [
    { name: names.users, columns: 'id, embedding', rows: () => vectors(scored.users, userIds) },
    {
      name: names.items,
      columns: titles ? 'id, title, embedding' : 'id, embedding',
      rows: () => vectors(scored.items, itemIds, titles && ((index) => titles.at(index))),
    },
    ...(seen ? [{ name: names.seen, columns: `user_id, item_id${liked ? ', liked' : ''}`, rows: pairs }] : []),
    ...(neighbors ? [{ name: names.neighbors, columns: 'item_id, neighbor_id, weight', rows: weights }] : []),
  ];
}

/** Limits of pgvector: columns of the type `vector`, and columns that its indexes support. */
const MOST_COLUMNS = 16_000;
const MOST_INDEXED = 2000;

/** The names of the tables, quoted for SQL if needed. */
interface TableNames {
  readonly users: string;
  readonly items: string;
  readonly seen: string;
  readonly neighbors: string;
}

/** The identifiers `<prefix>_users`, `<prefix>_items`, `<prefix>_seen` and `<prefix>_neighbors`. PostgreSQL cuts names at 63 bytes, so the prefix has at most 50. Throws `bad-option`. */
export function tableNames(prefix: string): TableNames {
  if (!/^[^\p{Cc}]+$/u.test(prefix) || new TextEncoder().encode(prefix).length > 50) {
    throw new TaurecError('bad-option', {
      option: 'table',
      got: prefix,
      expected: 'a name of 1 to 50 bytes without control characters',
    });
  }
  const name = (part: string) => identifier(`${prefix}_${part}`);
  return { users: name('users'), items: name('items'), seen: name('seen'), neighbors: name('neighbors') };
}

/** A name as an SQL identifier: a plain lower-case name unchanged, any other in double quotes. */
function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. Backslashes stay as they are, because the file turns standard_conforming_strings on. Throws `cannot-export` for texts with NUL. */
function sqlLiteral(text: string): string {
  return `'${withoutNul(text).replaceAll("'", "''")}'`;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text as a field in the text format of COPY. Throws as `sqlLiteral` does. */
function copyField(text: string): string {
  return withoutNul(text).replace(/[\\\t\n\r]/g, (character) => copyEscapes[character]!);
}

/** The text itself. NUL is the only character that PostgreSQL's type text cannot hold. */
function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  throw new TaurecError('cannot-export', {
    format: 'pgvector',
    problem: `the id or title ${JSON.stringify(text)} contains the character NUL, which PostgreSQL cannot store in text`,
    remedy: 'Rename it in the data, or export to another format.',
  });
}

/** The start of the file: begins a transaction, so that the file loads completely or not at all, and creates the tables. Throws `cannot-export` for vectors too long for pgvector. */
function schemaSql(names: TableNames, exported: Exported, titles: boolean): string {
  const { scored, neighbors, liked, seen } = exported;
  const { columns } = scored.items;
  if (columns > MOST_COLUMNS) {
    throw new TaurecError('cannot-export', {
      format: 'pgvector',
      problem: `the vectors have ${columns} columns, pgvector supports ${MOST_COLUMNS}`,
      remedy: 'Export to another format, or train with a smaller dimension.',
    });
  }
  return `-- Embeddings of a taurec model for PostgreSQL with pgvector. Score of a user and an item: ${formulaOf(exported)}.
BEGIN;
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_encoding = 'UTF8';
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE ${names.users} (id text PRIMARY KEY, embedding vector(${columns}) NOT NULL);
CREATE TABLE ${names.items} (id text PRIMARY KEY,${titles ? ' title text,' : ''} embedding vector(${columns}) NOT NULL);
${seen ? `CREATE TABLE ${names.seen} (user_id text NOT NULL, item_id text NOT NULL,${liked ? ' liked boolean NOT NULL,' : ''} PRIMARY KEY (user_id, item_id));\n` : ''}${neighbors ? `CREATE TABLE ${names.neighbors} (item_id text NOT NULL, neighbor_id text NOT NULL, weight real NOT NULL, PRIMARY KEY (neighbor_id, item_id));\n` : ''}`;
}

/** The end of the file: commits, then shows as SQL comments the indexes to choose from and an example query. */
function closingSql(names: TableNames, { model, scored, seen, liked }: Exported): string {
  const { items } = scored;
  const { columns } = items;
  // √rows lists: pgvector's recommendation for tables of more than a million rows.
  const lists = Math.max(1, Math.round(Math.sqrt(items.rows)));
  const index =
    columns > MOST_INDEXED
      ? `-- (No index: the vectors have ${columns} columns, pgvector's indexes support ${MOST_INDEXED}.)`
      : `-- An index makes queries on large catalogues fast, but lists become approximate. Choose one:
-- CREATE INDEX ON ${names.items} USING hnsw (embedding vector_ip_ops);
-- CREATE INDEX ON ${names.items} USING ivfflat (embedding vector_ip_ops) WITH (lists = ${lists});`;
  const unseen = seen
    ? `\n-- WHERE NOT EXISTS (SELECT FROM ${names.seen} s WHERE s.user_id = :user AND s.item_id = i.id)`
    : '';
  return `COMMIT;

${index}

-- The top 20 items of a user (<#> is the negative inner product):
-- SELECT i.id, -(i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user)) AS score
-- FROM ${names.items} i${unseen}
-- ORDER BY i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user)
-- LIMIT 20;
${liked && model.neighbors ? neighborSql(names, model.neighbors.beta) : ''}`;
}

/** The query with the neighbour term, as SQL comments: a query of vectors alone leaves the term out. */
function neighborSql(names: TableNames, beta: number): string {
  return `
-- That is the score without the neighbour term, beta * sum of weights / sqrt(number of liked items). With it:
-- WITH liked AS (SELECT item_id FROM ${names.seen} WHERE user_id = :user AND liked),
--   term AS (SELECT n.item_id, ${floatText(beta)} * sum(n.weight) / sqrt((SELECT count(*) FROM liked)) AS value
--     FROM ${names.neighbors} n JOIN liked l ON l.item_id = n.neighbor_id GROUP BY n.item_id),
--   near AS (SELECT i.id FROM ${names.items} i
--     ORDER BY i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user) LIMIT 500)
-- SELECT i.id, -(i.embedding <#> (SELECT embedding FROM ${names.users} WHERE id = :user)) + coalesce(t.value, 0) AS score
-- FROM ${names.items} i LEFT JOIN term t ON t.item_id = i.id
-- WHERE i.id IN (SELECT id FROM near UNION SELECT item_id FROM term)
--   AND NOT EXISTS (SELECT FROM ${names.seen} s WHERE s.user_id = :user AND s.item_id = i.id)
-- ORDER BY score DESC LIMIT 20;
`;
}
