/** Searches of a tuning space: random, grid, tree-structured Parzen estimator, and coordinate search. */

import { normalCdf, normalQuantile } from '../array/distributions.ts';
import { type Random, randomStream } from '../array/random.ts';
import { bestOf, type Observation, type Search, walkSearch } from './search.ts';
import { drawValue, type Space, type SpacePoint, startOf, type UnitScale, unitScaleOf } from './space.ts';

/** Makes a search of a space. The proposals depend only on space, seed and observations. */
export type SpaceSearch = (space: Space, seed: number) => Search<SpacePoint>;

/** Draws every point independently, uniformly on the scale of each dimension. The first point has the `start` of each dimension that has one. */
const randomSearch: SpaceSearch = (space, seed) => ({
  propose: ({ length }) => [length === 0 ? firstPoint(space, seed) : randomPoint(space, length, seed)],
  choose: choiceOf,
});

/** Evaluates every combination of the grid values of the dimensions once; the last dimension changes fastest. */
const gridSearch: SpaceSearch = (space) => {
  const grids = Object.entries(space).map(([path, dimension]) => [path, unitScaleOf(dimension).grid()] as const);
  const size = grids.reduce((product, [, values]) => product * values.length, 1);
  return {
    size,
    propose({ length }) {
      if (length >= size) return [];
      // The number of the point in mixed radix: one digit per dimension, the last dimension first.
      let rest = length;
      const point: Record<string, unknown> = {};
      for (const [path, values] of [...grids].reverse()) {
        point[path] = values[rest % values.length];
        rest = Math.floor(rest / values.length);
      }
      return [Object.fromEntries(grids.map(([path]) => [path, point[path]]))];
    },
    choose: choiceOf,
  };
};

/** Random points before TPE uses the results. */
const STARTUP = 8;
/** γ: the fraction of the observations in the good group. */
const GOOD = 0.2;
/** Limit on the size of the good group, so that a long search keeps narrowing. */
const MOST_GOOD = 25;
/** Candidates per dimension, drawn from the good density. */
const CANDIDATES = 24;

/**
 * Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), for each dimension independently. The fraction γ of the observations with the largest values is the
 * good group, the others are the bad group; l and g are Parzen estimates of their densities. Of 24 candidates drawn from l, the search takes the one with the largest
 * l/g, which has the largest expected improvement. Points under evaluation count as bad (a constant liar), so that parallel trials look in different places.
 */
const tpeSearch: SpaceSearch = (space, seed) => ({
  propose(seen) {
    const number = seen.length;
    if (number === 0) return [firstPoint(space, seed)];
    if (number < STARTUP) return [randomPoint(space, number, seed)];
    const random = randomStream(seed, 'tune-tpe', number);
    const { good, bad } = divided(seen);
    const values = Object.entries(space).map(([path, dimension]) => {
      const scale = unitScaleOf(dimension);
      const density = (group: readonly Observation<SpacePoint>[]) =>
        densityOf(
          scale,
          group.map(({ point }) => scale.place(point[path])),
        );
      return [path, scale.value(likeliest(density(good), density(bad), random))] as const;
    });
    return [Object.fromEntries(values)];
  },
  choose: choiceOf,
});

/** All searches that `tune` offers, by name. This is their only list. */
export const searches = { tpe: tpeSearch, random: randomSearch, grid: gridSearch } satisfies Record<
  string,
  SpaceSearch
>;

export type SearchName = keyof typeof searches;

export const searchNames = Object.keys(searches) as [SearchName, ...SearchName[]];

/** Limit on the rounds of a coordinate search through all dimensions. */
const ROUNDS = 3;

/**
 * Coordinate search: takes the best grid value of one dimension after the other, with the other dimensions at their current choice, until a round changes nothing or
 * three rounds are done. It begins at `start`, which is also the choice if no point has a value.
 */
export function coordinateSearch(space: Space, start: SpacePoint): Search<SpacePoint> {
  return walkSearch(function* () {
    const tried = new Map<string, Observation<SpacePoint>>();
    let best = start;
    for (let round = 0; round < ROUNDS; round++) {
      const before = JSON.stringify(best);
      for (const [path, dimension] of Object.entries(space)) {
        const points = unitScaleOf(dimension)
          .grid()
          .map((value): SpacePoint => ({ ...best, [path]: value }));
        const values = yield points;
        for (const [i, point] of points.entries()) tried.set(JSON.stringify(point), { point, value: values[i]! });
        best = bestOf([...tried.values()])?.point ?? best;
      }
      if (JSON.stringify(best) === before) break;
    }
    return best;
  });
}

