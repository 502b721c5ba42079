import { TaurecError } from '../errors.ts';
import { type Comparison, compareUsers, type UserColumns } from '../evaluation/compare.ts';
import type { BootstrapOptions } from '../evaluation/significance.ts';

/** Of at least one value. @throws bad-option */
export function mean(values: readonly number[]): number {
  if (values.length === 0)
    throw new TaurecError('bad-option', { option: 'values', got: 'none', expected: 'at least 1' });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's standard deviation, sqrt(Σ (x − mean)² / (n − 1)); 0 for one value. @throws bad-option for none. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1));
}

/** What a report shows as mean ± deviation, of one figure of each seed. @throws bad-option for none. */
export function meanCell(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  return { mean: mean(values), deviation: deviation(values) };
}

/**
 * Compares two ways of training over users, each with several seeds: a user's number is its mean over the seeds of a side, then `compareUsers`. The intervals and p speak of users, given
 * these trainings; how far seeds differ is the deviation of the metric over them.
 * @param a each run's numbers by user, one run a seed; B may have other seeds than A and another number of them.
 * @throws not-comparable when the runs of one side are not about the same users, or as `compareUsers`; bad-option when a side has no run.
 */
export function compareRuns(
  a: readonly UserColumns[],
  b: readonly UserColumns[],
  options: BootstrapOptions = {},
): Comparison {
  return compareUsers(meanOfRuns(a, 'A'), meanOfRuns(b, 'B'), options);
}

/** The metrics that all runs have, for each user of the first run the mean over the runs. */
function meanOfRuns(runs: readonly UserColumns[], side: string): UserColumns {
  const [first] = runs;
  if (!first) throw new TaurecError('bad-option', { option: `runs of ${side}`, got: 'none', expected: 'at least 1' });
  const users = Array.from(first.users);
  const names = Object.keys(first.columns).filter((name) => runs.every(({ columns }) => name in columns));
  const sums = Object.fromEntries(names.map((name) => [name, new Float64Array(users.length)]));
  for (const run of runs) {
    const rowOf = new Map(Array.from(run.users, (user, row) => [user, row]));
    const rows = users.map((user) => rowOf.get(user));
    if (rows.includes(undefined) || run.users.length !== users.length) {
      const shared = rows.filter((row) => row !== undefined).length;
      const got = `${users.length} in one, ${run.users.length} in another, ${shared} in both`;
      throw new TaurecError('not-comparable', { what: `users of the runs of ${side}`, got, expected: 'the same' });
    }
    for (const name of names) {
      rows.forEach((row, at) => {
        sums[name]![at]! += run.columns[name]![row!]!;
      });
    }
  }
  for (const sum of Object.values(sums)) for (let at = 0; at < sum.length; at++) sum[at]! /= runs.length;
  return { users, columns: sums };
}

/**
 * p corrected for several comparisons, such as of each loss with the best baseline: below a level, the chance that any of those that differ by chance alone comes out so is below that level.
 * In rising order of p, of m: the largest so far of (m − rank)·p, rank from 0, at most 1. Source: Holm, Scandinavian Journal of Statistics 1979.
 * @param pValues each in [0, 1].
 * @returns adjusted values in the order of `pValues`.
 * @throws bad-option
 */
export function holm(pValues: readonly number[]): number[] {
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined)
    throw new TaurecError('bad-option', { option: 'pValues', got: wrong, expected: 'numbers in [0, 1]' });
  const order = pValues.map((_, at) => at).sort((i, j) => pValues[i]! - pValues[j]!);
  const corrected = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, at] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[at]!));
    corrected[at] = largest;
  }
  return corrected;
}
