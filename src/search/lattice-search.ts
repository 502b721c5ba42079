import { type Search, type Walk, walkSearch } from './search.ts';

/** A number to choose, and the lattice of the first search for it: start · factor^k, or start + k · step, for whole k, within least … most. */
export interface Coordinate {
  readonly name: string;
  readonly start: number;
  readonly stride: { readonly factor: number } | { readonly step: number };
  readonly least: number;
  readonly most: number;
}

/** Options and their numbers, by name. */
export type LatticePoint = Readonly<Record<string, number>>;

/**
 * Maximises a function of one or more numbers that has one summit and is expensive to evaluate. From the start it walks along one coordinate after the
 * other, a stride at a time and uphill only, until both neighbours along every coordinate are lower, or `most` points have been evaluated. The choice lies
 * between lattice points: along each coordinate at the summit of the parabola through the best point and its two neighbours.
 * Compass search (Kolda, Lewis & Torczon, SIAM Review 2003, section 1.1) without shrinking: the parabola replaces the smaller strides.
 */
export function latticeSearch(coordinates: readonly Coordinate[], most: number): Search<LatticePoint> {
  const pointAt = (offsets: readonly number[]): LatticePoint =>
    Object.fromEntries(coordinates.map((c, i) => [c.name, along(c, offsets[i]!)]));
  const inside = (offsets: readonly number[]) =>
    coordinates.every((c, i) => along(c, offsets[i]!) >= c.least && along(c, offsets[i]!) <= c.most);
  const shifted = (offsets: readonly number[], i: number, by: number) => offsets.map((k, j) => (j === i ? k + by : k));

  return walkSearch(function* () {
    /** Values by offsets; -Infinity outside the bounds. */
    const known = new Map<string, number>();
    const evaluated = () => [...known.values()].filter((value) => value !== -Infinity).length;
    /** Undefined when no evaluation is left. */
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
      unmoved = moved ? 1 : unmoved + 1;
    }
    const summit = coordinates.map((_, i) => {
      const [below, above] = [-1, 1].map((by) => known.get(shifted(best, i, by).join()) ?? -Infinity);
      return best[i]! + vertex(below!, value, above!);
    });
    return pointAt(summit);
  });
}

/** The coordinate's value `offset` strides from its start, to three significant digits. */
function along({ start, stride }: Coordinate, offset: number): number {
  const exact = 'factor' in stride ? start * stride.factor ** offset : start + offset * stride.step;
  return Number(exact.toPrecision(3));
}

/** The summit of the parabola through (−1, below), (0, middle), (1, above), given that the middle is highest; 0 where a neighbour is unknown. */
function vertex(below: number, middle: number, above: number): number {
  const curvature = 2 * middle - below - above;
  return Number.isFinite(curvature) && curvature > 0 ? (above - below) / (2 * curvature) : 0;
}

/**
 * Maximises a function of a whole number in -most … most that is cheap to evaluate: from the best of `starts` (the first of equal ones) uphill, first in the longest
 * of `strides`, at last in the shortest.
 */
export function climbSearch(starts: readonly number[], strides: readonly number[], most: number): Search<number> {
  return walkSearch(function* () {
    const values = yield starts;
    let at = values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
    let value = values[at]!;
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
