import { copyFile } from 'node:fs/promises';
import { type Duck, literal, loadDuckDb, openDuck } from '../data/formats/duckdb.ts';
import type { RecommendedItem } from '../recommender/recommendation.ts';
import type { ListFormat, PartWriter } from './list-format.ts';

/** Rows that one chunk of DuckDB holds. */
const CHUNK = 2048;
/** Rows of a group in the file: DuckDB's default, stated because the bytes of the file depend on it. */
const GROUP = 122_880;
const asParquet = `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${GROUP})`;

/**
 * Lists as Parquet. Rows go to DuckDB as numbers, whole columns at a time: texts cost a call each, and an id would be handed over once for each list that has it. Users and items are numbered as they come, handed over
 * once, and joined when a part is written.
 */
export async function parquetLists(columns: readonly string[]): Promise<ListFormat> {
  const titles = columns.includes('title');
  const { DOUBLE, DuckDBDataChunk, INTEGER, VARCHAR } = loadDuckDb();
  const duck = await openDuck('512MB');
  const { connection } = duck;
  // Parts are written while rows of the next one come: two connections, because one does not bear two calls at once.
  const writing = await prepared(duck).catch(async (error) => {
    await duck.close();
    throw error;
  });
  /** The numbers of all items met so far, and those that DuckDB does not have yet. */
  const numbers = new Map<string, number>();
  let fresh: RecommendedItem[] = [];
  let parts = 0;

  /** Appends rows of texts to a table, by the connection that writes. */
  const appendTexts = async (table: string, rows: readonly (readonly [number, ...(string | null)[]])[]) => {
    const appender = await writing.createAppender(table);
    const types = rows.length > 0 ? [INTEGER, ...rows[0]!.slice(1).map(() => VARCHAR)] : [];
    for (let first = 0; first < rows.length; first += CHUNK) {
      const chunk = DuckDBDataChunk.create(types);
      chunk.setRows(rows.slice(first, first + CHUNK).map((row) => [...row]));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
  };

  const begin = async (path: string): Promise<PartWriter> => {
    const name = `part${parts++}`;
    await connection.run(`CREATE TABLE ${name} (person INTEGER, "rank" INTEGER, item INTEGER, score DOUBLE)`);
    const appender = await connection.createAppender(name);
    const users: string[] = [];
    let rows = new NumberRows();
    const flush = () => {
      if (rows.count === 0) return;
      const chunk = DuckDBDataChunk.create([INTEGER, INTEGER, INTEGER, DOUBLE]);
      chunk.rowCount = rows.count;
      for (const [column, values] of rows.columns.entries()) {
        chunk.setColumnValues(column, values.subarray(0, rows.count) as unknown as number[]);
      }
      appender.appendDataChunk(chunk);
      rows = new NumberRows();
    };
    return {
      async add(block) {
        for (const { user, items } of block) {
          const person = users.push(user) - 1;
          for (const [at, item] of items.entries()) {
            let number = numbers.get(item.id);
            if (number === undefined) {
              number = numbers.size;
              numbers.set(item.id, number);
              fresh.push(item);
            }
            rows.add(person, at + 1, number, item.score);
            if (rows.count === CHUNK) flush();
          }
        }
      },
      async end() {
        flush();
        appender.closeSync();
        const from = numbers.size - fresh.length;
        const named = fresh.map(({ id, title }, i) => [from + i, id, title ?? null] as const);
        fresh = [];
        return async () => {
          await appendTexts('items', named);
          await writing.run(`CREATE TABLE ${name}_users (person INTEGER, id VARCHAR)`);
          await appendTexts(
            `${name}_users`,
            users.map((id, person) => [person, id] as const),
          );
          // A join keeps no order, so that of the rows is restored.
          const query = `SELECT u.id AS "user", "rank", i.id AS item, score${titles ? ', title' : ''}
            FROM ${name} JOIN ${name}_users u USING (person) JOIN items i USING (item) ORDER BY person, "rank"`;
          await writing.run(`COPY (${query}) TO ${literal(path)} ${asParquet}`);
          await writing.run(`DROP TABLE ${name}`);
          await writing.run(`DROP TABLE ${name}_users`);
        };
      },
    };
  };

  return { begin, join: (from, to) => joinParts(duck, from, to), close: () => duck.close() };
}

/** Makes the table of items; returns a second connection. */
async function prepared(duck: Duck): Promise<Awaited<ReturnType<Duck['connect']>>> {
  const writing = await duck.connect();
  for (const one of [duck.connection, writing]) await one.run('SET preserve_insertion_order = true');
  await writing.run('CREATE TABLE items (item INTEGER, id VARCHAR, title VARCHAR)');
  return writing;
}

/** Joins Parquet files to one with their rows in order; a single one is copied. One thread: the groups of rows then never depend on the machine. */
async function joinParts({ connection }: Duck, parts: readonly string[], path: string): Promise<void> {
  if (parts.length === 1) return copyFile(parts[0]!, path);
  await connection.run('SET threads = 1');
  const files = parts.map((part) => literal(part)).join(', ');
  await connection.run(`COPY (SELECT * FROM read_parquet([${files}])) TO ${literal(path)} ${asParquet}`);
}

/** Rows of a chunk, as columns: person, rank, item, score. */
class NumberRows {
  readonly columns = [new Int32Array(CHUNK), new Int32Array(CHUNK), new Int32Array(CHUNK), new Float64Array(CHUNK)];
  count = 0;

  add(person: number, rank: number, item: number, score: number): void {
    const [people, ranks, items, scores] = this.columns;
    people![this.count] = person;
    ranks![this.count] = rank;
    items![this.count] = item;
    scores![this.count++] = score;
  }
}
