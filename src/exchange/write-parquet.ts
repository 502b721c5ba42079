import { join } from 'node:path';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { type Duck, identifier, literal, loadDuckDb, openDuck } from '../data/formats/duckdb.ts';
import { type Exported, eachRow, neighborEntries, type Rows, seenEntries } from './exported.ts';

/** Rows per chunk given to DuckDB: the size of DuckDB's own vectors. */
const CHUNK = 2048;

/** Writes users.parquet (id, embedding), items.parquet (id, embedding, bias and title if present), neighbors.parquet (item, neighbor, weight) if there is a neighbour term, and, if asked for, seen.parquet (user, item, with a neighbour term also liked) into a folder. */
export async function writeParquet(folder: string, exported: Exported): Promise<void> {
  const { model, scored, neighbors, liked, seen, step } = exported;
  const { userIds, itemIds, titles } = model;
  const { itemBias } = scored;
  const { BOOLEAN, FLOAT, LIST, listValue, VARCHAR } = loadDuckDb();
  const embedding = LIST(FLOAT);
  const duck = await openDuck('512MB');
  /** Writes one table of vectors; `rowOf` gives the id of a row and the values after the embedding. */
  const vectors = async (name: string, table: Rows, columns: Columns, rowOf: (index: number) => DuckDBValue[]) => {
    function* rows(): Generator<DuckDBValue[]> {
      for (const [index, vector] of eachRow(table)) {
        const [id, ...rest] = rowOf(index);
        yield [id!, listValue(Array.from(vector)), ...rest];
        step();
      }
    }
    await write(duck, join(folder, `${name}.parquet`), columns, rows());
  };
  try {
    // Keep the rows in the model's order.
    await duck.connection.run('SET preserve_insertion_order = true');
    await vectors('users', scored.users, { id: VARCHAR, embedding }, (u) => [userIds.idOf(u)]);
    await vectors(
      'items',
      scored.items,
      { id: VARCHAR, embedding, ...(itemBias && { bias: FLOAT }), ...(titles && { title: VARCHAR }) },
      (i) => [itemIds.idOf(i), ...(itemBias ? [itemBias[i]!] : []), ...(titles ? [titles.at(i) ?? null] : [])],
    );
    if (neighbors) {
      const columns = { item: VARCHAR, neighbor: VARCHAR, weight: FLOAT };
      await write(duck, join(folder, 'neighbors.parquet'), columns, neighborEntries(exported));
    }
    if (!seen) return;
    function* seenRows(): Generator<DuckDBValue[]> {
      for (const [user, item, isLiked] of seenEntries(exported)) yield liked ? [user, item, isLiked] : [user, item];
    }
    const columns = { user: VARCHAR, item: VARCHAR, ...(liked && { liked: BOOLEAN }) };
    await write(duck, join(folder, 'seen.parquet'), columns, seenRows());
  } finally {
    await duck.close();
  }
}

type Columns = Readonly<Record<string, DuckDBType>>;

/** Writes rows to a table in a DuckDB file on disk, then copies the table to a Parquet file. This way memory stays constant for any number of rows. */
async function write(
  duck: Duck,
  path: string,
  columns: Columns,
  rows: Iterable<readonly DuckDBValue[]>,
): Promise<void> {
  const { DuckDBDataChunk } = loadDuckDb();
  const { connection, folder } = duck;
  await connection.run(`ATTACH ${literal(join(folder, 'rows.duckdb'))} AS rows`);
  const described = Object.entries(columns).map(([name, type]) => `${identifier(name)} ${type}`);
  await connection.run(`CREATE OR REPLACE TABLE rows.rows (${described.join(', ')})`);
  const appender = await connection.createAppender('rows', 'main', 'rows');
  // The appender writes whole chunks, which is faster than single values.
  const append = (block: (readonly DuckDBValue[])[]) => {
    const chunk = DuckDBDataChunk.create(Object.values(columns));
    chunk.setRows(block);
    appender.appendDataChunk(chunk);
  };
  let block: (readonly DuckDBValue[])[] = [];
  for (const values of rows) {
    block.push(values);
    if (block.length < CHUNK) continue;
    append(block);
    block = [];
    // Nothing above waits for the event loop: give it a turn, so that signals and cancellation are handled.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (block.length > 0) append(block);
  appender.closeSync();
  await connection.run(`COPY rows.rows TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
  await connection.run('DETACH rows');
}
