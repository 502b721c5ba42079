import { TaurecError } from '../errors.ts';
import type { FeedbackEvent } from './feedback-log.ts';

/** An event with its defaults, as a store keeps it. */
export interface FeedbackRow {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly kind: string;
  readonly weight: number;
  readonly id: string | null;
}

/** Characters of an id of a user or item, and of a kind. */
const longestText = 2000;
/** Characters of an event's id: an index of PostgreSQL holds texts of up to 2704 bytes. */
const longestId = 500;
/** Weights become 32-bit floats when they are read. */
const largestWeight = 1e30;

/**
 * Events with their defaults, copied. What is refused here is what training would refuse later, or a database.
 * @throws TaurecError `bad-feedback`, about the first event that is wrong
 */
export function checkEvents(events: readonly FeedbackEvent[]): FeedbackRow[] {
  return events.map(({ user, item, time, kind = 'interaction', weight = 1, id = null }, at) => {
    const insist = (field: keyof FeedbackEvent, got: unknown, expected: string, good: boolean): void => {
      if (!good) throw new TaurecError('bad-feedback', { event: at + 1, count: events.length, field, got, expected });
    };
    const insistText = (field: keyof FeedbackEvent, got: unknown, longest: number) => {
      const expected = `a text of 1 to ${longest} characters that is not blank, without zero bytes and broken characters`;
      insist(field, got, expected, isGoodText(got, longest));
    };
    insistText('user', user, longestText);
    insistText('item', item, longestText);
    insistText('kind', kind, longestText);
    if (id !== null) insistText('id', id, longestId);
    insist('time', time, 'a number: seconds since 1970', Number.isFinite(time));
    const fits = Number.isFinite(weight) && weight > 0 && weight <= largestWeight;
    insist('weight', weight, `a number above 0, at most ${largestWeight}`, fits);
    return { user, item, time, kind, weight, id };
  });
}

function isGoodText(text: unknown, longest: number): boolean {
  if (typeof text !== 'string' || text.length > longest || text.trim() === '') return false;
  // U+FFFD stands where bytes were no UTF-8: nobody means it.
  return !/[\0\uFFFD\p{Surrogate}]/u.test(text);
}
