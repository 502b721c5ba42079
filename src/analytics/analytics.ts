import * as z from 'zod';
import type { EventTable } from '../data/event-kinds.ts';
import { literal, scalar } from '../data/formats/duckdb.ts';
import { checkOptions } from '../option.ts';
import { type Attributed, attribute, sqlList } from './attribution.ts';
import type { EventStore } from './event-store.ts';
import { type AnalyticsOptions, type Grouping, groupingShape, isoTime } from './options.ts';
import { type Rate, rateOf, ratesBy } from './rates.ts';

/** The figures of one group. */
export interface AnalyticsRow {
  /** A day such as 2026-05-31, a version, a variant, a place or a position; '' for lists that say none. */
  readonly name: string;
  readonly impressions: number;
  readonly people: number;
  /** By kind of success: how many impressions were answered by it, of all. */
  readonly answered: Readonly<Record<string, Rate>>;
  /** Distinct items shown, and their share of the model's items where these are known. */
  readonly items: number;
  readonly coverage?: number;
  /** Share of impressions of the tenth of the items that most users have; only where the model is known. */
  readonly popular?: number;
  /** Share of impressions whose item the person had been shown before. */
  readonly repeated: number;
}

/** Events on a day that the model cannot know. */
export interface DriftRow {
  readonly day: string;
  /** Events that are no impressions. */
  readonly events: number;
  /** Shares of these whose user, and whose item, the model does not know. */
  readonly unknownUsers: number;
  readonly unknownItems: number;
}

/** What happened to the lists after launch (docs/analytics.md). */
export interface Analytics {
  readonly by: Grouping;
  /** Events in the log, and people who have any. */
  readonly events: number;
  readonly people: number;
  /** The period of the impressions, as ISO times; absent without events. */
  readonly from?: string;
  readonly to?: string;
  readonly total: AnalyticsRow;
  readonly rows: readonly AnalyticsRow[];
  /** Impressions left out as beyond a person's most on a day, and the people with such. */
  readonly bounded: { readonly impressions: number; readonly people: number };
  /** By day; only where the model is known. */
  readonly drift?: readonly DriftRow[];
}

/**
 * Figures of the lists that people saw: impressions, and the share that was answered by each kind of success, by day, version, variant, place or position. What an impression and an answer is, `attribute` says.
 *
 *     rate = Σ_p y_p / Σ_p x_p,   standard error = √( Σ_p (y_p − rate · x_p)² · P/(P−1) ) / Σ_p x_p
 *
 * x_p impressions of person p, y_p answered ones, P people: people are what is drawn, not impressions (delta method; Deng et al., KDD 2018). Intervals are rate ± 1.96 standard errors within [0, 1].
 * @throws TaurecError `bad-option`
 */
export async function analyze(
  store: EventStore,
  kinds: EventTable,
  options: AnalyticsOptions = {},
): Promise<Analytics> {
  const { by } = checkOptions(z.object(groupingShape), options);
  const { duck } = store;
  const attributed = await attribute(store, kinds, options);
  const { from, to, successes } = attributed;
  const knownItems = await scalar(duck, 'SELECT count(*) FROM known_items');
  const rows = await rowsBy(store, names[by], successes, knownItems);
  const [total] = await rowsBy(store, "''", successes, knownItems);
  const [[events, people]] = (
    await duck.connection.runAndReadAll('SELECT count(*), count(DISTINCT person) FROM events')
  ).getRows() as [[bigint, bigint]];
  const [[impressions, robots]] = (
    await duck.connection.runAndReadAll('SELECT count(*), count(DISTINCT person) FROM bounded')
  ).getRows() as [[bigint, bigint]];
  return {
    by,
    events: Number(events),
    people: Number(people),
    ...(events > 0n && { from: isoTime(from), to: isoTime(to) }),
    total: total ?? noRow(successes),
    rows,
    bounded: { impressions: Number(impressions), people: Number(robots) },
    ...(knownItems > 0 && { drift: await driftOf(store, attributed) }),
  };
}

/** Most rows, those with most impressions: ids of lists come from clients, who may invent them. */
const MOST_ROWS = 1000;

/** SQL of the name of a day, which is a whole number of days since 1970. */
const dayName = (day: string) => `strftime(make_timestamp(${day} * 86400000000), '%Y-%m-%d')`;

/** SQL of the name of each grouping. */
const names: Readonly<Record<Grouping, string>> = {
  day: dayName('day'),
  version: 'version',
  variant: 'variant',
  place: 'place',
  position: "coalesce(lpad(CAST(position AS VARCHAR), 7, ' '), '')",
};

/** An SQL query of each person's impressions x and answered ones y, by group. */
export const answeredBy = (name: string, kind: string, where = 'true') =>
  `SELECT ${name} AS name, person, count(*)::DOUBLE AS x, count(*) FILTER (id IN (SELECT id FROM answers WHERE kind = ${literal(kind)}))::DOUBLE AS y FROM shown WHERE ${where} GROUP BY ALL`;

async function rowsBy(
  store: EventStore,
  name: string,
  successes: readonly string[],
  knownItems: number,
): Promise<AnalyticsRow[]> {
  const { connection } = store.duck;
  const reader = await connection.runAndReadAll(
    `SELECT * FROM (SELECT ${name} AS name, count(*)::DOUBLE, count(DISTINCT person)::DOUBLE, count(DISTINCT item)::DOUBLE, avg(CAST(repeated AS INTEGER)),
      avg(CAST(coalesce(k.popular, false) AS INTEGER)), count(DISTINCT k.id)::DOUBLE
      FROM shown LEFT JOIN known_items k ON k.id = shown.item GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_ROWS}) ORDER BY 1`,
  );
  const rates = new Map<string, Awaited<ReturnType<typeof ratesBy>>>();
  for (const kind of successes) rates.set(kind, await ratesBy(store, answeredBy(name, kind)));
  return reader.getRows().map((row) => {
    const [group, impressions, people, items, repeated, popular, covered] = row as [string, ...number[]];
    return {
      name: group.trim(),
      impressions: impressions!,
      people: people!,
      answered: Object.fromEntries(successes.map((kind) => [kind, rateOf(rates.get(kind)!.get(group)!)])),
      items: items!,
      ...(knownItems > 0 && { coverage: covered! / knownItems, popular: popular! }),
      repeated: repeated!,
    };
  });
}

const noRow = (successes: readonly string[]): AnalyticsRow => ({
  name: '',
  impressions: 0,
  people: 0,
  answered: Object.fromEntries(successes.map((kind) => [kind, { count: 0, rate: 0 }])),
  items: 0,
  repeated: 0,
});

async function driftOf({ duck }: EventStore, { from, to, impressions }: Attributed): Promise<DriftRow[]> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT ${dayName('floor(moment / 86400)::BIGINT')} AS day, count(*)::DOUBLE,
      avg(CAST(u.id IS NULL AS INTEGER)), avg(CAST(i.id IS NULL AS INTEGER))
      FROM events e LEFT JOIN known_users u ON u.id = e.person LEFT JOIN known_items i ON i.id = e.item
      WHERE moment >= ${from} AND moment < ${to} AND (kind IN ${sqlList(impressions)}) IS NOT TRUE GROUP BY 1 ORDER BY 1`,
  );
  return reader.getRows().map((row) => {
    const [day, events, unknownUsers, unknownItems] = row as [string, number, number, number];
    return { day, events, unknownUsers, unknownItems };
  });
}
