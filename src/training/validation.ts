import { type Csr, csrDegree } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { evaluateSync } from '../evaluation/evaluator.ts';
import { cutOff } from '../evaluation/metrics.ts';
import { embeddingRanker } from '../evaluation/rankers.ts';
import { popularityBias } from '../recommender/popularity-prior.ts';
import { climbSearch } from '../search/lattice-search.ts';
import { runSearchSync } from '../search/search.ts';
import type { TrainConfig } from './config.ts';
import type { RunOptions } from './training.ts';

/** The result of a validation. */
export interface Validation {
  readonly metrics: Readonly<Record<string, number>>;
  /** The value of the deciding metric. */
  readonly value: number;
  /** c of the popularity prior that the lists were ranked with. */
  readonly popularityPrior: number;
}

/** The part of a run that validation reads. */
interface Validated {
  readonly engine: Engine;
  readonly train: Csr;
  readonly valid: Csr;
  readonly config: TrainConfig;
  readonly options: Pick<RunOptions, 'aborted'>;
}

/**
 * Metrics of the engine's final embeddings on the validation interactions, protocol `clean` with the training items masked: full ranking for the validation users,
 * or for a sample of `validation.users` of them that is the same at every epoch. Lists are ranked with the popularity prior. Under `auto` every second validation searches for it, the first one too: it moves little, but a number that is left behind lets patience end a training early.
 * @param priors c of the validations before, in their order
 */
export function validate(run: Validated, priors: readonly number[]): Validation {
  const { engine, train, valid, options } = run;
  const { validation, seed, rankingScore, popularityPrior: prior } = run.config;
  engine.itemsChanged();
  const validateWith = (popularityPrior: number): Validation => {
    const itemBias = popularityPrior === 0 ? undefined : popularityBias(train, popularityPrior);
    const { metrics } = evaluateSync(embeddingRanker(engine, itemBias), {
      train,
      test: valid,
      protocol: 'clean',
      ks: [cutOff(validation.metric)],
      sample: { count: validation.users, seed },
      onProgress: () => {
        if (options.aborted()) throw new TaurecError('aborted');
      },
    });
    return { metrics, value: metrics[validation.metric]!, popularityPrior };
  };
  if (prior !== 'auto') return validateWith(prior);
  const last = priors.at(-1);
  return last === undefined || priors.length % 2 === 0
    ? searchPrior(validateWith, scoreScale(engine, rankingScore), last)
    : validateWith(last);
}

/** True when some trained user has validation items. */
export const hasUsers = (valid: Csr, train: Csr): boolean => validUsers(valid, train) > 0;

/** Number of trained users with validation items. */
export function validUsers(valid: Csr, train: Csr): number {
  let users = 0;
  for (let u = 0; u < Math.min(valid.rows, train.rows); u++) if (csrDegree(valid, u) > 0) users++;
  return users;
}

/** Steps of c in one unit of the scores: .02 for cosines. */
const STEPS = 50;
/** Starting points of the first search, in steps; ties keep the earlier one. */
const GRID = [0, 5, -5, 10, -10, 20, -20, 40];
/** The first stride steps over small local maxima, which a sample of users causes. */
const STRIDES = [4, 1];
/** From the last c on, which was the summit a few epochs ago. */
const NEAR = [1];
/** Bound of the search: at one unit of score for each e-fold of popularity, popularity alone decides the lists. */
const MOST = STEPS;

/**
 * Chooses c of the popularity prior by a validation value: the summit, on the lattice of whole steps, uphill step by step from the last c, or, when there is none, in strides of four and
 * then of one from the best of a coarse grid. The value has one summit as a rule (the prior trades the embedding's order for that of popularity), and moves little from one validation to the next.
 * @param evaluate the validation of lists ranked with a prior; called once for each c.
 * @param scale the unit of the scores (`scoreScale`).
 */
export function searchPrior<T extends { readonly value: number }>(
  evaluate: (prior: number) => T,
  scale: number,
  last?: number,
): T {
  const found = new Map<number, T>();
  const starts = last === undefined ? GRID : [Math.max(-MOST, Math.min(MOST, Math.round((last / scale) * STEPS)))];
  const best = runSearchSync(climbSearch(starts, last === undefined ? STRIDES : NEAR, MOST), (step) => {
    const result = evaluate((step / STEPS) * scale);
    found.set(step, result);
    return result.value;
  });
  return found.get(best!)!;
}

/** The scale of an engine's scores: 1 for cosines, mean ‖u‖ · mean ‖v‖ of the final embeddings for inner products. */
export function scoreScale({ finals }: Engine, score: ScoreKind): number {
  return score === 'cosine' ? 1 : meanLength(finals.users) * meanLength(finals.items);
}

function meanLength(m: Matrix): number {
  let total = 0;
  for (let r = 0; r < m.rows; r++) total += Math.sqrt(row(m, r).reduce((sum, x) => sum + x * x, 0));
  return total / Math.max(1, m.rows);
}
