import type { FeedbackPage, RouteRequests, ServedRequests } from '../../operations.ts';

/** Rates between two measurements. */
export interface RequestRates {
  /** Per second. */
  readonly requests: number;
  readonly lists: number;
  /** Share of one processor. */
  readonly processor: number;
  /** Requests that failed by the server's fault. */
  readonly faults: number;
}

/** The rates between two measurements of one server; undefined where it was started anew in between, or no time went by. */
export function ratesBetween(before: ServedRequests, now: ServedRequests): RequestRates | undefined {
  const seconds = now.at - before.at;
  if (seconds <= 0 || now.requests < before.requests || now.processor < before.processor) return undefined;
  return {
    requests: (now.requests - before.requests) / seconds,
    lists: (now.lists - before.lists) / seconds,
    processor: (now.processor - before.processor) / seconds,
    faults: now.faults - before.faults,
  };
}

/** The upper end of a histogram's bar as words: `≤ 25 ms`. JSON has no Infinity, so what is beyond the last bar may come as null. */
export function atMostText(milliseconds: RouteRequests['p50'] | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '> 10 s';
  return milliseconds < 1000 ? `≤ ${milliseconds} ms` : `≤ ${milliseconds / 1000} s`;
}

/** The most events that the page keeps in sight. */
const MOST = 200;

/** The events in sight with those of a new page: newest first. */
export function withPage(shown: FeedbackPage | undefined, page: FeedbackPage): FeedbackPage {
  const known = shown?.events ?? [];
  return { events: [...[...page.events].reverse(), ...known].slice(0, MOST), last: page.last };
}
