import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from './config.ts';
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

/** True if a configuration names an option of the objective, or aims at discovery. */
export function namesObjective(config: TrainConfigInput): boolean {
  return (
    config.aim === 'discovery' ||
    OPTIONS.some((option) => config[option] !== undefined) ||
    BATCH_OPTIONS.some((option) => config.batch?.[option] !== undefined) ||
    config.batch?.negatives === 'all'
  );
}

/** Checks a configuration and fills in the defaults, those of the objective by the data. @throws TaurecError `bad-option` */
export function configFor(
  { train, valid }: Pick<TrainingData, 'train' | 'valid'>,
  config: TrainConfigInput,
): TrainConfig {
  const checked = parseTrainConfig(config);
  if (namesObjective(config) || !valid || validUsers(valid, train) < LEAST_USERS) return checked;
  return parseTrainConfig({ ...config, ...WITH_VALIDATION, batch: { ...config.batch, ...WITH_VALIDATION.batch } });
}
