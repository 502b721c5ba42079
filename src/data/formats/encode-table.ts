// Encodes the rows of a table as integer columns: each id becomes the index of its id map. Integer ids take a fast path without staging.

import type { DuckDBDataChunk } from '@duckdb/node-api';
import { sharedInt32 } from '../../array/shared.ts';
import type { Role } from '../columns.ts';
import { type KindCount, weightOfKind } from '../event-kinds.ts';
import { type IdMap, IdMapBuilder } from '../id-map.ts';
import { encodeIntegers } from '../integer-ids.ts';
import { type Duck, eachChunk, literal, scalar } from './duckdb.ts';
import { type EncodedRows, measures, mostKinds, NumberColumn, type RowRules, takeMeasures } from './encoded-rows.ts';
import { type Table, unfit } from './table.ts';

/** The encoded rows; or the number of bad rows, if there are any and `passOverBad` is not set. */
export type Encoded = EncodedRows | { bad: number };

interface EncodeOptions extends RowRules {
  /** Skip bad rows without counting them (Parquet, where the caller has already listed them). Default false. */
  passOverBad?: boolean;
}

/** Reads integer ids in one streaming pass. Undefined when an id is not a whole number or a cell is bad or blank; the caller then takes the path for text ids. */
export async function encodeNumbers(duck: Duck, table: Table, options: EncodeOptions): Promise<Encoded | undefined> {
  const users = new NumberColumn();
  const items = new NumberColumn();
  const others = measures.filter((role) => table.cells[role]).map((role) => ({ role, column: new NumberColumn() }));
  const ratingAt = others.findIndex((other) => other.role === 'rating');
  const eventAt = others.findIndex((other) => other.role === 'event');
  const minimum = options.minRating ?? Number.NEGATIVE_INFINITY;
  let belowMinRating = 0;
  let fits = true;
  // A whole number is never blank, padded or the name of a column, so the raw texts serve.
  const user = wholeNumber(table.texts.user);
  const sql = `SELECT ${[
    table.doubt ? `CASE WHEN NOT ${table.doubt} THEN ${user} END` : user,
    wholeNumber(table.texts.item),
    ...others.map((o) =>
      o.role === 'event' ? kindWeightSql(table.cells.event!, table.cells.time, options) : table.cells[o.role],
    ),
  ]
    // NaN marks a bad or blank cell.
    .map((cell) => `coalesce(${cell}, 'nan'::DOUBLE)`)
    .join(', ')} FROM ${table.from}`;
  await eachChunk(duck, sql, (chunk) => {
    const vectors = Array.from({ length: chunk.columnCount }, (_, c) => chunk.getColumnVector(c));
    for (let r = 0; r < chunk.rowCount && fits; r++) {
      const user = vectors[0]!.getItem(r) as number;
      const item = vectors[1]!.getItem(r) as number;
      // One NaN makes the sum NaN, so one test covers all cells of the row.
      let sum = user + item;
      for (let o = 0; o < others.length; o++) sum += vectors[o + 2]!.getItem(r) as number;
      if (Number.isNaN(sum)) fits = false;
      if (eventAt >= 0 && vectors[eventAt + 2]!.getItem(r) === 0) continue;
      if (ratingAt >= 0 && (vectors[ratingAt + 2]!.getItem(r) as number) < minimum) {
        belowMinRating++;
        continue;
      }
      users.push(user);
      items.push(item);
      for (let o = 0; o < others.length; o++) others[o]!.column.push(vectors[o + 2]!.getItem(r) as number);
    }
  });
  if (!fits) return undefined;
  const bad = table.rejects ? await scalar(duck, table.rejects) : 0;
  if (bad > 0) return { bad };
  const count = users.length;
  const encodedUsers = encodeIntegers(users.moveTo(new Float64Array(count)));
  const encodedItems = encodeIntegers(items.moveTo(new Float64Array(count)));
  const columns = {
    userIds: encodedUsers.ids,
    itemIds: encodedItems.ids,
    users: encodedUsers.codes,
    items: encodedItems.codes,
    ...takeMeasures(others, count),
  };
  const { event } = table.cells;
  if (event === undefined) return { columns, belowMinRating, otherKinds: 0 };
  return { columns, belowMinRating, ...(await countKinds(duck, table.from, event, table.cells.time, options)) };
}

