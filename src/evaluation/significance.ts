import { studentTails } from '../array/distributions.ts';
import { type Random, randomStream } from '../array/random.ts';
import { TaurecError } from '../errors.ts';

/** How often, from which seed and for which interval a bootstrap draws. */
export interface BootstrapOptions {
  /** How often the users are drawn anew, ≥ 1. Default 10,000. */
  readonly resamples?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Share of the resampled means inside the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
}

/** A mean difference, its interval and its p, from a bootstrap. */
export interface BootstrapResult {
  /** The mean difference. */
  readonly mean: number;
  /** The ends of the percentile interval of the mean difference. */
  readonly low: number;
  readonly high: number;
  /** Two-sided: twice the smaller share of resampled means on either side of 0 (both sides hold 0), counting one more on each; at most 1. */
  readonly p: number;
}

/**
 * Paired bootstrap over users: draws as many users as there are, with replacement, and takes the mean of their differences, again and again.
 * All columns share the draws. Source: Efron & Tibshirani 1993, chapters 13 and 15; Sakai, SIGIR 2006.
 * @param differences by metric: [users] what one run has over the other for each user; all of one length ≥ 1.
 * @throws bad-option.
 */
export function pairedBootstrap(
  differences: readonly ArrayLike<number>[],
  options: BootstrapOptions = {},
): BootstrapResult[] {
  const { resamples = 10_000, seed = 1, level = 0.95 } = options;
  if (!Number.isSafeInteger(resamples) || resamples < 1) {
    throw new TaurecError('bad-option', { option: 'resamples', got: resamples, expected: 'a whole number ≥ 1' });
  }
  if (!(level > 0 && level < 1))
    throw new TaurecError('bad-option', { option: 'level', got: level, expected: 'a number in (0, 1)' });
  const users = usersOf(differences, 1);
  const means = resampledMeans(differences, users, resamples, randomStream(seed, 'bootstrap'));
  return differences.map((column, c) => {
    const sorted = means[c]!.sort();
    let notAbove = 0;
    let notBelow = 0;
    for (const mean of sorted) {
      if (mean <= 0) notAbove++;
      if (mean >= 0) notBelow++;
    }
    return {
      mean: meanOf(column),
      low: quantile(sorted, (1 - level) / 2),
      high: quantile(sorted, (1 + level) / 2),
      p: Math.min(1, (2 * (1 + Math.min(notAbove, notBelow))) / (resamples + 1)),
    };
  });
}

/** The outcome of a paired t-test. */
export interface TTestResult {
  /** ±Infinity when all differences are equal and not 0. */
  readonly t: number;
  /** users − 1. */
  readonly degreesOfFreedom: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Paired t-test: t = mean / (s / √n), s the sample deviation of the differences; p = I_{ν/(ν + t²)}(ν/2, 1/2), ν = n − 1.
 * @param differences [users], at least 2.
 * @throws bad-option when fewer.
 */
export function pairedTTest(differences: ArrayLike<number>): TTestResult {
  const n = usersOf([differences], 2);
  const mean = meanOf(differences);
  let squares = 0;
  for (let u = 0; u < n; u++) squares += (differences[u]! - mean) ** 2;
  const degreesOfFreedom = n - 1;
  if (squares === 0)
    return mean === 0
      ? { t: 0, degreesOfFreedom, p: 1 }
      : { t: mean * Number.POSITIVE_INFINITY, degreesOfFreedom, p: 0 };
  const t = mean / Math.sqrt(squares / degreesOfFreedom / n);
  return { t, degreesOfFreedom, p: studentTails(t, degreesOfFreedom) };
}

/** [columns][resamples] means of resampled users. */
function resampledMeans(
  differences: readonly ArrayLike<number>[],
  users: number,
  resamples: number,
  random: Random,
): Float64Array[] {
  // Users without any difference add 0 whatever is drawn: only the others are stored, side by side, and reached.
  const width = differences.length;
  const differing: number[] = [];
  for (let u = 0; u < users; u++) if (differences.some((column) => column[u] !== 0)) differing.push(u);
  const values = new Float64Array(differing.length * width);
  for (const [at, u] of differing.entries())
    for (let c = 0; c < width; c++) values[at * width + c] = differences[c]![u]!;
  const means = differences.map(() => new Float64Array(resamples));
  const sums = new Float64Array(width);
  for (let r = 0; r < resamples; r++) {
    sums.fill(0);
    for (let draw = 0; draw < users; draw++) {
      const at = random.integer(users) * width;
      if (at < values.length) for (let c = 0; c < width; c++) sums[c]! += values[at + c]!;
    }
    for (let c = 0; c < width; c++) means[c]![r] = sums[c]! / users;
  }
  return means;
}

/** Linear interpolation between order statistics. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let u = 0; u < values.length; u++) sum += values[u]!;
  return sum / values.length;
}

/** The common length of the columns, at least `least`. */
function usersOf(columns: readonly ArrayLike<number>[], least: number): number {
  const users = columns[0]?.length ?? 0;
  if (users < least || columns.some((column) => column.length !== users)) {
    const got = `columns of ${columns.map((column) => column.length).join(', ')}`;
    throw new TaurecError('bad-option', {
      option: 'differences',
      got,
      expected: `columns of one length ≥ ${least}, a value per user`,
    });
  }
  return users;
}
