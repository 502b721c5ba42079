import * as z from 'zod';
import { duration, durationText } from '../data/duration.ts';
import { eventShape, eventTable, weightOfKind } from '../data/event-kinds.ts';
import { TaurecError } from '../errors.ts';
import { checkOptions, finite, notNegative, option } from '../option.ts';
import type { FeedbackEvent, FeedbackLog } from './feedback-log.ts';
import { NewestEvents } from './newest-events.ts';

/** The kind of an event that says an item was shown. It never counts: what lists show would trend because lists show it. */
const SHOWN = 'impression';
/** All kinds that no weight names: one kind, so that invented names count once. */
const OTHERS = '*';
/** The most events in memory; of more the older half is forgotten. The table then has 4,194,304 slots, 96 MiB. */
const MOST_EVENTS = 3_000_000;
/** Rankings that are kept for `refresh` seconds. */
const MOST_KEPT = 16;
/** The default window, and the part of a window that is the default half-life. */
const WEEK = 604_800;
const HALF_LIVES = 7;

const trendsShape = {
  /** How long feedback is kept, as a duration (`7d`, `6h`, a number of seconds): lists may ask for shorter windows. Default 7d. */
  window: duration.default(WEEK),
  /** Kinds that count, each with its weight: an object, or `view=0.2,purchase=1`. `*` stands for the kinds not named, which count as one kind, but for usual names (view, click, purchase); without it they do not count. Default: all kinds count 1. Impressions never count. */
  eventWeights: eventShape.eventWeights,
  /** Seconds for which a ranking is used again although time goes on and events are added. Default 0: never. */
  refresh: notNegative.default(0),
};
const trendsSchema = z.object(trendsShape);

/** Options of `Trends`. */
export type TrendsOptions = Readonly<z.input<typeof trendsSchema>>;

/** What a trend needs of an event. */
export type TrendEvent = Pick<FeedbackEvent, 'user' | 'item' | 'time' | 'kind'>;

/** The declarations of how a ranking of trends counts. */
export const trendShape = {
  /** Events younger than this count: a duration (`6h`, `7d`, a number of seconds), at most the window of the `Trends`, which is the default. */
  window: option(duration.optional(), {
    flag: '--window <duration>',
    help: 'trending: how far back feedback counts, such as 6h (default: 7d)',
  }),
  /** Age at which an event counts half. Default: a seventh of the window. */
  halfLife: option(duration.optional(), {
    flag: '--half-life <duration>',
    help: 'trending: age at which feedback counts half (default: a seventh of the window)',
  }),
  /** The time that ages are counted to, in seconds since 1970: not before the events. Default: the clock. */
  now: finite.optional(),
};
const trendSchema = z.object(trendShape);

/** How a ranking of trends counts. */
export type TrendSettings = Readonly<z.input<typeof trendSchema>>;
/** The same with defaults, in seconds. */
type CompleteSettings = Required<Readonly<z.output<typeof trendSchema>>>;

/** An item that people act on. */
export interface Trend {
  readonly item: string;
  readonly score: number;
}

/**
 * What people act on now. The score of an item is Σ weight(kind) · 2^(−age / halfLife) over the events of the window; of a person with an item only the newest event of each kind counts, so that repeats and bots change
 * little. All kinds that the weights do not name are one kind. Events are kept in memory, some 50 bytes each, 3 million at most (of more the older half is forgotten); people as hashes.
 */
export class Trends {
  /** Seconds for which events are kept. */
  readonly window: number;
  readonly #refresh: number;
  /** Number and weight of each kind that counts. */
  readonly #kinds: ReadonlyMap<string, number>;
  readonly #weights: readonly number[];
  readonly #newest: NewestEvents;
  readonly #items = new Map<string, number>();
  readonly #ids: string[] = [];
  /** A salt: nobody outside can choose people whose hashes collide. */
  readonly #salt = Math.floor(Math.random() * 2 ** 32);
  readonly #kept = new Map<string, { readonly at: number; readonly ranked: readonly Trend[] }>();

  /** @throws TaurecError `bad-option` */
  constructor(options: TrendsOptions = {}) {
    const { window, eventWeights, refresh } = checkOptions(trendsSchema, options);
    const table = eventTable({ eventWeights });
    this.window = window;
    this.#refresh = refresh;
    const names = [...new Set([...(table?.keys() ?? []), OTHERS])].filter((name) => name !== SHOWN);
    this.#kinds = new Map(names.map((name, at) => [name, at]));
    this.#weights = names.map((name) => weightOfKind(name, table));
    this.#newest = new NewestEvents(window, MOST_EVENTS);
  }