/** Reads ids of any kind. DuckDB stages the rows, finds and orders the distinct ids, and joins each row with the indices of its ids. */
export async function encodeTexts(duck: Duck, table: Table, options: EncodeOptions): Promise<Encoded> {
  const run = (sql: string) => duck.connection.run(sql);
  const present = (Object.keys(table.cells) as Role[]).filter((role) => table.cells[role]);
  const names = Object.fromEntries(present.map((role) => [role, `"${role}"`]));
  const cell = (role: Role) =>
    role === 'user' && table.doubt ? `CASE WHEN NOT ${table.doubt} THEN ${table.cells.user} END` : table.cells[role];
  await run(
    `CREATE OR REPLACE TEMP TABLE staged AS SELECT ${present.map((r) => `${cell(r)} AS "${r}"`).join(', ')} FROM ${table.from}`,
  );
  const rejected = table.rejects ? await scalar(duck, table.rejects) : 0;
  const bad = rejected + (await scalar(duck, `SELECT count(*) FROM staged WHERE ${unfit(names)}`));
  if (bad > 0 && !options.passOverBad) return { bad };
  if (bad > 0) await run(`DELETE FROM staged WHERE ${unfit(names)}`);
  const kindWeight = kindWeightSql('"event"', names.time, options);
  const byKind = table.cells.event
    ? await countKinds(duck, 'staged', '"event"', names.time, options)
    : { otherKinds: 0 };
  if (byKind.otherKinds > 0) await run(`DELETE FROM staged WHERE ${kindWeight} = 0`);
  let belowMinRating = 0;
  if (options.minRating !== undefined && table.cells.rating) {
    const below = `"rating" < ${Number(options.minRating)} OR isnan("rating")`;
    belowMinRating = await scalar(duck, `SELECT count(*) FROM staged WHERE ${below}`);
    if (belowMinRating > 0) await run(`DELETE FROM staged WHERE ${below}`);
  }
  const userIds = await indexIds(duck, 'user');
  const itemIds = await indexIds(duck, 'item');
  const count = await scalar(duck, 'SELECT count(*) FROM staged');
  const users = sharedInt32(count);
  const items = sharedInt32(count);
  const others = measures.filter((role) => table.cells[role]).map((role) => ({ role, column: new NumberColumn() }));
  const selected = [
    'user_ids.position',
    'item_ids.position',
    ...others.map(({ role }) => (role === 'event' ? kindWeight : `staged."${role}"`)),
  ];
  const sql =
    `SELECT ${selected.join(', ')} FROM staged JOIN user_ids ON staged."user" = user_ids.id ` +
    `JOIN item_ids ON staged."item" = item_ids.id`;
  let at = 0;
  await eachChunk(duck, sql, (chunk: DuckDBDataChunk) => {
    const vectors = Array.from({ length: chunk.columnCount }, (_, c) => chunk.getColumnVector(c));
    for (let r = 0; r < chunk.rowCount; r++, at++) {
      users[at] = vectors[0]!.getItem(r) as number;
      items[at] = vectors[1]!.getItem(r) as number;
      for (let o = 0; o < others.length; o++) others[o]!.column.push(vectors[o + 2]!.getItem(r) as number);
    }
  });
  return { columns: { userIds, itemIds, users, items, ...takeMeasures(others, count) }, belowMinRating, ...byKind };
}

