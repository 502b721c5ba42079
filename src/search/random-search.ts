import { randomStream } from '../array/random.ts';
import { drawValue, startOf } from './dimension.ts';
import type { Search } from './search.ts';
import type { Point, Space } from './space.ts';

/** Every value drawn anew, each dimension on its own scale. The first trial takes the dimensions' `start` where they have one. */
export const randomSearch: Search = {
  name: 'random',
  propose: (space, number, _seen, seed) => (number === 0 ? firstPoint(space, seed) : randomPoint(space, number, seed)),
};

/** The random point of a trial: it depends on the seed and the number alone. */
export function randomPoint(space: Space, number: number, seed: number): Point {
  const random = randomStream(seed, 'tune-random', number);
  return Object.fromEntries(Object.entries(space).map(([path, dimension]) => [path, drawValue(dimension, random)]));
}

export function firstPoint(space: Space, seed: number): Point {
  const drawn = randomPoint(space, 0, seed);
  return Object.fromEntries(
    Object.entries(space).map(([path, dimension]) => [path, startOf(dimension) ?? drawn[path]]),
  );
}
