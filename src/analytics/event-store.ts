// The events of a log in DuckDB, where the analytics are computed.

import { chooseColumns } from '../data/columns.ts';
import { type Duck, identifier, literal, loadDuckDb, openDuck, scalar } from '../data/formats/duckdb.ts';
import { guessFormat } from '../data/formats/file-format.ts';
import type { Source } from '../data/source/source-name.ts';
import { withSources } from '../data/source/with-sources.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog, StoredFeedback } from '../feedback/feedback-log.ts';
import { readHead } from '../platform/file-head.ts';

/** The parts of a model that analytics use. */
export interface KnownModel {
  readonly userIds: Iterable<string>;
  readonly itemIds: Iterable<string>;
  /** [items] how many users have an item. */
  readonly popularity: ArrayLike<number>;
}

/** Events by columns: `events(person, item, moment, kind, list, position)`, `moment` in seconds since 1970 UTC; and the ids of a model: `known_users(id)`, `known_items(id, popular)`, where `popular` is true for the tenth of the items that most users have. */
export class EventStore {
  readonly duck: Duck;
  #last = 0;

  private constructor(duck: Duck) {
    this.duck = duck;
  }

  /** Opens an empty store. @param memory the most that DuckDB takes before it spills to disk @throws TaurecError `missing-package` */
  static async open(memory = '1GB'): Promise<EventStore> {
    const duck = await openDuck(memory);
    await duck.connection.run(
      'CREATE TABLE events (person VARCHAR, item VARCHAR, moment DOUBLE, kind VARCHAR, list VARCHAR, position INTEGER); ' +
        'CREATE TABLE known_users (id VARCHAR); CREATE TABLE known_items (id VARCHAR, popular BOOLEAN)',
    );
    return new EventStore(duck);
  }

