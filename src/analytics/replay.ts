import * as z from 'zod';
import type { EventTable } from '../data/event-kinds.ts';
import { scalar } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { checkOptions } from '../option.ts';
import { attribute } from './attribution.ts';
import type { EventStore } from './event-store.ts';
import { type PeriodOptions, replayShape } from './options.ts';
import { type Rate, rateOf, ratesBy } from './rates.ts';

/** The ids of a model. */
export interface ReplayedIds {
  /** The index of an id; −1 if the model does not know it. */
  indexOf(id: string): number;
}

/** The lists of a model, as `Recommender` gives them. */
export interface Replayed {
  readonly userIds: ReplayedIds;
  readonly itemIds: ReplayedIds;
  /** One list for each user. */
  recommend(users: readonly string[], options: { readonly k: number }): readonly (readonly { readonly id: string }[])[];
}

const shape = z.object(replayShape);
/** Options of `replay`: the period and the attribution as in `analyze`, and the lists. */
export type ReplayOptions = PeriodOptions & z.input<typeof shape>;

/** What a replay found. */
export interface ReplayResult {
  readonly kind: string;
  readonly k: number;
  /** Answered impressions, and those among them whose user and item the model knows, which are judged. */
  readonly answered: number;
  readonly judged: number;
  /** Share of the judged answers whose item is in the user's list of the model. */
  readonly recall: Rate;
  /** The same, each answer weighed by the inverse of its position's propensity. */
  readonly corrected: Rate;
  /** Positions with their propensity: the rate of answers there relative to that of position 1. Empty where the log has no positions. */
  readonly propensities: readonly { readonly position: number; readonly propensity: number }[];
}

/** Propensities below this share count as this: a rare answer far down would otherwise decide everything. */
const LEAST_PROPENSITY = 0.05;

/**
 * Judges a model by logged lists, without showing its own: how many of the items that people answered (clicked) would be in its lists.
 *
 *     recall = Σ_i w_i · [item_i in the model's k] / Σ_i w_i,   w_i = 1, or 1/propensity(position_i)
 *
 * People see the top of a list more often; propensity(p) = answers(p)/impressions(p), relative to p = 1, undoes that. It is biased in three ways, so it can reject a model but not crown one: only items that the old model showed can be answered, so a model
 * like the old one looks good; what the old model put first was better, so the propensities are too steep; and what the model has seen in training must be left out, which leaves nothing to judge for a model trained on the same log.
 * @throws TaurecError `bad-option`; `empty-data` where nothing can be judged
 */
export async function replay(
  store: EventStore,
  kinds: EventTable,
  model: Replayed,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  const { k, kind } = checkOptions(shape, options);
  await attribute(store, kinds, options);
  const { connection } = store.duck;
  const propensities = await propensitiesOf(store, kind);
  const reader = await connection.runAndReadAll(
    'SELECT person, item, position FROM shown WHERE id IN (SELECT id FROM answers WHERE kind = $1) ORDER BY person, id',
    [kind],
  );
  const answers = reader.getRows() as [string, string, number | null][];
  const known = answers.filter(
    ([person, item]) => model.userIds.indexOf(person) >= 0 && model.itemIds.indexOf(item) >= 0,
  );
  if (known.length === 0) {
    const reason = `no impression was answered by ${kind} whose user and item the model knows (${answers.length} were answered)`;
    throw new TaurecError('empty-data', { file: 'the log', reason });
  }
  const people = [...new Set(known.map(([person]) => person))];
  const lists = new Map<string, ReadonlySet<string>>();
  for (let at = 0; at < people.length; at += 1000) {
    const some = people.slice(at, at + 1000);
    const found = model.recommend(some, { k });
    for (const [place, person] of some.entries()) lists.set(person, new Set(found[place]!.map(({ id }) => id)));
  }
  const propensityOf = new Map(propensities.map(({ position, propensity }) => [position, propensity]));
  const judged = known.map(([person, item, position]) => {
    const propensity = (position === null ? undefined : propensityOf.get(position)) ?? 1;
    return [person, lists.get(person)!.has(item), 1 / Math.max(LEAST_PROPENSITY, propensity)] as const;
  });
  await connection.run('CREATE OR REPLACE TEMP TABLE judged (person VARCHAR, hit BOOLEAN, weight DOUBLE)');
  await store.append('judged', judged, ['VARCHAR', 'BOOLEAN', 'DOUBLE']);
  const weighed = async (weight: string) => {
    const sums = `SELECT '' AS name, person, sum(${weight}) AS x, coalesce(sum(${weight}) FILTER (hit), 0) AS y FROM judged GROUP BY ALL`;
    return rateOf((await ratesBy(store, sums)).get('')!);
  };
  const hits = await scalar(store.duck, 'SELECT count(*) FROM judged WHERE hit');
  return {
    kind,
    k,
    answered: answers.length,
    judged: known.length,
    recall: await weighed('1::DOUBLE'),
    corrected: { ...(await weighed('weight')), count: hits },
    propensities,
  };
}

async function propensitiesOf({ duck }: EventStore, kind: string): Promise<{ position: number; propensity: number }[]> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT position, count(*) FILTER (id IN (SELECT id FROM answers WHERE kind = $1))::DOUBLE / count(*) FROM shown WHERE position IS NOT NULL GROUP BY position ORDER BY position`,
    [kind],
  );
  const rates = reader.getRows() as [number, number][];
  const first = rates.find(([position]) => position === 1)?.[1] ?? 0;
  if (first === 0) return [];
  return rates.map(([position, rate]) => ({ position, propensity: rate / first }));
}