/** The observed point with the largest value. */
function choiceOf(seen: readonly Observation<SpacePoint>[]): SpacePoint | undefined {
  return bestOf(seen)?.point;
}

/** The random point of trial `number`. It depends only on space, seed and number, so trials may run in any order. */
export function randomPoint(space: Space, number: number, seed: number): SpacePoint {
  const random = randomStream(seed, 'tune-random', number);
  return Object.fromEntries(Object.entries(space).map(([path, dimension]) => [path, drawValue(dimension, random)]));
}

/** The first point of a search: the `start` of each dimension that has one, random values for the others. */
function firstPoint(space: Space, seed: number): SpacePoint {
  const drawn = randomPoint(space, 0, seed);
  return Object.fromEntries(
    Object.entries(space).map(([path, dimension]) => [path, startOf(dimension) ?? drawn[path]]),
  );
}

/** Divides the observations: good are the best ⌈γn⌉ of the n with a value, at most `MOST_GOOD`; bad are all others, failed and running ones included. Of equal values the earlier is better. */
function divided(seen: readonly Observation<SpacePoint>[]) {
  const valued = seen.filter(({ value }) => value !== undefined && value !== -Infinity);
  const ordered = [...valued].sort((a, b) => b.value! - a.value!);
  const good = new Set(ordered.slice(0, Math.min(MOST_GOOD, Math.ceil(GOOD * ordered.length))));
  return { good: [...good], bad: seen.filter((observation) => !good.has(observation)) };
}

/** Draws candidates from the good density and returns the one with the largest ratio of good to bad. */
function likeliest(good: Density, bad: Density, random: Random): number {
  let best = 0;
  let most = -Infinity;
  for (let k = 0; k < CANDIDATES; k++) {
    const u = good.sample(random);
    const ratio = good.log(u) - bad.log(u);
    if (ratio > most) [best, most] = [u, ratio];
  }
  return best;
}

/** A density on one dimension, estimated from the places of observations on its unit scale. */
interface Density {
  sample(random: Random): number;
  /** The logarithm of the density at a place. */
  log(u: number): number;
}

function densityOf({ choices }: UnitScale, places: readonly number[]): Density {
  return choices === undefined ? parzenDensity(places) : choiceDensity(choices, places);
}

/**
 * A Parzen estimator on [0, 1]: the mean of n + 1 densities, a uniform one as the prior and a Gaussian around each of the n places, truncated to [0, 1]. The standard
 * deviation of a Gaussian is the distance to the farther of its two neighbours (the ends 0 and 1 count as neighbours), at least 1/min(100, n + 1) and at most 1.
 */
function parzenDensity(places: readonly number[]): Density {
  const sorted = [...places].sort((a, b) => a - b);
  const least = 1 / Math.min(100, sorted.length + 1);
  const bumps = sorted.map((mean, i) => {
    const wide = Math.max(mean - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - mean);
    const width = Math.min(1, Math.max(least, wide));
    // Mass of the Gaussian within [0, 1], which normalises the truncated density.
    const [low, high] = [normalCdf(-mean / width), normalCdf((1 - mean) / width)];
    return { mean, width, low, mass: high - low };
  });
  return {
    sample(random) {
      const at = random.integer(bumps.length + 1);
      const u = random.real();
      if (at === bumps.length) return u;
      const { mean, width, low, mass } = bumps[at]!;
      // Inverse distribution function of the truncated Gaussian; min and max remove rounding errors at the ends.
      return Math.min(1, Math.max(0, mean + width * normalQuantile(low + u * mass)));
    },
    log(u) {
      // 1 is the uniform prior.
      let sum = 1;
      for (const { mean, width, mass } of bumps) {
        sum += Math.exp(-0.5 * ((u - mean) / width) ** 2) / (width * Math.sqrt(2 * Math.PI) * mass);
      }
      return Math.log(sum / (bumps.length + 1));
    },
  };
}

/** The frequencies of the choices 0 … n − 1. Every count begins at 1, so that no choice has probability 0. */
function choiceDensity(choices: number, places: readonly number[]): Density {
  const counts = new Array<number>(choices).fill(1);
  for (const place of places) counts[place]!++;
  const total = choices + places.length;
  return {
    sample(random) {
      const at = random.integer(total);
      let below = 0;
      return counts.findIndex((count) => {
        below += count;
        return at < below;
      });
    },
    log: (choice) => Math.log(counts[choice]! / total),
  };
}
