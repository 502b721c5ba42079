import { studentTails } from '../array/distributions.ts';
import { type Random, randomStream } from '../array/random.ts';
import { TaurecError } from '../errors.ts';

/** Options of the bootstrap. */
export interface BootstrapOptions {
  /** Number of resamples of the users, ≥ 1. Default 10,000. */
  readonly resamples?: number;
  /** Seed of the draws. Default 1. */
  readonly seed?: number;
  /** Fraction of resampled means inside the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
}

/** A mean difference with its interval and p, from the bootstrap. */
export interface BootstrapResult {
  /** The mean difference. */
  readonly mean: number;
  /** Ends of the percentile interval of the mean difference. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p = 2·(1 + min(#{means ≤ 0}, #{means ≥ 0})) / (resamples + 1), at most 1. The added 1 keeps p above 0. */
  readonly p: number;
}

/**
 * Paired bootstrap over users. Each resample draws n of the n users with replacement and takes the mean of their differences. All metrics share the draws.
 * Source: Efron & Tibshirani 1993, chapters 13 and 15; Sakai, SIGIR 2006.
 * @param differences [metrics][users] difference between two runs for each user; all columns have the same length ≥ 1.
 * @returns One result per metric.
 * @throws TaurecError `bad-option`
 */
export function pairedBootstrap(
  differences: readonly ArrayLike<number>[],
  options: BootstrapOptions = {},
): BootstrapResult[] {
  const { resamples, seed, level } = checkedBootstrap(options);
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

/** A ratio of means, less 1, with its interval. */
export interface RatioResult {
  /** mean(a) / mean(b) − 1: .31 is 31% better. */
  readonly ratio: number;
  /** Ends of the percentile interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * Paired bootstrap over users of the ratio of two means, less 1. Each resample draws n of the n users with replacement, and takes the ratio of the two means over them; resamples in which the second mean is 0 do not count. All pairs
 * share the draws.
 * @param pairs [pairs] two columns [users] of each pair; all have the same length ≥ 1
 * @returns one result per pair; undefined where the mean of the second column is 0, or that of every resample
 * @throws TaurecError `bad-option`
 */
export function ratioBootstrap(
  pairs: readonly (readonly [ArrayLike<number>, ArrayLike<number>])[],
  options: BootstrapOptions = {},
): (RatioResult | undefined)[] {
  const { resamples, seed, level } = checkedBootstrap(options);
  const columns = [...new Set(pairs.flat())];
  const users = usersOf(columns, 1);
  const means = resampledMeans(columns, users, resamples, randomStream(seed, 'bootstrap'));
  return pairs.map(([a, b]) => {
    const [ofA, ofB] = [means[columns.indexOf(a)]!, means[columns.indexOf(b)]!];
    const whole = meanOf(b);
    if (whole === 0) return undefined;
    const ratios = ofA.map((mean, r) => mean / ofB[r]! - 1).filter((_, r) => ofB[r] !== 0);
    if (ratios.length === 0) return undefined;
    const sorted = ratios.sort();
    return {
      ratio: meanOf(a) / whole - 1,
      low: quantile(sorted, (1 - level) / 2),
      high: quantile(sorted, (1 + level) / 2),
    };
  });
}

/** The options with their defaults. @throws TaurecError `bad-option` */
function checkedBootstrap({
  resamples = 10_000,
  seed = 1,
  level = 0.95,
}: BootstrapOptions): Required<BootstrapOptions> {
  if (!Number.isSafeInteger(resamples) || resamples < 1) {
    throw new TaurecError('bad-option', { option: 'resamples', got: resamples, expected: 'a whole number ≥ 1' });
  }
  if (!(level > 0 && level < 1))
    throw new TaurecError('bad-option', { option: 'level', got: level, expected: 'a number in (0, 1)' });
  return { resamples, seed, level };
}

/** The result of a paired t-test. */
export interface TTestResult {
  /** The statistic; ±Infinity if all differences are equal and not 0. */
  readonly t: number;
  /** users − 1. */
  readonly degreesOfFreedom: number;
  /** Two-sided p. */
  readonly p: number;
}

/**
 * Paired t-test: t = mean / (s / √n), where s is the sample deviation of the n differences. p = I_{ν/(ν + t²)}(ν/2, 1/2) with ν = n − 1 and the
 * regularised incomplete beta function I.
 * @param differences [users] at least 2 values.
 * @throws TaurecError `bad-option` for fewer
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

/** [columns][resamples] means over resampled users. */
function resampledMeans(
  differences: readonly ArrayLike<number>[],
  users: number,
  resamples: number,
  random: Random,
): Float64Array[] {
  // Users whose differences are all 0 add nothing, so only the others are stored, as rows of `width` values. A draw beyond them adds 0.
  // Which users have the indices 0 … differing − 1 does not matter, because draws are uniform.
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

/** A quantile of sorted values, by linear interpolation between order statistics. */
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

/** The common length of the columns. @throws TaurecError `bad-option` if lengths differ or are below `least` */
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
