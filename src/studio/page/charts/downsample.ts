/** A point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most `most` points of a curve, x ascending: the ends, and of each stretch in between its lowest and highest point, so that no peak is lost. Points whose y is not finite are left out.
 * `most` ≥ 4.
 */
export function downsample(points: readonly Point[], most: number): readonly Point[] {
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (finite.length <= most) return finite;
  const inner = finite.length - 2;
  const stretches = Math.floor((most - 2) / 2);
  const kept: Point[] = [finite[0]!];
  for (let s = 0; s < stretches; s++) {
    const from = 1 + Math.floor((s * inner) / stretches);
    const to = 1 + Math.floor(((s + 1) * inner) / stretches);
    let [low, high] = [from, from];
    for (let i = from; i < to; i++) {
      if (finite[i]!.y < finite[low]!.y) low = i;
      if (finite[i]!.y > finite[high]!.y) high = i;
    }
    for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) kept.push(finite[i]!);
  }
  kept.push(finite.at(-1)!);
  return kept;
}
