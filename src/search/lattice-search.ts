import { type Search, type Walk, walkSearch } from './search.ts';

/** A number to choose and its lattice: start · factor^k, or start + k · step, for whole k, within least … most. */
export interface Coordinate {
  readonly name: string;
  readonly start: number;
  readonly stride: { readonly factor: number } | { readonly step: number };
  readonly least: number;
  readonly most: number;
}

/** A point of the lattice: numbers by the name of their coordinate. */
export type LatticePoint = Readonly<Record<string, number>>;

/**
 * Maximises an expensive function of one or more numbers with a single maximum. Starting at `start`, the search moves along one coordinate after the
 * other, one stride at a time and only uphill, until no neighbour along any coordinate is higher, or `most` points have been evaluated. The choice lies
 * between lattice points: in each coordinate, it is the vertex of the parabola through the best point and its two neighbours.
 * This is compass search (Kolda, Lewis & Torczon, SIAM Review 2003, section 1.1) without shrinking: the parabola replaces smaller strides.
 */
export function latticeSearch(coordinates: readonly Coordinate[], most: number): Search<LatticePoint> {
  // Offsets are whole numbers of strides from the start, one per coordinate.
  const pointAt = (offsets: readonly number[]): LatticePoint =>
    Object.fromEntries(coordinates.map((c, i) => [c.name, along(c, offsets[i]!)]));
  const inside = (offsets: readonly number[]) =>
    coordinates.every((c, i) => along(c, offsets[i]!) >= c.least && along(c, offsets[i]!) <= c.most);
  const shifted = (offsets: readonly number[], i: number, by: number) => offsets.map((k, j) => (j === i ? k + by : k));

  return walkSearch(function* () {
    /** Values by offsets; -Infinity for points outside the bounds, which are never evaluated. */
    const known = new Map<string, number>();
    const evaluated = () => [...known.values()].filter((value) => value !== -Infinity).length;
    /** The value at the offsets; undefined if it is unknown and `most` points have been evaluated. */
    const valueAt = function* (offsets: readonly number[]): Walk<LatticePoint, number | undefined> {
      const key = offsets.join();
      if (!known.has(key)) {
        if (!inside(offsets)) known.set(key, -Infinity);
        else if (evaluated() >= most) return undefined;
        else known.set(key, (yield [pointAt(offsets)])[0]!);
      }
      return known.get(key)!;
    };

    let best = coordinates.map(() => 0);
    let value = (yield* valueAt(best))!;
    // Stop after a full round of coordinates without a move. `unmoved` counts the coordinates since the last move.
    for (let unmoved = 0, i = 0; unmoved < coordinates.length; i = (i + 1) % coordinates.length) {
      let moved = false;
      for (const by of [1, -1]) {
        for (;;) {
          const next = shifted(best, i, by);
          const there = yield* valueAt(next);
          if (there === undefined || there <= value) break;
          best = next;
          value = there;
          moved = true;
        }
      }
      // After a move along coordinate i both its neighbours are known to be no higher, so i itself counts as unmoved.
      unmoved = moved ? 1 : unmoved + 1;
    }
    const summit = coordinates.map((_, i) => {
      const [below, above] = [-1, 1].map((by) => known.get(shifted(best, i, by).join()) ?? -Infinity);
      return best[i]! + vertex(below!, value, above!);
    });
    return pointAt(summit);
  });
}

/** The value `offset` strides from the start of a coordinate, rounded to three significant digits, so that a command can name it. */
function along({ start, stride }: Coordinate, offset: number): number {
  const exact = 'factor' in stride ? start * stride.factor ** offset : start + offset * stride.step;
  return Number(exact.toPrecision(3));
}

/** The vertex of the parabola through (−1, below), (0, middle), (1, above), with the middle highest; 0 if a neighbour is unknown or outside the bounds. */
function vertex(below: number, middle: number, above: number): number {
  const curvature = 2 * middle - below - above;
  return Number.isFinite(curvature) && curvature > 0 ? (above - below) / (2 * curvature) : 0;
}

/**
 * Maximises a cheap function of a whole number in -most … most. It begins at the best of `starts` (the first one of equals) and climbs with each of `strides` in
 * turn, first up, then down; order them from the longest to the shortest.
 */
export function climbSearch(starts: readonly number[], strides: readonly number[], most: number): Search<number> {
  return walkSearch(function* () {
    const values = yield starts;
    let at = values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
    let value = values[at]!;
    // Until here `at` is an index into `starts`, from here on the number itself.
    at = starts[at]!;
    for (const by of strides.flatMap((stride) => [stride, -stride])) {
      while (Math.abs(at + by) <= most) {
        const [next] = yield [at + by];
        if (!(next! > value)) break;
        at += by;
        value = next!;
      }
    }
    return at;
  });
}
