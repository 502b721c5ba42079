import { normalCdf, normalQuantile } from '../array/distributions.ts';
import { type Random, randomStream } from '../array/random.ts';
import { bestOf, type Observation, type Search, walkSearch } from './search.ts';
import { drawValue, type Space, type SpacePoint, startOf, type UnitScale, unitScaleOf } from './space.ts';

/** A search of a space. Space and seed decide its proposals. */
export type SpaceSearch = (space: Space, seed: number) => Search<SpacePoint>;

/** Draws every point independently, each dimension on its own scale. The first point takes the `start` of each dimension that has one. */
const randomSearch: SpaceSearch = (space, seed) => ({
  propose: ({ length }) => [length === 0 ? firstPoint(space, seed) : randomPoint(space, length, seed)],
  choose: choiceOf,
});

/** Every combination of the dimensions' grid values once; the last dimension changes fastest. */
const gridSearch: SpaceSearch = (space) => {
  const grids = Object.entries(space).map(([path, dimension]) => [path, unitScaleOf(dimension).grid()] as const);
  const size = grids.reduce((product, [, values]) => product * values.length, 1);
  return {
    size,
    propose({ length }) {
      if (length >= size) return [];
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

/** Points that TPE draws at random before it looks at results. */
const STARTUP = 8;
/** γ: the part of the observations that counts as good. */
const GOOD = 0.2;
/** Good observations at most, so that a long search keeps narrowing. */
const MOST_GOOD = 25;
/** Values of a dimension that are drawn from the good density and compared. */
const CANDIDATES = 24;

/**
 * Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), independently for each dimension. The fraction γ of observations with the largest values is good, the others are bad; l and g are Parzen
 * estimates of the densities of good and bad. Of 24 values drawn from l, the search takes the one with the largest l/g, which has the largest expected improvement.
 * Points that are being evaluated count as bad (a constant liar), so parallel trials look in different places.
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

/** Every search of a space by name; the only list. */
export const searches = { tpe: tpeSearch, random: randomSearch, grid: gridSearch } satisfies Record<
  string,
  SpaceSearch
>;

export type SearchName = keyof typeof searches;

export const searchNames = Object.keys(searches) as [SearchName, ...SearchName[]];

/** How often a coordinate search goes through all dimensions at most. */
const ROUNDS = 3;

/**
 * Goes through the dimensions in their order and takes the best grid value of each, the others at their last choice, until a round changes nothing. `start` is the
 * choice while no point has a value.
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

function choiceOf(seen: readonly Observation<SpacePoint>[]): SpacePoint | undefined {
  return bestOf(seen)?.point;
}

/** The random point of a trial: it depends on the seed and the number alone. */
export function randomPoint(space: Space, number: number, seed: number): SpacePoint {
  const random = randomStream(seed, 'tune-random', number);
  return Object.fromEntries(Object.entries(space).map(([path, dimension]) => [path, drawValue(dimension, random)]));
}

function firstPoint(space: Space, seed: number): SpacePoint {
  const drawn = randomPoint(space, 0, seed);
  return Object.fromEntries(
    Object.entries(space).map(([path, dimension]) => [path, startOf(dimension) ?? drawn[path]]),
  );
}

/** The best γ of the observations with a value, and all the rest. Of equal values the earlier is better. */
function divided(seen: readonly Observation<SpacePoint>[]) {
  const valued = seen.filter(({ value }) => value !== undefined && value !== -Infinity);
  const ordered = [...valued].sort((a, b) => b.value! - a.value!);
  const good = new Set(ordered.slice(0, Math.min(MOST_GOOD, Math.ceil(GOOD * ordered.length))));
  return { good: [...good], bad: seen.filter((observation) => !good.has(observation)) };
}

/** Of some places drawn from the good density the one with the largest ratio of good to bad. */
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

/** A density on a dimension, estimated from the places of observations. */
interface Density {
  sample(random: Random): number;
  /** Its logarithm at a place. */
  log(u: number): number;
}

function densityOf({ choices }: UnitScale, places: readonly number[]): Density {
  return choices === undefined ? parzenDensity(places) : choiceDensity(choices, places);
}

/**
 * A Parzen estimator on [0, 1]: the mean of a uniform density, the prior, and a Gaussian around each place, cut off at the ends. A Gaussian is as wide as the farther of its two neighbours (the
 * ends are neighbours too), at least 1/min(100, n + 1) for n places.
 */
function parzenDensity(places: readonly number[]): Density {
  const sorted = [...places].sort((a, b) => a - b);
  const least = 1 / Math.min(100, sorted.length + 1);
  const bumps = sorted.map((mean, i) => {
    const wide = Math.max(mean - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - mean);
    const width = Math.min(1, Math.max(least, wide));
    const [low, high] = [normalCdf(-mean / width), normalCdf((1 - mean) / width)];
    return { mean, width, low, mass: high - low };
  });
  return {
    sample(random) {
      const at = random.integer(bumps.length + 1);
      const u = random.real();
      if (at === bumps.length) return u;
      const { mean, width, low, mass } = bumps[at]!;
      return Math.min(1, Math.max(0, mean + width * normalQuantile(low + u * mass)));
    },
    log(u) {
      let sum = 1;
      for (const { mean, width, mass } of bumps) {
        sum += Math.exp(-0.5 * ((u - mean) / width) ** 2) / (width * Math.sqrt(2 * Math.PI) * mass);
      }
      return Math.log(sum / (bumps.length + 1));
    },
  };
}

/** The frequencies of choices 0 … n − 1, each counted once more than it was seen. */
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
