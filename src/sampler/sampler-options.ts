import * as z from 'zod';
import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { type CustomSource, customSource, notNegative, oneOf, option, whole, yesOrNo } from '../option.ts';
import { rowWeights } from './row-weights.ts';
import type { Pool, Sampler } from './sampler.ts';

const group = 'Batches:';

const pools = ['uniform', 'popularity', 'in-batch', 'all', 'hard'] as const;
/** The name of a built-in pool. */
export type PoolName = (typeof pools)[number];

/** A custom pool as a configuration names it: by module, or as the object itself. */
export type PoolSource = CustomSource<CustomPool>;
/** A custom sampler as a configuration names it. */
export type SamplerSource = CustomSource<CustomSampler>;

/** How batches are made: every option, declared once. */
export const samplerShape = {
  /** `user`: a row is a user with all positives, and the rows of a batch share one pool. `pair`: a row is one interaction with negatives of its own. */
  batch: option(oneOf(['user', 'pair']).default('user'), {
    group,
    flag: '--batch <kind>',
    help: 'rows are users with all their positives, or pairs, each with its own negatives',
  }),
  /** B, rows per step: users or pairs, capped at the number there are; `auto`: see `automaticRows`. */
  rows: option(
    z.union([z.literal('auto'), whole(1)], { error: "a whole number of at least 1, or 'auto'" }).default('auto'),
    { group, flag: '--rows <number>', help: 'rows per step, or auto' },
  ),
  /** n, negatives that a row sees: a number, or `all` items (the exact softmax; user batches). Pool `in-batch` takes what the batch holds. */
  negatives: option(
    z.union([z.literal('all'), whole(1)], { error: "a whole number of at least 1, or 'all'" }).default(2048),
    {
      group,
      flag: '--negatives <number>',
      help: 'negatives per row, or all items',
    },
  ),
  /** Where negatives are drawn from: all items alike, items by popularity^alpha, the positives of the other rows; `all` is every item, as negatives `all`; `hard` the highest-scoring negatives of the last epoch. */
  pool: option(
    z
      .union([oneOf(pools), customSource<CustomPool>('openPool')], {
        error: `one of ${pools.join(', ')}, {module, export, options}, or an object with name, parameters and openPool`,
      })
      .default('uniform'),
    {
      group,
      flag: '--pool <name>',
      help: 'where negatives are drawn from',
      source: { kind: 'pool', method: 'openPool', builtIn: {} },
    },
  ),
  /** Exponent of the popularity pool: an item is drawn ∝ degree^α. */
  alpha: option(notNegative.default(0.75), {
    group,
    flag: '--alpha <number>',
    help: 'exponent of the popularity pool',
  }),
  /** Weighs negative j by 1 / (q_j · items), q_j its drawing probability, so that the weighted mean estimates the uniform one. User batches. */
  logQ: option(yesOrNo.default(false), {
    group,
    flag: '--log-q',
    help: 'correct the scores of a pool that is not uniform',
    sets: true,
    opposite: 'do not correct them',
  }),
  /** Keeps a user's own training positives out of the negatives. */
  maskPositives: option(yesOrNo.default(true), {
    group,
    flag: '--allow-positives',
    help: "allow a user's own positives among the negatives",
    sets: false,
    opposite: "keep a user's own positives out of the negatives",
  }),
  /** A custom sampler, which makes the batches in place of the built-in one; absent: user or pair batches. */
  sampler: option(customSource<CustomSampler>('openSampler').optional(), {
    group,
    flag: '--sampler-module <path>',
    help: 'custom sampler',
    source: { kind: 'sampler', method: 'openSampler', builtIn: {} },
  }),
  /** ρ_u, what a user's row weighs: its number of positives, the root of it, or 1. */
  rowWeight: option(oneOf(rowWeights).default('count'), {
    group,
    flag: '--row-weight <name>',
    help: "a user's weight, by the number of positives",
  }),
};

/** Checked options of a sampler. */
export type SamplerOptions = Readonly<z.output<z.ZodObject<typeof samplerShape>>>;

/** Options that leave nothing to the data, with custom code loaded. */
export type SettledSamplerOptions = Omit<SamplerOptions, 'rows' | 'pool' | 'sampler'> & {
  readonly rows: number;
  readonly pool: PoolName | CustomPool;
  readonly sampler?: CustomSampler;
};

/** What a pool is made for. */
export interface PoolSetting {
  /** [users × items] the training interactions. */
  readonly train: Csr;
  readonly options: SettledSamplerOptions;
  /** Rows of a batch, and the most positives that they hold. */
  readonly rows: number;
  readonly positives: number;
  readonly seed: number;
}

/** A custom pool: makes the pool of a training. */
export interface CustomPool {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  openPool(setting: PoolSetting): Pool;
}

/** What a custom sampler is made for. */
export interface SamplerSetting {
  /** [users × items] the training interactions. */
  readonly train: Csr;
  readonly options: SettledSamplerOptions;
  readonly seed: number;
  /** [users × items] what an item weighs among the negatives of a user, relative to 1. */
  readonly negativeWeights?: Csr;
}

/** A custom sampler: makes the sampler of a training. */
export interface CustomSampler {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  openSampler(setting: SamplerSetting): Sampler;
}

const schema = z.object(samplerShape);

export const samplerDefaults: SamplerOptions = schema.parse({});

/**
 * Options with their defaults filled in, checked alone and against one another.
 *
 * @throws TaurecError `bad-option`
 */
export function samplerOptions(given: Partial<SamplerOptions>): SamplerOptions {
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const option = String(path[0]);
    fail(option, given[option as keyof SamplerOptions], message);
  }
  const options = parsed.data;
  const { batch, negatives, pool } = options;
  if (negatives === 'all' && pool !== 'uniform' && pool !== 'all') {
    fail('negatives', negatives, `a number with pool "${nameOf(pool)}"`);
  }
  if (batch === 'pair') {
    const remedy = 'Use user batches, or another value.';
    if (negatives === 'all') fail('negatives', negatives, 'a number with pair batches', remedy);
    if (pool !== 'uniform' && pool !== 'popularity') {
      fail('pool', nameOf(pool), '"uniform" or "popularity" with pair batches', remedy);
    }
    if (options.logQ) fail('logQ', true, 'false with pair batches', remedy);
  }
  if (options.logQ && (pool === 'hard' || typeof pool !== 'string')) {
    fail('logQ', true, `false with pool "${nameOf(pool)}", whose drawing probabilities are unknown`);
  }
  return negatives === 'all' ? { ...options, pool: 'all' } : options;
}

function fail(option: string, got: unknown, expected: string, remedy?: string): never {
  throw new TaurecError('bad-option', { option, got, expected, remedy });
}

function nameOf(pool: PoolName | PoolSource): string {
  return typeof pool === 'string' ? pool : 'module' in pool ? pool.module : pool.name;
}
