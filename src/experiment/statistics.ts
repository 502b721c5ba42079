import { TaurecError } from '../errors.ts';
import { type Comparison, compareUsers, type UserColumns } from '../evaluation/compare.ts';
import type { BootstrapOptions } from '../evaluation/significance.ts';
import type { MeanCell } from '../report/report.ts';

/** Arithmetic mean of at least one value. @throws TaurecError `bad-option` for none */
export function mean(values: readonly number[]): number {
  if (values.length === 0)
    throw new TaurecError('bad-option', { option: 'values', got: 'none', expected: 'at least 1' });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, sqrt(Σ (x − mean)² / (n − 1)); 0 for one value. @throws TaurecError `bad-option` for none */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1));
}

/** Mean and sample deviation of one number per seed; a report shows mean ± deviation. One seed has no deviation. @throws TaurecError `bad-option` for none */
export function meanCell(values: readonly number[]): MeanCell {
  return { mean: mean(values), ...(values.length > 1 && { deviation: deviation(values) }) };
}

/**
 * Compares two configurations, each trained with several seeds: averages each user's numbers over the seeds of a side, then calls `compareUsers`. Intervals
 * and p describe the variation over users for these trainings, not the variation over seeds; for the latter see the deviation of the metric over seeds.
 * @param a One entry per seed. `b` may have other seeds, and a different number of them.
 * @throws TaurecError `not-comparable` when the runs of one side have different users; `bad-option` when a side has no run; the errors of `compareUsers`
 */
export function compareRuns(
  a: readonly UserColumns[],
  b: readonly UserColumns[],
  options: BootstrapOptions = {},
): Comparison {
  return compareUsers(meanOfRuns(a, 'A'), meanOfRuns(b, 'B'), options);
}

/** Per-user means over the runs, for the metrics that all runs have. Users are in the order of the first run. */
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
 * Holm's correction of p for m comparisons, such as each loss with the best baseline. Rejecting every adjusted p below a level keeps the probability of any
 * false rejection (the family-wise error rate) below that level.
 * Formula: with p ascending and rank from 0, the adjusted p is the running maximum of (m − rank)·p, capped at 1.
 * Source: Holm, Scandinavian Journal of Statistics 1979.
 * @param pValues [m] each in [0, 1].
 * @returns [m] adjusted values in the order of `pValues`.
 * @throws TaurecError `bad-option`
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
