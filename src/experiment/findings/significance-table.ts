import type { UserColumns } from '../../evaluation/compare.ts';
import type { Cell } from '../../report/report.ts';
import { compareRuns, holm } from '../analysis/statistics.ts';
import type { ChosenCase } from '../choose-options.ts';
import type { Lab } from '../experiment.ts';
import type { ExperimentSettings } from '../settings/settings.ts';
import { validated } from './best-by-validation.ts';

/**
 * Each case against the best of the others by validation, user by user, seeds averaged: cells `against`, `difference`, `low`, `high` and `p` after Holm's
 * correction for so many comparisons. Undefined for a case alone, and for a metric that users have no number of.
 */
export function compareWithBest(
  group: readonly ChosenCase[],
  lab: Lab,
  { metric, protocol }: ExperimentSettings,
): (readonly Cell[] | undefined)[] {
  const columns = group.map(({ records }) => records.map((record) => columnOf(lab.perUser(record, protocol), metric)));
  if (group.length < 2 || !columns.every((seeds) => seeds.every((one) => metric in one.columns)))
    return group.map(() => undefined);
  const byValue = group.map((_, index) => index).sort((a, b) => validated(group[b]!) - validated(group[a]!));
  const rivals = group.map((_, index) => byValue.find((other) => other !== index)!);
  const comparisons = group.map((_, index) => compareRuns(columns[rivals[index]!]!, columns[index]!).metrics[0]!);
  const adjusted = holm(comparisons.map(({ p }) => p));
  return comparisons.map(({ difference, low, high }, index) => [
    group[rivals[index]!]!.loss.label,
    difference,
    low,
    high,
    adjusted[index]!,
  ]);
}

/** The users with one metric alone. */
function columnOf({ users, columns }: UserColumns, metric: string): UserColumns {
  return { users, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => name === metric)) };
}
