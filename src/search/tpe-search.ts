import { type Random, randomStream } from '../array/random.ts';
import { type Axis, axisOf } from './dimension.ts';
import { choiceDensity, type Density, parzenDensity } from './parzen.ts';
import { firstPoint, randomPoint } from './random-search.ts';
import type { Observation, Search } from './search.ts';
import type { Point } from './space.ts';

/** Trials that are drawn at random before the search looks at results. */
const STARTUP = 8;
/** γ: the part of the observations that counts as good. */
const GOOD = 0.2;
/** Good observations at most, so that a long search keeps narrowing. */
const MOST_GOOD = 25;
/** Values of a dimension that are drawn from the good density and compared. */
const CANDIDATES = 24;

/**
 * Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), each dimension on its own: of the observations, ordered by value, the best γ are good, the others bad; l and g are Parzen estimators
 * of where the good and the bad lie; of some values drawn from l the one with the largest l/g is taken, which is the one with the largest expected improvement.
 * Trials that still run count as bad (a constant liar): several at a time then look in different places.
 */
export const tpeSearch: Search = {
  name: 'tpe',
  propose(space, number, seen, seed): Point {
    if (number === 0) return firstPoint(space, seed);
    if (number < STARTUP) return randomPoint(space, number, seed);
    const random = randomStream(seed, 'tune-tpe', number);
    const { good, bad } = divided(seen);
    return Object.fromEntries(
      Object.entries(space).map(([path, dimension]) => {
        const axis = axisOf(dimension);
        const places = (group: readonly Observation[]) => group.map(({ point }) => axis.place(point[path]));
        return [path, axis.value(bestOf(densityOf(axis, places(good)), densityOf(axis, places(bad)), random))];
      }),
    );
  },
};

/** The best γ of what has a value, and all the rest. Of equal values the earlier is better. */
function divided(seen: readonly Observation[]) {
  const valued = seen.filter(({ value }) => value !== undefined && value !== -Infinity);
  const ordered = [...valued].sort((a, b) => b.value! - a.value!);
  const good = new Set(ordered.slice(0, Math.min(MOST_GOOD, Math.ceil(GOOD * ordered.length))));
  return { good: [...good], bad: seen.filter((observation) => !good.has(observation)) };
}

function densityOf({ choices }: Axis, places: readonly number[]): Density {
  return choices === undefined ? parzenDensity(places) : choiceDensity(choices, places);
}

function bestOf(good: Density, bad: Density, random: Random): number {
  let best = 0;
  let most = -Infinity;
  for (let k = 0; k < CANDIDATES; k++) {
    const u = good.sample(random);
    const ratio = good.log(u) - bad.log(u);
    if (ratio > most) [best, most] = [u, ratio];
  }
  return best;
}
