// Which impressions were answered: the tables from which all figures after launch are added up.

import { type EventTable, kindIn } from '../data/event-kinds.ts';
import { literal, scalar } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { listIdText } from '../feedback/list-id.ts';
import { checkOptions } from '../option.ts';
import type { EventStore } from './event-store.ts';
import { isoTime, momentSeconds, type PeriodOptions, period } from './options.ts';

/** What was attributed. */
export interface Attributed {
  /** First and last moment, in seconds since 1970 UTC: impressions from `from` until before `to`. */
  readonly from: number;
  readonly to: number;
  /** The kinds of the log that are impressions. */
  readonly impressions: readonly string[];
  /** The kinds that are successes, those of the log and those that are named, in the order of their names. */
  readonly successes: readonly string[];
}

/** SQL of a part of a list id, from 1: variant, version, place. '' for other texts. */
const partOf = (part: number) =>
  `CASE WHEN regexp_matches(list, ${literal(listIdText.source)}) THEN split_part(list, '.', ${part}) ELSE '' END`;

/** Kinds as an SQL list. */
export const sqlList = (kinds: readonly string[]) => `(${kinds.map(literal).join(', ') || 'NULL'})`;

/**
 * Makes the table `shown`, one row for each impression, and `answers` (impression, kind), one for each impression and kind of success that answers it.
 *
 * An impression is an item in a list that a person saw: events that repeat it count once, without a list once a day. Of a person the first `mostImpressions` of a day (UTC) count, so that a robot weighs no more than that.
 * A success answers the impression of its list and item, if it names a list. Otherwise it answers the person's last impression of the item before it, at most `window` seconds old.
 * @throws TaurecError `bad-option`
 */
export async function attribute(store: EventStore, kinds: EventTable, options: PeriodOptions): Promise<Attributed> {
  const { connection } = store.duck;
  const { window, mostImpressions } = checkOptions(period, options);
  const { from, to } = await periodOf(store, options);
  const run = (sql: string) => connection.run(sql);
  const found = (await connection.runAndReadAll('SELECT DISTINCT kind FROM events')).getRows();
  const inLog = found.map(([kind]) => String(kind));
  const impressions = inLog.filter((kind) => kindIn(kind, kinds)?.impression);
  const successes = inLog.filter((kind) => kindIn(kind, kinds)?.success);
  await run(
    `CREATE OR REPLACE TEMP TABLE every_shown AS
      SELECT row_number() OVER (ORDER BY moment, person, list, item) AS id, *, floor(moment / 86400)::BIGINT AS day,
        ${partOf(1)} AS variant, ${partOf(2)} AS version, ${partOf(3)} AS place,
        row_number() OVER (PARTITION BY person, item ORDER BY moment, list) > 1 AS repeated
      FROM (SELECT person, list, item, min(moment) AS moment, min(position) AS position FROM events WHERE kind IN ${sqlList(impressions)}
        GROUP BY person, list, item, CASE WHEN list IS NULL THEN floor(moment / 86400) END)`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE bounded AS
      SELECT * FROM every_shown WHERE moment >= ${from} AND moment < ${to}
      QUALIFY row_number() OVER (PARTITION BY person, day ORDER BY moment, id) > ${mostImpressions}`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE shown AS
      SELECT * FROM every_shown WHERE moment >= ${from} AND moment < ${to} AND id NOT IN (SELECT id FROM bounded)`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE successes AS SELECT person, item, moment, kind, list FROM events WHERE kind IN ${sqlList(successes)}`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE answers AS SELECT DISTINCT id, kind FROM (
      SELECT s.id, e.kind FROM successes e JOIN shown s ON s.person = e.person AND s.list = e.list AND s.item = e.item
      UNION ALL
      SELECT s.id, e.kind FROM (SELECT * FROM successes WHERE list IS NULL) e
        ASOF JOIN every_shown s ON s.person = e.person AND s.item = e.item AND e.moment >= s.moment
        WHERE e.moment - s.moment <= ${window} AND s.id IN (SELECT id FROM shown))`,
  );
  const named = [...kinds].filter(([name, { success }]) => success && name !== '*').map(([name]) => name);
  return { from, to, impressions, successes: [...new Set([...named, ...successes])].sort() };
}

/** The period that options name; by default that of the events. @throws TaurecError `bad-option` */
async function periodOf(
  { duck }: EventStore,
  { from: first, to: end }: PeriodOptions,
): Promise<{ readonly from: number; readonly to: number }> {
  const from =
    first === undefined
      ? await scalar(duck, 'SELECT coalesce(floor(min(moment)), 0) FROM events')
      : momentSeconds(first);
  const to =
    end === undefined
      ? await scalar(duck, 'SELECT coalesce(floor(max(moment)) + 1, 0) FROM events')
      : momentSeconds(end);
  if (to >= from) return { from, to };
  // An end that nobody named gives way.
  if (first === undefined) return { from: to, to };
  if (end === undefined) return { from, to: from };
  throw new TaurecError('bad-option', { option: 'to', got: end, expected: `a time after ${isoTime(from)}` });
}
