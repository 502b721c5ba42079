/** A number to choose, and the lattice it is first looked for on: start · factor^k, or start + k · step, for whole k, within least … most. */
export interface Coordinate {
  readonly name: string;
  readonly start: number;
  readonly stride: { readonly factor: number } | { readonly step: number };
  readonly least: number;
  readonly most: number;
}

/** Options and their numbers, by name. */
export type Point = Readonly<Record<string, number>>;

/**
 * Maximises a function of one or more numbers that has one summit and costs much to evaluate. From the start it walks along one coordinate after the
 * other, a stride at a time and uphill only, until both neighbours along every coordinate are lower, or `most` points have been looked at. Then it
 * goes between the lattice points: along each coordinate to the summit of the parabola through the best point and its two neighbours.
 * Compass search (Kolda, Lewis & Torczon, SIAM Review 2003, section 1.1) without shrinking: the parabola stands for the smaller strides.
 */
export async function latticeSearch(
  coordinates: readonly Coordinate[],
  evaluate: (point: Point) => Promise<number>,
  most: number,
): Promise<Point> {
  const known = new Map<string, number>();
  const pointAt = (offsets: readonly number[]): Point =>
    Object.fromEntries(coordinates.map((c, i) => [c.name, along(c, offsets[i]!)]));
  const inside = (offsets: readonly number[]) =>
    coordinates.every((c, i) => along(c, offsets[i]!) >= c.least && along(c, offsets[i]!) <= c.most);
  /** −∞ beyond the bounds; undefined when no evaluation is left. */
  const valueAt = async (offsets: readonly number[]): Promise<number | undefined> => {
    const key = offsets.join();
    if (!known.has(key)) {
      if (!inside(offsets)) known.set(key, -Infinity);
      else if (evaluated() >= most) return undefined;
      else known.set(key, await evaluate(pointAt(offsets)));
    }
    return known.get(key)!;
  };
  const evaluated = () => [...known.values()].filter((value) => value !== -Infinity).length;
  const shifted = (offsets: readonly number[], i: number, by: number) => offsets.map((k, j) => (j === i ? k + by : k));

  let best = coordinates.map(() => 0);
  let value = (await valueAt(best))!;
  for (let unmoved = 0, i = 0; unmoved < coordinates.length; i = (i + 1) % coordinates.length) {
    let moved = false;
    for (const by of [1, -1]) {
      for (;;) {
        const next = shifted(best, i, by);
        const there = await valueAt(next);
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
}

/** The coordinate's value `offset` strides from its start, to three significant digits. */
function along({ start, stride }: Coordinate, offset: number): number {
  const exact = 'factor' in stride ? start * stride.factor ** offset : start + offset * stride.step;
  return Number(exact.toPrecision(3));
}

/** Where the parabola through (−1, below), (0, middle), (1, above) is highest, given that the middle is; 0 where a neighbour is unknown. */
function vertex(below: number, middle: number, above: number): number {
  const curvature = 2 * middle - below - above;
  return Number.isFinite(curvature) && curvature > 0 ? (above - below) / (2 * curvature) : 0;
}
