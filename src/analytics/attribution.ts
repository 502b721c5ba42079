// Which impressions were answered: the tables from which all figures after launch are added up.

import { type EventTable, kindIn } from '../data/event-kinds.ts';
import { literal } from '../data/formats/duckdb.ts';
import { listIdText } from '../feedback/list-id.ts';
import type { EventStore } from './event-store.ts';

/** What counts as an impression, and as an answer to it. */
export interface AttributionOptions {
  /** Kinds of events: those that are impressions and those that are successes. */
  readonly kinds: EventTable;
  /** First and last moment, in seconds since 1970 UTC: impressions from `from` until before `to`. */
  readonly from: number;
  readonly to: number;
  /** Seconds after an impression within which a success that names no list answers it. */
  readonly window: number;
  /** Most impressions of a person on a day; later ones are left out. */
  readonly mostImpressions: number;
}

/** SQL of a part of a list id, from 1: variant, version, place. '' for other texts. */
const partOf = (part: number) =>
  `CASE WHEN regexp_matches(list, ${literal(listIdText.source)}) THEN split_part(list, '.', ${part}) ELSE '' END`;

/** The kinds of a log that are successes, in the order of their names. */
export async function successKinds({ duck }: EventStore, kinds: EventTable): Promise<string[]> {
  const found = (await duck.connection.runAndReadAll('SELECT DISTINCT kind FROM events ORDER BY kind')).getRows();
  const inLog = found.map(([kind]) => String(kind)).filter((kind) => kindIn(kind, kinds)?.success);
  const named = [...kinds].filter(([name, { success }]) => success && name !== '*').map(([name]) => name);
  return [...new Set([...named, ...inLog])].sort();
}

/**
 * Makes the table `shown`, one row for each impression, and `answers` (impression, kind), one for each impression and kind of success that answers it.
 *
 * An impression is an item in a list that a person saw: events that repeat it count once, without a list once a day. Of a person the first `mostImpressions` of a day (UTC) count, so that a robot weighs no more than that.
 * A success answers the impression of its list and item, if it names a list. Otherwise it answers the person's last impression of the item before it, at most `window` seconds old.
 */
export async function attribute(store: EventStore, options: AttributionOptions): Promise<void> {
  const { kinds, from, to, window, mostImpressions } = options;
  const run = (sql: string) => store.duck.connection.run(sql);
  const found = (await store.duck.connection.runAndReadAll('SELECT DISTINCT kind FROM events')).getRows();
  const inLog = found.map(([kind]) => String(kind));
  const listOf = (names: readonly string[]) => `(${names.map(literal).join(', ') || 'NULL'})`;
  const impressions = listOf(inLog.filter((kind) => kindIn(kind, kinds)?.impression));
  const successes = listOf(inLog.filter((kind) => kindIn(kind, kinds)?.success));
  await run(
    `CREATE OR REPLACE TEMP TABLE impression_kinds AS SELECT DISTINCT kind FROM events WHERE kind IN ${impressions}`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE every_shown AS
      SELECT row_number() OVER (ORDER BY moment, person, list, item) AS id, *, floor(moment / 86400)::BIGINT AS day,
        ${partOf(1)} AS variant, ${partOf(2)} AS version, ${partOf(3)} AS place,
        row_number() OVER (PARTITION BY person, item ORDER BY moment, list) > 1 AS repeated
      FROM (SELECT person, list, item, min(moment) AS moment, min(position) AS position FROM events WHERE kind IN ${impressions}
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
    `CREATE OR REPLACE TEMP TABLE successes AS SELECT person, item, moment, kind, list FROM events WHERE kind IN ${successes}`,
  );
  await run(
    `CREATE OR REPLACE TEMP TABLE answers AS SELECT DISTINCT id, kind FROM (
      SELECT s.id, e.kind FROM successes e JOIN shown s ON s.person = e.person AND s.list = e.list AND s.item = e.item
      UNION ALL
      SELECT s.id, e.kind FROM (SELECT * FROM successes WHERE list IS NULL) e
        ASOF JOIN every_shown s ON s.person = e.person AND s.item = e.item AND e.moment >= s.moment
        WHERE e.moment - s.moment <= ${window} AND s.id IN (SELECT id FROM shown))`,
  );
}