/** Creates the table `<role>_ids` (id, position, byte_rank) and returns its id map, ordered by number when all ids are whole numbers, else by UTF-8 bytes. */
async function indexIds(duck: Duck, role: 'user' | 'item'): Promise<IdMap> {
  const foreign = await scalar(
    duck,
    `SELECT count(*) FROM (SELECT DISTINCT "${role}" AS id FROM staged) WHERE ${wholeNumber('id')} IS NULL`,
  );
  const key = foreign > 0 ? 'id' : 'CAST(id AS BIGINT)';
  await duck.connection.run(
    `CREATE OR REPLACE TEMP TABLE ${role}_ids AS SELECT id, CAST(row_number() OVER (ORDER BY ${key}) - 1 AS INTEGER) AS position, ` +
      `CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS byte_rank FROM (SELECT DISTINCT "${role}" AS id FROM staged)`,
  );
  const order = new Uint32Array(await scalar(duck, `SELECT count(*) FROM ${role}_ids`));
  const builder = new IdMapBuilder();
  await eachChunk(duck, `SELECT id, position, byte_rank FROM ${role}_ids ORDER BY position`, (chunk) => {
    const [ids, positions, ranks] = [0, 1, 2].map((c) => chunk.getColumnVector(c)) as [Vector, Vector, Vector];
    for (let r = 0; r < chunk.rowCount; r++) {
      builder.add(ids.getItem(r) as string);
      order[ranks.getItem(r) as number] = positions.getItem(r) as number;
    }
  });
  return builder.build(order);
}

type Vector = ReturnType<DuckDBDataChunk['getColumnVector']>;

/** An SQL expression for the value of a whole number in plain decimal form, |value| ≤ 2^53 − 1; NULL for any other text. The same rule as `canonicalInteger`. */
function wholeNumber(text: string): string {
  const value = `TRY_CAST(${text} AS BIGINT)`;
  return `CASE WHEN CAST(${value} AS VARCHAR) = ${text} AND ${value} BETWEEN -9007199254740991 AND 9007199254740991 THEN CAST(${value} AS DOUBLE) END`;
}

/** Counts the rows of each kind of event. `kind` and `time` are expressions over the rows of `from`. */
async function countKinds(
  duck: Duck,
  from: string,
  kind: string,
  time: string | undefined,
  options: EncodeOptions,
): Promise<{ kinds: KindCount[]; otherKinds: number }> {
  const kinds: KindCount[] = [];
  let otherKinds = 0;
  const counted = `count(*) FILTER (${kindWeightSql(kind, time, options)} > 0)::DOUBLE`;
  const sql = `SELECT ${kind} AS kind, count(*)::DOUBLE AS n, ${counted} FROM ${from} GROUP BY kind ORDER BY n DESC, kind`;
  await eachChunk(duck, sql, (chunk) => {
    for (let r = 0; r < chunk.rowCount; r++) {
      const [name, rows, kept] = chunk.getRowValues(r) as [string, number, number];
      const weight = weightOfKind(name, options.eventTable);
      const expired = weight > 0 ? rows - kept : 0;
      otherKinds += rows - kept;
      if (kinds.length < mostKinds) kinds.push({ kind: name, rows, weight, ...(expired > 0 && { expired }) });
    }
  });
  return { kinds, otherKinds };
}

/** The SQL expression of the weight of a kind, 0 for an expired event. `kind` is an expression of the trimmed text, `time` of the time, which every row has where kinds expire. */
function kindWeightSql(kind: string, time: string | undefined, { eventTable, newest }: EncodeOptions): string {
  if (!eventTable) return '1::DOUBLE';
  const weightOf = (name: string) => {
    const { weight, expires } = eventTable.get(name)!;
    if (newest === undefined || expires === Infinity || time === undefined) return `${weight}::DOUBLE`;
    return `(CASE WHEN ${time} < ${newest - expires}::DOUBLE THEN 0::DOUBLE ELSE ${weight}::DOUBLE END)`;
  };
  const cases = [...eventTable.keys()]
    .filter((name) => name !== '*')
    .map((name) => ` WHEN ${kind} = ${literal(name)} THEN ${weightOf(name)}`);
  // A CASE needs at least one branch.
  return `(CASE${cases.join('')} WHEN true THEN ${eventTable.has('*') ? weightOf('*') : '0::DOUBLE'} END)`;
}
