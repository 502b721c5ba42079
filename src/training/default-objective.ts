import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from './config.ts';
import type { TrainEvent } from './events.ts';
import type { TrainingData } from './training.ts';
import { validUsers } from './validation.ts';

/**
 * The objective where a validation part of enough users can choose the popularity prior, and the configuration names none: BSL with λ = 1 against popular negatives, whose embeddings leave popularity out, and the prior, which adds as much of it as
 * validation asks for (docs/popularity.md); τ1 and row weights are those that went best with these (docs/decisions/011-defaults.md). Without such a part the declared defaults hold: uniform negatives, and λ = 1.2, which turns lists a little to popular items (docs/decisions/068-objective-with-validation.md).
 */
const WITH_VALIDATION = {
  loss: { name: 'bsl', options: { tau1: 1, negativeWeight: 1 } },
  batch: { pool: 'popularity', alpha: 0.5 },
  rowWeight: 'sqrt',
  popularityPrior: 'auto',
} as const satisfies TrainConfigInput;

/** Options that make an objective together: who names one has chosen another. */
const OPTIONS = ['loss', 'backbone', 'score', 'rowWeight', 'popularityPrior'] as const;
const BATCH_OPTIONS = ['kind', 'pool', 'alpha', 'logQ', 'maskPositives', 'sampler'] as const;

/** Users with validation interactions below which a prior is chosen by chance. */
const LEAST_USERS = 100;

/** An objective that follows from the data, and the number of users who choose its prior. */
export type ObjectiveByData = Pick<Extract<TrainEvent, { type: 'objective' }>, 'config' | 'users'>;

/** The objective that training takes for these data where the configuration names none; undefined where the declared defaults hold. */
export function objectiveByData({ train, valid }: Pick<TrainingData, 'train' | 'valid'>): ObjectiveByData | undefined {
  const users = valid ? validUsers(valid, train) : 0;
  return users < LEAST_USERS ? undefined : { config: WITH_VALIDATION, users };
}

/** True if a configuration goes with the declared defaults alone: discovery wants no popularity, and all items are no draw by popularity. */
export function excludesObjectiveByData({ aim, batch }: TrainConfigInput): boolean {
  return aim === 'discovery' || batch?.negatives === 'all';
}

/** True if a configuration names an option of the objective, or excludes that of the data. */
export function namesObjective(config: TrainConfigInput): boolean {
  return (
    excludesObjectiveByData(config) ||
    OPTIONS.some((option) => config[option] !== undefined) ||
    BATCH_OPTIONS.some((option) => config.batch?.[option] !== undefined)
  );
}

/**
 * Checks a configuration and fills in the defaults, those of the objective by the data.
 * @returns `objective`: what was taken from the data; absent where the configuration names an objective, or the declared defaults hold
 * @throws TaurecError `bad-option`
 */
export function configFor(
  data: Pick<TrainingData, 'train' | 'valid'>,
  given: TrainConfigInput,
): { readonly config: TrainConfig; readonly objective?: ObjectiveByData } {
  const config = parseTrainConfig(given);
  const objective = namesObjective(given) ? undefined : objectiveByData(data);
  if (!objective) return { config };
  const batch = { ...given.batch, ...objective.config.batch };
  return { config: parseTrainConfig({ ...given, ...objective.config, batch }), objective };
}
