import { TaurecError } from '../errors.ts';
import type { RowWeight } from './row-weights.ts';

/** How batches are made. */
export interface SamplerOptions {
  /** `user` (default): a row is a user with all positives, rows share one pool. `pair`: a row is one interaction with its own negatives. */
  readonly batch: 'user' | 'pair';
  /** B, rows a step, ≥ 1; more than there are: all. `auto` (default): see `automaticRows`. */
  readonly rows: number | 'auto';
  /** n, negatives a row sees, ≥ 1, or `all` items (user batches). Default 2048. Pool `in-batch` takes what the batch holds. */
  readonly negatives: number | 'all';
  /** Where negatives come from; default `uniform`. `in-batch` and `all` need user batches. */
  readonly pool: 'uniform' | 'popularity' | 'in-batch' | 'all';
  /** Exponent of pool `popularity`: an item is drawn ∝ degree^α, α ≥ 0. Default .75. */
  readonly alpha: number;
  /** Weighs negative j by 1 / (q_j · items), q_j its drawing probability, so that the weighted mean estimates the uniform one. User batches. Default false. */
  readonly logQ: boolean;
  /** Keeps a user's own training positives from being its negatives. Default true. */
  readonly maskPositives: boolean;
  /** ρ_u; default `count`. */
  readonly rowWeight: RowWeight;
}

/** Options that leave nothing to the data. */
export type SettledSamplerOptions = SamplerOptions & { readonly rows: number };

export const samplerDefaults: SamplerOptions = {
  batch: 'user',
  rows: 'auto',
  negatives: 2048,
  pool: 'uniform',
  alpha: 0.75,
  logQ: false,
  maskPositives: true,
  rowWeight: 'count',
};

/**
 * Options with their defaults filled in, checked alone and against one another.
 *
 * @throws TaurecError `bad-option`
 */
export function samplerOptions(given: Partial<SamplerOptions>): SamplerOptions {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: SamplerOptions = { ...samplerDefaults, ...stated };
  const { batch, rows, negatives, pool, alpha, rowWeight } = options;
  oneOf('batch', batch, ['user', 'pair']);
  oneOf('pool', pool, ['uniform', 'popularity', 'in-batch', 'all']);
  oneOf('rowWeight', rowWeight, ['count', 'sqrt', 'one']);
  if (rows !== 'auto' && !(Number.isInteger(rows) && rows >= 1)) fail('rows', rows, 'a whole number ≥ 1, or "auto"');
  if (negatives !== 'all' && !(Number.isInteger(negatives) && negatives >= 1)) {
    fail('negatives', negatives, 'a whole number ≥ 1, or "all"');
  }
  if (!(alpha >= 0 && alpha < Infinity)) fail('alpha', alpha, 'a number ≥ 0');
  if (negatives === 'all' && pool !== 'uniform' && pool !== 'all') {
    fail('negatives', negatives, `a number with pool "${pool}"`);
  }
  if (batch === 'pair') {
    const remedy = 'Use user batches, or another value.';
    if (negatives === 'all') fail('negatives', negatives, 'a number with pair batches', remedy);
    if (pool === 'in-batch' || pool === 'all') {
      fail('pool', pool, '"uniform" or "popularity" with pair batches', remedy);
    }
    if (options.logQ) fail('logQ', true, 'false with pair batches', remedy);
  }
  return negatives === 'all' ? { ...options, pool: 'all' } : options;
}

function oneOf(option: string, got: string, choices: readonly string[]): void {
  if (!choices.includes(got)) fail(option, got, choices.map((c) => JSON.stringify(c)).join(', '));
}

function fail(option: string, got: unknown, expected: string, remedy?: string): never {
  throw new TaurecError('bad-option', { option, got, expected, remedy });
}
