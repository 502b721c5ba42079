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

/** A custom pool in a configuration: a module, or the object itself. */
export type PoolSource = CustomSource<CustomPool>;
/** A custom sampler in a configuration: a module, or the object itself. */
export type SamplerSource = CustomSource<CustomSampler>;

/** The declarations of all batch options: type, bounds, default, flag and help (docs/samplers.md). */
export const samplerShape = {
  /** `user` (default): a row is a user with all positives, and the rows of a batch share one pool of negatives. `pair`: a row is one interaction with separately drawn negatives. */
  batch: option(oneOf(['user', 'pair']).default('user'), {
    group,
    flag: '--batch <kind>',
    help: 'user: one row per user, with all positives and shared negatives; pair: one row per interaction, with separate negatives',
  }),
  /** B, rows per step (users or pairs), ≥ 1, capped at the number available. `auto` (default): see `automaticRows`. */
  rows: option(
    z.union([z.literal('auto'), whole(1)], { error: "a whole number of at least 1, or 'auto'" }).default('auto'),
    { group, flag: '--rows <number>', help: 'rows per step, or auto' },
  ),
  /** n, negatives per row: a number ≥ 1, default 2048, or `all` for every item (the exact softmax; user batches only). The pool `in-batch` ignores it and takes the items of the batch. */
  negatives: option(
    z.union([z.literal('all'), whole(1)], { error: "a whole number of at least 1, or 'all'" }).default(2048),
    {
      group,
      flag: '--negatives <number>',
      help: 'negatives per row, or all items',
    },
  ),
  /** Source of the negatives: `uniform` (default), all items alike; `popularity`, items ∝ degree^alpha; `in-batch`, the positives of the batch; `all`, every item, same as negatives `all`; `hard`, the highest-scoring negatives of the last epoch; or a custom pool. */
  pool: option(
    z
      .union([oneOf(pools), customSource<CustomPool>('openPool')], {
        error: `one of ${pools.join(', ')}, {module, export, options}, or an object with name, parameters and openPool`,
      })
      .default('uniform'),
    {
      group,
      flag: '--pool <name>',
      help: 'source of the negatives',
      source: { kind: 'pool', method: 'openPool', builtIn: {} },
    },
  ),
  /** α ≥ 0, default .75: exponent of the popularity pool, which draws items ∝ degree^α. */
  alpha: option(notNegative.default(0.75), {
    group,
    flag: '--alpha <number>',
    help: 'exponent of the popularity pool',
  }),
  /** Weights negative j by 1 / (q_j · items), with q_j its drawing probability: the weighted mean then estimates the mean over all items. User batches only; default false. */
  logQ: option(yesOrNo.default(false), {
    group,
    flag: '--log-q',
    help: 'correct the weights of negatives from a non-uniform pool',
    sets: true,
    opposite: 'do not correct the weights',
  }),
  /** Masks a user's own training positives among the negatives. Default true. */
  maskPositives: option(yesOrNo.default(true), {
    group,
    flag: '--allow-positives',
    help: "allow a user's own positives among the negatives",
    sets: false,
    opposite: "mask a user's own positives among the negatives",
  }),
  /** A custom sampler, which replaces the built-in batches. Absent: user or pair batches. */
  sampler: option(customSource<CustomSampler>('openSampler').optional(), {
    group,
    flag: '--sampler-module <path>',
    help: 'custom sampler',
    source: { kind: 'sampler', method: 'openSampler', builtIn: {} },
  }),
  /** ρ_u, the weight of a user's row: the number of positives (`count`, default), its square root (`sqrt`), or 1 (`one`). */
  rowWeight: option(oneOf(rowWeights).default('count'), {
    group,
    flag: '--row-weight <name>',
    help: 'weight of a user: the number of positives, its square root, or one',
  }),
};

/** Checked options of a sampler, complete with defaults. */
export type SamplerOptions = Readonly<z.output<z.ZodObject<typeof samplerShape>>>;

/** Options that no longer depend on the data: `rows` is a number, and custom code is loaded. */
export type SettledSamplerOptions = Omit<SamplerOptions, 'rows' | 'pool' | 'sampler'> & {
  readonly rows: number;
  readonly pool: PoolName | CustomPool;
  readonly sampler?: CustomSampler;
};

/** The setting of a pool: what it needs to know about the training run. */
export interface PoolSetting {
  /** [users × items] the training interactions. */
  readonly train: Csr;
  /** The checked options. */
  readonly options: SettledSamplerOptions;
  /** Maximum number of rows in a batch. */
  readonly rows: number;
  /** Maximum number of positives in a batch. */
  readonly positives: number;
  /** The seed of the run. */
  readonly seed: number;
}

/** A custom pool: a factory of pools, one per training run. */
export interface CustomPool {
  /** The name, for messages and saved configurations. */
  readonly name: string;
  /** Its options as JSON can hold them; saved with the model. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** Opens the pool of a training run. */
  openPool(setting: PoolSetting): Pool;
}

/** The setting of a custom sampler. */
export interface SamplerSetting {
  /** [users × items] the training interactions. */
  readonly train: Csr;
  readonly options: SettledSamplerOptions;
  readonly seed: number;
  /** [users × items] weight of an item among the negatives of a user, relative to 1. */
  readonly negativeWeights?: Csr;
}

/** A custom sampler: a factory of samplers, one per training run. */
export interface CustomSampler {
  /** The name, for messages and saved configurations. */
  readonly name: string;
  /** Its options as JSON can hold them; saved with the model. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** Opens the sampler of a training run. */
  openSampler(setting: SamplerSetting): Sampler;
}

const schema = z.object(samplerShape);

/** Every batch option at its default. */
export const samplerDefaults: SamplerOptions = schema.parse({});

/**
 * Fills in the defaults and checks the options, each alone and in combination.
 *
 * @throws TaurecError `bad-option` for a value out of bounds or an invalid combination
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
  // Every item is drawn: only the uniform pool and `all` mean the same.
  if (negatives === 'all' && pool !== 'uniform' && pool !== 'all') {
    fail('negatives', negatives, `a number with pool "${nameOf(pool)}"`);
  }
  // Pair rows draw negatives one by one: there is no pool to share or to correct.
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

/** The name of a pool in messages. */
function nameOf(pool: PoolName | PoolSource): string {
  return typeof pool === 'string' ? pool : 'module' in pool ? pool.module : pool.name;
}
