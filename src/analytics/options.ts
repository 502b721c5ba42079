// The options of the analytics, declared once for the library, the command line and the server.

import * as z from 'zod';
import { duration } from '../data/duration.ts';
import { feedbackEvents } from '../data/event-kinds.ts';
import { type DeclaredOption, declaredOptions, oneOf, option, whole } from '../option.ts';

/** What the impressions are grouped by. */
export const groupings = ['day', 'version', 'variant', 'place', 'position'] as const;
/** One of `groupings`. */
export type Grouping = (typeof groupings)[number];

/** A date, which is in UTC without an offset. */
const inUtc = (text: string) => (/T[^Z+-]*$/i.test(text) ? `${text}Z` : text);

const momentExpected = 'a time: seconds since 1970, or a date such as 2026-05-31 or 2026-05-31T12:00:00Z (UTC)';
/** A moment: seconds since 1970 UTC (not milliseconds), or a date. */
const moment = z.union(
  [
    z.number({ error: momentExpected }).min(0, { error: momentExpected }).max(1e11, { error: momentExpected }),
    z
      .string({ error: momentExpected })
      .refine((text) => /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(inUtc(text))), {
        error: momentExpected,
      }),
  ],
  { error: momentExpected },
);

/** The seconds of a moment. */
export const momentSeconds = (at: number | string): number =>
  typeof at === 'number' ? at : Date.parse(inUtc(at)) / 1000;

/** Seconds since 1970 as an ISO time. */
export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** The period, and what counts as an impression and an answer. */
export const periodShape = {
  /** First moment: seconds since 1970 UTC, or a date. Default: the first event. */
  from: option(moment.optional(), { flag: '--from <time>', help: 'first day, such as 2026-05-01 (UTC)' }),
  /** Moment before which impressions count. Default: after the last event. */
  to: option(moment.optional(), { flag: '--to <time>', help: 'day before which impressions count' }),
  /** Time after an impression within which a success that names no list answers it: seconds, or a span such as `12h`. Default `7d`. */
  window: option(duration.prefault('7d'), {
    flag: '--window <span>',
    help: 'time within which a success without a list answers an impression, such as 12h (default: 7d)',
  }),
  /** Most impressions of a person on a day, at least 1; later ones are left out. Default 1000. */
  mostImpressions: option(whole(1).default(1000), {
    flag: '--most-impressions <number>',
    help: 'most impressions of a person on a day',
  }),
};

export const groupingShape = {
  /** What the rows are. Default `day`. */
  by: option(oneOf(groupings).default('day'), { flag: '--by <what>', help: 'what the rows are' }),
};

/** The kinds of events. */
export const kindsShape = {
  /** The kinds of events, each with what it counts for, as in `train`. Default: `impression` is an impression, `click` and `purchase` are successes. */
  events: feedbackEvents,
};

/** The sequential test. */
export const testShape = {
  /** 1 − α: probability that the intervals of all looks contain the true difference, in (0, 1). Default .95. */
  level: option(z.number().optional(), {
    flag: '--level <number>',
    help: 'certainty of the intervals (default: 0.95)',
  }),
  /** Number of people, of both sides together, that the test will have; choose it before the first look. Default 10,000. */
  expected: option(z.number().optional(), {
    flag: '--expected <people>',
    help: 'people that the test will have, both sides together (default: 10000)',
  }),
};

/** The replay. */
export const replayShape = {
  /** Length of the lists. Default 10. */
  k: option(whole(1).default(10), { flag: '-k <number>', help: 'length of the lists of --replay' }),
  /** The kind of success that is looked for. Default `click`. */
  kind: option(z.string({ error: 'a kind' }).default('click'), {
    flag: '--kind <name>',
    help: 'kind of success that --replay looks for',
  }),
};

export const period = z.object(periodShape);
const analysis = z.object({ ...periodShape, ...groupingShape });

/** The period, and what counts as an impression and an answer. */
export type PeriodOptions = z.input<typeof period>;
/** Options of `analyze`. */
export type AnalyticsOptions = z.input<typeof analysis>;

/** All options with their flags. */
export const analyticsOptions: readonly DeclaredOption[] = declaredOptions({
  ...groupingShape,
  ...periodShape,
  ...kindsShape,
  ...testShape,
  ...replayShape,
});