  /** Takes in the events of a feedback log that came since the last call. */
  async follow(log: FeedbackLog): Promise<void> {
    for await (const page of log.read(this.#last)) {
      await this.append('events', page.map(rowOf), eventTypes);
      this.#last = page.at(-1)!.sequence;
    }
  }

  /**
   * Takes in the events of files: CSV, JSON lines or Parquet, with columns for user, item, time and kind that have usual names, and, if any, `list` (or `list_id`) and `position`.
   * @throws TaurecError `missing-column`, `unclear-columns`, `bad-row`, and the errors of files
   */
  async read(source: Source): Promise<void> {
    await withSources(source, {}, ({ path, shown }) => this.#readFile(path, shown));
  }

  /** Replaces the ids of the model. */
  async know({ userIds, itemIds, popularity }: KnownModel): Promise<void> {
    const { connection } = this.duck;
    await connection.run('DELETE FROM known_users; DELETE FROM known_items');
    const ids = [...itemIds];
    const byPopularity = [...ids.keys()].sort((a, b) => popularity[b]! - popularity[a]! || a - b);
    const popular = new Set(byPopularity.slice(0, Math.ceil(ids.length / 10)));
    await this.append(
      'known_users',
      Array.from(userIds, (id) => [id]),
      ['VARCHAR'],
    );
    await this.append(
      'known_items',
      ids.map((id, at) => [id, popular.has(at)]),
      ['VARCHAR', 'BOOLEAN'],
    );
  }

  /** Forgets the events of a person. */
  async forget(person: string): Promise<void> {
    const { connection } = this.duck;
    await connection.run('DELETE FROM events WHERE person = $1', [person]);
    await connection.run('DELETE FROM known_users WHERE id = $1', [person]);
    // The tables of the last analysis.
    await connection.run(derivedTables.map((table) => `DROP TABLE IF EXISTS ${table}`).join('; '));
  }

  close(): Promise<void> {
    return this.duck.close();
  }

  /** Adds rows to a table. */
  async append(
    table: string,
    rows: readonly (readonly (string | number | boolean | null)[])[],
    types: readonly ColumnType[],
  ): Promise<void> {
    const { DuckDBDataChunk, ...duckdb } = loadDuckDb();
    const appender = await this.duck.connection.createAppender(table);
    // Whole chunks are faster than single values.
    for (let at = 0; at < rows.length; at += CHUNK) {
      const chunk = DuckDBDataChunk.create(types.map((type) => duckdb[type]));
      chunk.setRows(rows.slice(at, at + CHUNK));
      appender.appendDataChunk(chunk);
      // A server answers requests between two chunks.
      await new Promise((resolve) => setImmediate(resolve));
    }
    appender.closeSync();
  }

  async #readFile(path: string, shown: string): Promise<void> {
    const { connection } = this.duck;
    const head = await readHead(path);
    const format = guessFormat(path, head);
    const from =
      format === 'parquet'
        ? `read_parquet(${literal(path)}, binary_as_string = true)`
        : format === 'jsonl'
          ? `read_json(${literal(path)}, format = 'newline_delimited', records = true, sample_size = -1)`
          : `read_csv(${literal(path)}, header = true, all_varchar = true)`;
    const unreadable = (cause: Error): never => {
      const reason = `${cause.message.split('\n', 1)[0]}.`;
      throw new TaurecError('unreadable-file', { file: shown, format, reason }, { cause });
    };
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`).catch(unreadable);
    const names = described.getRows().map(([name]) => String(name));
    // `events` makes the reader look for the column of kinds.
    const { positions } = chooseColumns({ file: shown, names, width: names.length }, { events: {} });
    const at = (position: number | undefined, role: string) => {
      if (position === undefined)
        throw new TaurecError('missing-column', {
          file: shown,
          got: role,
          role: `the ${role} of an event`,
          columns: names,
        });
      return identifier(names[position]!);
    };
    const optional = (...known: readonly string[]) => {
      const found = names.find((name) => known.includes(name.toLowerCase()));
      return found === undefined ? 'NULL' : identifier(found);
    };
    const text = (column: string) => `nullif(trim(CAST(${column} AS VARCHAR)), '')`;
    const time = at(positions.time, 'time');
    const moment = `coalesce(TRY_CAST(${time} AS DOUBLE), epoch(TRY_CAST(CAST(${time} AS VARCHAR) AS TIMESTAMPTZ)))`;
    const columns = [
      text(at(positions.user, 'user')),
      text(at(positions.item, 'item')),
      moment,
      text(at(positions.event, 'kind')),
    ];
    const filled = [...columns, text(optional('list', 'list_id')), `CAST(${optional('position')} AS INTEGER)`];
    const bad = [...columns.map((column) => `${column} IS NULL`), `NOT (${moment} BETWEEN 0 AND ${LATEST})`].join(
      ' OR ',
    );
    const wrong = await scalar(
      this.duck,
      `SELECT coalesce(min(row), 0) FROM (SELECT row_number() OVER () AS row, * FROM ${from}) WHERE ${bad}`,
    ).catch(unreadable);
    if (wrong > 0) {
      const expected = 'a user, an item, a kind, and a time in seconds since 1970 or as a date';
      throw new TaurecError('bad-row', {
        file: shown,
        unit: 'row',
        line: wrong,
        column: 'of the event',
        got: '',
        expected,
      });
    }
    await connection.run(`INSERT INTO events SELECT ${filled.join(', ')} FROM ${from}`).catch(unreadable);
  }
}

/** The latest time, in the year 5138: later ones, and those before 1970, count as the nearest. Milliseconds of any date after March 1973 exceed it. */
export const LATEST = 1e11;
/** Tables that an analysis makes. */
export const derivedTables = ['every_shown', 'bounded', 'shown', 'successes', 'answers', 'judged'];
/** Rows in a chunk of DuckDB. */
const CHUNK = 2048;
type ColumnType = 'VARCHAR' | 'DOUBLE' | 'INTEGER' | 'BOOLEAN';
const eventTypes = ['VARCHAR', 'VARCHAR', 'DOUBLE', 'VARCHAR', 'VARCHAR', 'INTEGER'] as const;

const rowOf = ({ user, item, time, kind = 'interaction', list, position }: StoredFeedback) =>
  [user, item, Math.min(Math.max(time, 0), LATEST), kind, list ?? null, position ?? null] as const;
