import type { EventTable } from '../data/event-kinds.ts';
import { literal, scalar } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { type SequentialOptions, type SequentialResult, sequentialTest } from '../evaluation/sequential-test.ts';
import { answeredBy } from './analytics.ts';
import { attribute } from './attribution.ts';
import type { EventStore } from './event-store.ts';
import type { PeriodOptions } from './options.ts';
import { ratesBy } from './rates.ts';

/** Options of `compareVariants`: the period and the attribution as in `analyze`, and the test. */
export interface VariantOptions extends PeriodOptions, SequentialOptions {
  /** The variant that is compared with: that of today. */
  readonly a: string;
  readonly b: string;
}

/** One side: people, and the share of their impressions that was answered. */
export interface VariantSide {
  readonly people: number;
  readonly rate: number;
}

/** Two variants by one kind of success. */
export interface VariantComparison extends SequentialResult {
  readonly kind: string;
  readonly a: VariantSide;
  readonly b: VariantSide;
}

/** The comparisons, one for each kind of success. */
export interface VariantReport {
  readonly comparisons: readonly VariantComparison[];
  /** People who were shown lists of both variants, and are left out. */
  readonly inBoth: number;
}

/**
 * Compares two variants of a split by the rates of their impressions (`analyze`), with a test that may be looked at every day (`sequentialTest`). People who were shown lists of both are left out: their behaviour says nothing about either.
 * Each kind of success is a test of its own, with its own false alarms: choose before the test starts which one decides.
 * @throws TaurecError `bad-option` for a variant without any impression in the period, naming those that have some
 */
export async function compareVariants(
  store: EventStore,
  kinds: EventTable,
  options: VariantOptions,
): Promise<VariantReport> {
  const { a, b, level, expected } = options;
  const { successes } = await attribute(store, kinds, options);
  const { connection } = store.duck;
  const reader = await connection.runAndReadAll("SELECT DISTINCT variant FROM shown WHERE variant <> '' ORDER BY 1");
  const variants = reader.getRows().map(([name]) => String(name));
  for (const [option, got] of Object.entries({ a, b })) {
    if (variants.includes(got)) continue;
    const known = variants.length > 0 ? `one of ${variants.join(', ')}` : 'a variant that lists of the log name';
    throw new TaurecError('bad-option', { option, got, expected: known });
  }
  const ofBoth = `variant IN (${literal(a)}, ${literal(b)})`;
  const mixed = `SELECT person FROM shown WHERE ${ofBoth} GROUP BY person HAVING count(DISTINCT variant) > 1`;
  const inBoth = await scalar(store.duck, `SELECT count(*) FROM (${mixed})`);
  const comparisons: VariantComparison[] = [];
  for (const kind of successes) {
    const arms = await ratesBy(store, answeredBy('variant', kind, `${ofBoth} AND person NOT IN (${mixed})`));
    const [sideA, sideB] = [a, b].map((name) => arms.get(name) ?? { people: 0, active: 0, mean: 0, variance: 0 });
    const side = ({ people, mean }: { people: number; mean: number }) => ({ people, rate: mean });
    const result = sequentialTest(sideA!, sideB!, { level, expected });
    comparisons.push({ kind, a: side(sideA!), b: side(sideB!), ...result });
  }
  return { comparisons, inBoth };
}
