import type { TrainConfigInput } from '../training/config.ts';

/** Training with all items as negatives, for small catalogues. */
export const allItems = { rows: 64, negatives: 'all' } as const satisfies TrainConfigInput['batch'];

/** Negatives by the root of popularity. */
export const byPopularity = { pool: 'popularity', alpha: 0.5 } as const satisfies TrainConfigInput['batch'];

/** Chooses epoch and popularity prior on validation data, seldom and on many users, because the prior overfits few. */
export function priorByValidation(every = 20, users = 20_000) {
  return { validation: { every, patience: 10, users }, popularityPrior: 'auto' } as const satisfies TrainConfigInput;
}

/** For tests under popularity shift: a debiased validation part chooses, then all of train is trained on. */
export const discovery = {
  ...priorByValidation(),
  learningRate: 0.03,
  epochs: 40,
  aim: 'discovery',
  refit: true,
} as const satisfies TrainConfigInput;
