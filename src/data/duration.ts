import * as z from 'zod';

/** Seconds by unit. */
const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const error = 'a duration above 0, such as 30m, 6h, 7d or 2w, or a number of seconds';

/** The schema of a duration in seconds: a number of seconds, or a text with a unit (s, m, h, d, w), such as `6h`. */
export const duration = z.union([z.string(), z.number()], { error }).transform((given, context): number => {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw]?)$/.exec(String(given).trim()) ?? [];
  const seconds = typeof given === 'number' ? given : Number(number || Number.NaN) * units[unit]!;
  if (seconds > 0 && seconds < Infinity) return seconds;
  context.addIssue({ code: 'custom', message: error });
  return z.NEVER;
});

/** A duration as people write it: in the largest unit that divides it. */
export function durationText(seconds: number): string {
  const [unit = 's', length = 1] =
    Object.entries(units)
      .reverse()
      .find(([name, length]) => name !== '' && name !== 'w' && seconds % length === 0) ?? [];
  return `${seconds / length}${unit}`;
}
