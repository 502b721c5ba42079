import { join } from 'node:path';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { csrRow } from '../array/csr.ts';
import { type Duck, identifier, literal, openDuck } from '../data/formats/duckdb.ts';
import { type Exported, eachRow, neighborEntries, type Rows } from './exported.ts';

/** Rows per chunk given to DuckDB: the size of DuckDB's own vectors. */
const CHUNK = 2048;

/** Writes users.parquet (id, embedding), items.parquet (id, embedding, bias and title if present) neighbors.parquet (item, neighbor, weight) if there is a neighbour term, and, if asked for, seen.parquet (user, item) into a folder. */
export async function writeParquet(folder: string, exported: Exported): Promise<void> {
  const { model, scored, neighbors, seen, step, pair } = exported;
  const { userIds, itemIds, titles, seen: pairs } = model;
  const { itemBias } = scored;
  // DuckDB is loaded on first use: see data/formats/duckdb.ts.
  const { FLOAT, LIST, listValue, VARCHAR } = await import('@duckdb/node-api');
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
      const rows = neighborEntries(exported) as Iterable<readonly DuckDBValue[]> as Iterable<DuckDBValue[]>;
      await write(duck, join(folder, 'neighbors.parquet'), { item: VARCHAR, neighbor: VARCHAR, weight: FLOAT }, rows);
    }
    if (!seen) return;
    function* seenRows(): Generator<DuckDBValue[]> {
      for (let u = 0; u < userIds.size; u++) {
        const user = userIds.idOf(u);
        for (const item of csrRow(pairs, u)) {
          yield [user, itemIds.idOf(item)];
          pair();
        }
      }
    }
    await write(duck, join(folder, 'seen.parquet'), { user: VARCHAR, item: VARCHAR }, seenRows());
  } finally {
    await duck.close();
  }
}

type Columns = Readonly<Record<string, DuckDBType>>;

/** Writes rows to a table in a DuckDB file on disk, then copies the table to a Parquet file. This way memory stays constant for any number of rows. */
async function write(duck: Duck, path: string, columns: Columns, rows: Iterable<DuckDBValue[]>): Promise<void> {
  const { DuckDBDataChunk } = await import('@duckdb/node-api');
  const { connection, folder } = duck;
  await connection.run(`ATTACH ${literal(join(folder, 'rows.duckdb'))} AS rows`);
  const described = Object.entries(columns).map(([name, type]) => `${identifier(name)} ${type}`);
  await connection.run(`CREATE OR REPLACE TABLE rows.rows (${described.join(', ')})`);
  const appender = await connection.createAppender('rows', 'main', 'rows');
  // The appender writes whole chunks, which is faster than single values.
  const append = (block: DuckDBValue[][]) => {
    const chunk = DuckDBDataChunk.create(Object.values(columns));
    chunk.setRows(block);
    appender.appendDataChunk(chunk);
  };
  let block: DuckDBValue[][] = [];
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
