// Spans of time as texts: 90s, 15m, 12h, 30d, 2w.

import * as z from 'zod';

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const form = /^(\d+(?:\.\d+)?)([smhdw])$/;

/** What a span is, for errors. */
export const durationExpected = 'a number of seconds above 0, or a text such as 90s, 15m, 12h, 30d or 2w';

/** A span of time: a number of seconds above 0, or a text such as `12h`. */
export const duration = z.union(
  [
    z.number({ error: durationExpected }).gt(0, { error: durationExpected }),
    z.string({ error: durationExpected }).refine((text) => secondsOf(text) > 0, { error: durationExpected }),
  ],
  { error: durationExpected },
);

/** The seconds of a span; NaN for another text. */
export function secondsOf(span: number | string): number {
  if (typeof span === 'number') return span;
  const [, amount, unit] = form.exec(span.trim()) ?? [];
  return unit === undefined ? Number.NaN : Number(amount) * units[unit as keyof typeof units];
}
