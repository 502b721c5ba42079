/** The least, the mean and the largest of some numbers. */
export interface Range {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** The range of at least one number. */
export function rangeOf(values: Float32Array | Float64Array): Range {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, mean: sum / values.length, max };
}
