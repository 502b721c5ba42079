import { type Csr, csrDegree } from '../array/csr.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { evaluateSync } from '../evaluation/evaluator.ts';
import { cutOff } from '../evaluation/metrics.ts';
import { embeddingRanker } from '../evaluation/rankers.ts';
import type { TrainConfig } from './config.ts';
import { popularityBias } from './popularity-prior.ts';
import { scoreScale, searchPrior } from './prior-search.ts';
import type { RunOptions, TrainingData } from './training-state.ts';

/** What a validation found. */
export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** That of the metric which decides. */
  readonly value: number;
  /** c of the popularity prior that the lists were ranked with. */
  readonly popularityPrior: number;
}

/**
 * Metrics of the engine's final embeddings on the validation interactions, protocol `clean` with the training items masked: full ranking for the validation users,
 * or for a sample of `validation.users` of them that is the same at every epoch. Lists are ranked with the popularity prior; under `auto` with the one that validates best,
 * looked for around `lastPrior`.
 */
export function validate(
  engine: Engine,
  data: Required<Pick<TrainingData, 'train' | 'valid'>>,
  { validation, seed, score, popularityPrior: prior }: TrainConfig,
  aborted: RunOptions['aborted'],
  lastPrior?: number,
): Validation {
  engine.itemsChanged();
  const validateWith = (popularityPrior: number): Validation => {
    const itemBias = popularityPrior === 0 ? undefined : popularityBias(data.train, popularityPrior);
    const { metrics } = evaluateSync(embeddingRanker(engine, itemBias), {
      train: data.train,
      test: data.valid,
      protocol: 'clean',
      ks: [cutOff(validation.metric)],
      sample: { count: validation.users, seed },
      onProgress: () => {
        if (aborted()) throw new TaurecError('aborted');
      },
    });
    return { metrics, value: metrics[validation.metric]!, popularityPrior };
  };
  return prior === 'auto' ? searchPrior(validateWith, scoreScale(engine, score), lastPrior) : validateWith(prior);
}

/** True when some trained user has validation items. */
export function hasUsers(valid: Csr, train: Csr): boolean {
  for (let u = 0; u < Math.min(valid.rows, train.rows); u++) if (csrDegree(valid, u) > 0) return true;
  return false;
}