  /**
   * The trends of a feedback log as of `now` (default: the clock): reads the events of the window, by the index of the log by time if it has one. Later events are left out.
   * @throws TaurecError `bad-option`, and the errors of the log
   */
  static async read(log: FeedbackLog, options: TrendsOptions & Pick<TrendSettings, 'now'> = {}): Promise<Trends> {
    const { now = clock(), ...rest } = options;
    const trends = new Trends(rest);
    for await (const events of log.since?.(now - trends.window) ?? log.read()) {
      trends.add(
        events.filter(({ time }) => time <= now),
        now,
      );
    }
    return trends;
  }

  /** Takes events in, in any order; twice is as once. An event that is dated later than `now` (default: the clock) counts as of now. */
  add(events: Iterable<TrendEvent>, now = clock()): void {
    for (const { user, item, time, kind = 'interaction' } of events) {
      const number = kind === SHOWN ? undefined : (this.#kinds.get(kind) ?? this.#kinds.get(OTHERS)!);
      if (number === undefined || this.#weights[number] === 0 || !(time > now - this.window)) continue;
      const key = { ...this.#hashOf(user), item: this.#numberOf(item), kind: number };
      this.#newest.put(key, Math.min(time, now), now);
    }
  }

  /** Removes all events of a person. */
  forget(user: string): void {
    const { low, high } = this.#hashOf(user);
    this.#newest.forget(low, high);
    this.#kept.clear();
  }

  /** All items with a score above 0, best first; ties to the id that comes first as text. @throws TaurecError `bad-option` for a window longer than that of the trends */
  ranked(settings: TrendSettings = {}): readonly Trend[] {
    const steps = this.rankedInSteps(settings);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** As `ranked`, for a server: yields between steps. */
  *rankedInSteps(settings: TrendSettings = {}): Generator<void, readonly Trend[]> {
    const complete = this.#complete(settings);
    const known = this.#keptFor(complete);
    if (known) return known;
    const sums = new Float64Array(this.#ids.length);
    yield* this.#newest.addInSteps(sums, this.#weights, complete);
    // As 32-bit floats: sums of the same events in another order are then equal.
    const scores = Float32Array.from(sums);
    const ids = this.#ids;
    const order = Array.from(scores.keys()).filter((item) => scores[item]! > 0);
    order.sort((a, b) => scores[b]! - scores[a]! || (ids[a]! < ids[b]! ? -1 : 1));
    const ranked = order.map((item) => ({ item: ids[item]!, score: scores[item]! }));
    if (this.#refresh > 0) {
      this.#kept.set(keyOf(complete), { at: complete.now, ranked });
      if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    }
    return ranked;
  }

  /** True when a ranking with these settings is kept, and costs nothing. */
  isFresh(settings: TrendSettings = {}): boolean {
    return this.#keptFor(this.#complete(settings)) !== undefined;
  }

  #keptFor(settings: CompleteSettings): readonly Trend[] | undefined {
    const kept = this.#kept.get(keyOf(settings));
    return kept && Math.abs(settings.now - kept.at) < this.#refresh ? kept.ranked : undefined;
  }

  #complete(settings: TrendSettings): CompleteSettings {
    const { window = this.window, halfLife, now = clock() } = checkOptions(trendSchema, settings);
    if (window > this.window) {
      const expected = `at most ${durationText(this.window)}, for which feedback is kept`;
      throw new TaurecError('bad-option', { option: 'window', got: durationText(window), expected });
    }
    return { window, halfLife: halfLife ?? window / HALF_LIVES, now };
  }

  #numberOf(item: string): number {
    let number = this.#items.get(item);
    if (number === undefined) {
      number = this.#ids.push(item) - 1;
      this.#items.set(item, number);
    }
    return number;
  }

  /** 64 bits of a text: two multiplicative hashes, mixed at the end. */
  #hashOf(text: string): { readonly low: number; readonly high: number } {
    let low = 0xdeadbeef ^ this.#salt;
    let high = 0x41c6ce57 ^ this.#salt;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x9e3779b1);
      high = Math.imul(high ^ code, 0x5f356495);
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    return { low: low >>> 0, high: high >>> 0 };
  }
}

function keyOf({ window, halfLife }: CompleteSettings): string {
  return `${window} ${halfLife}`;
}

/** The time in seconds since 1970. */
function clock(): number {
  return Date.now() / 1000;
}
