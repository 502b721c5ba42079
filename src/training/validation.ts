import { type Csr, csrDegree } from '../array/csr.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { evaluate } from '../evaluation/evaluator.ts';
import { embeddingRanker } from '../evaluation/ranker.ts';
import type { TrainConfig } from './config.ts';
import type { RunOptions, TrainingData } from './training-state.ts';

/**
 * Metrics of the engine's final embeddings on the validation interactions, protocol `clean` with the training items masked: full ranking for the validation users,
 * or for a sample of `validation.users` of them that is the same at every epoch.
 */
export function validate(
  engine: Engine,
  data: Required<Pick<TrainingData, 'train' | 'valid'>>,
  { validation, seed }: TrainConfig,
  aborted: RunOptions['aborted'],
): Readonly<Record<string, number>> {
  engine.itemsChanged();
  const { metrics } = evaluate(embeddingRanker(engine), {
    train: data.train,
    test: data.valid,
    protocol: 'clean',
    ks: [cutOff(validation.metric)],
    sample: { count: validation.users, seed },
    onProgress: () => {
      if (aborted()) throw new TaurecError('aborted');
    },
  });
  return metrics;
}

/** True when some trained user has validation items. */
export function hasUsers(valid: Csr, train: Csr): boolean {
  for (let u = 0; u < Math.min(valid.rows, train.rows); u++) if (csrDegree(valid, u) > 0) return true;
  return false;
}

/** The K of 'ndcg@K'. */
function cutOff(metric: string): number {
  return Number(metric.slice(metric.indexOf('@') + 1));
}
