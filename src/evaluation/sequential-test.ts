import { TaurecError } from '../errors.ts';

/** One side of a test: the values of its people so far, such as 1 for a person who bought and 0 for another. */
export interface Arm {
  /** Number of people. */
  readonly people: number;
  /** People whose value is not 0. */
  readonly active: number;
  readonly mean: number;
  /** Sample variance of the values, with people − 1. */
  readonly variance: number;
}

/** Options of the sequential test. */
export interface SequentialOptions {
  /** 1 − α: probability that the interval contains the true difference at all looks together, in (0, 1). Default .95. */
  readonly level?: number;
  /** Number of people, of both sides together, at which the interval should be narrowest relative to one look: about those that the test will have. It must be chosen before the first look. Default 10,000. */
  readonly expected?: number;
}

/** Two sides at one look. */
export interface SequentialResult {
  /** Mean of b − mean of a. */
  readonly difference: number;
  /** The interval of the difference; unbounded while there are too few people. */
  readonly low: number;
  readonly high: number;
  /** Always-valid p: below α at any look with probability at most α, where the sides do not differ. */
  readonly p: number;
  readonly verdict: 'better' | 'worse' | 'undecided';
}

/** Below this many active people on each side, means are not near enough to normal. */
const LEAST_ACTIVE = 20;

/**
 * Compares two sides of a running test, as often as one likes: with a probability of at least `level` the intervals of all looks contain the true difference, so that the test may be stopped at the first
 * interval without 0. A test for one look would be wrong more and more often with every further look.
 *
 *     z = (mean_b − mean_a)/√V,   V = s_a²/n_a + s_b²/n_b,   t = n_a n_b/(n_a + n_b),   x = t ρ²
 *     p = min(1, √(x + 1) · exp( −z²/2 · x/(x + 1) )),   interval: difference ± √( V · (1 + 1/x) · (log(x + 1) − 2 log α) )
 *
 * ρ² makes the interval narrowest at `expected` people: x = −2 log α + log(1 − 2 log α) there. A person counts once, with the value so far. The mixture of normal distributions: Robbins, Ann. Math. Statist. 1970;
 * for tests of web pages: Johari et al., KDD 2017; with estimated variances: Waudby-Smith et al., Ann. Statist. 2024.
 * @throws TaurecError `bad-option`
 */
export function sequentialTest(
  a: Arm,
  b: Arm,
  { level = 0.95, expected = 10_000 }: SequentialOptions = {},
): SequentialResult {
  if (!(level > 0 && level < 1))
    throw new TaurecError('bad-option', { option: 'level', got: level, expected: 'a number in (0, 1)' });
  if (!(expected >= 4 && Number.isFinite(expected)))
    throw new TaurecError('bad-option', {
      option: 'expected',
      got: expected,
      expected: 'a number of people, at least 4',
    });
  const difference = b.mean - a.mean;
  const variance = a.variance / a.people + b.variance / b.people;
  if (Math.min(a.active, b.active) < LEAST_ACTIVE || !(variance > 0)) {
    return { difference, low: -Infinity, high: Infinity, p: 1, verdict: 'undecided' };
  }
  const alpha = -2 * Math.log(1 - level);
  // Two equal sides of `expected` people have t = expected / 4.
  const rho2 = (alpha + Math.log(1 + alpha)) / (expected / 4);
  const x = ((a.people * b.people) / (a.people + b.people)) * rho2;
  const half = Math.sqrt(variance * (1 + 1 / x) * (Math.log(x + 1) + alpha));
  const z2 = (difference * difference) / variance;
  const p = Math.min(1, Math.sqrt(x + 1) * Math.exp((-z2 / 2) * (x / (x + 1))));
  const verdict = difference - half > 0 ? 'better' : difference + half < 0 ? 'worse' : 'undecided';
  return { difference, low: difference - half, high: difference + half, p, verdict };
}

/** The values of people by their sums: what a database adds up. */
export interface Sums {
  readonly people: number;
  readonly active: number;
  /** Σ x and Σ x². */
  readonly sum: number;
  readonly squares: number;
}

/** The side of a test whose value is a number for each person, such as whether they bought. */
export function armOf({ people, active, sum, squares }: Sums): Arm {
  const mean = people === 0 ? 0 : sum / people;
  const variance = people < 2 ? 0 : Math.max(0, (squares - people * mean * mean) / (people - 1));
  return { people, active, mean, variance };
}

/** Sums over people of a ratio of two numbers of each, such as clicks y and impressions x. */
export interface RatioSums extends Omit<Sums, 'sum' | 'squares'> {
  readonly y: number;
  readonly x: number;
  readonly yy: number;
  readonly xx: number;
  readonly xy: number;
}

/**
 * The side of a test whose value is Σy/Σx, such as clicks by impressions. The people are what is drawn, not the impressions, so the variance is that of the linear terms (y − r x)/x̄ of the people, r = Σy/Σx (delta
 * method; Deng et al., KDD 2018).
 */
export function ratioArm({ people, active, y, x, yy, xx, xy }: RatioSums): Arm {
  if (people < 2 || x === 0) return { people, active, mean: 0, variance: 0 };
  const mean = y / x;
  const mean0 = x / people;
  // Σ (y − r x)² ; the sum of the terms is 0.
  const squares = Math.max(0, yy - 2 * mean * xy + mean * mean * xx);
  return { people, active, mean, variance: squares / (people - 1) / (mean0 * mean0) };
}
