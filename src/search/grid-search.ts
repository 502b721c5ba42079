import { axisOf } from './dimension.ts';
import type { Search } from './search.ts';
import type { Point } from './space.ts';

/** Every combination of the dimensions' grid values once; the last dimension changes fastest. */
export const gridSearch: Search = {
  name: 'grid',
  size: (space) => Object.values(space).reduce((size, dimension) => size * axisOf(dimension).grid().length, 1),
  propose(space, number): Point {
    let rest = number;
    const point: Record<string, unknown> = {};
    for (const [path, dimension] of Object.entries(space).reverse()) {
      const values = axisOf(dimension).grid();
      point[path] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    return Object.fromEntries(Object.keys(space).map((path) => [path, point[path]]));
  },
};
