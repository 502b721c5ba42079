import { mean } from '../analysis/statistics.ts';
import type { ChosenCase } from '../choose-options.ts';

/** The validation value of each seed, by which cases are compared where the test set may not be looked at. */
export function validations({ records }: Pick<ChosenCase, 'records'>): number[] {
  return records.map((record) => record.chosen.value ?? 0);
}

/** Their mean over seeds. */
export function validated(one: Pick<ChosenCase, 'records'>): number {
  return mean(validations(one));
}

/** The case that validates best; the first of equals. Undefined of none. */
export function bestByValidation<C extends Pick<ChosenCase, 'records'>>(cases: readonly C[]): C | undefined {
  return [...cases].sort((a, b) => validated(b) - validated(a))[0];
}
