/** A map from values to pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** A straight scale over values, with about `wanted` round ticks within it. Equal ends are spread, so that one value has a place. */
export function linearScale(ends: readonly [number, number], pixels: readonly [number, number], wanted = 5): Scale {
  const [low, high] = ends[0] === ends[1] ? [ends[0] - 0.5, ends[1] + 0.5] : ends;
  const at = (value: number) => pixels[0] + ((value - low) / (high - low)) * (pixels[1] - pixels[0]);
  return { from: low, to: high, at, ticks: roundTicks(low, high, wanted) };
}

/** A logarithmic scale over values above 0, with ticks at powers of 10, or at 1, 2 and 5 times them where there is little to see. */
export function logScale(ends: readonly [number, number], pixels: readonly [number, number]): Scale {
  const [low, high] = ends[0] === ends[1] ? [ends[0] / 2, ends[1] * 2] : ends;
  const [a, b] = [Math.log(low), Math.log(high)];
  const at = (value: number) => pixels[0] + ((Math.log(Math.max(value, low)) - a) / (b - a)) * (pixels[1] - pixels[0]);
  const factors = b - a > 3 * Math.LN10 ? [1] : b - a > Math.LN10 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  // Within a fraction of a power of 10 there may be hardly any: then round numbers do.
  const few = ticks.length < 3 ? roundTicks(low, high, 4).filter((tick) => tick > 0) : ticks;
  return { from: low, to: high, at, ticks: few };
}

/** Multiples of 1, 2 or 5 times a power of 10 within [low, high], about `wanted` of them. */
export function roundTicks(low: number, high: number, wanted: number): readonly number[] {
  const raw = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // toPrecision removes the dust of multiplication: .30000000000000004
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A scale of the positions of bars, with as many ticks as fit. */
export function positionScale(bars: number, [left, right]: readonly [number, number]): Scale {
  const at = (position: number) => left + (position / Math.max(1, bars)) * (right - left);
  const every = Math.ceil((bars + 1) / Math.max(2, (right - left) / 56));
  const ticks = Array.from({ length: bars + 1 }, (_, position) => position).filter(
    (position) => position % every === 0,
  );
  return { from: 0, to: bars, at, ticks };
}
