import type { SessionEvent } from '../session.ts';

/** An event without its number. */
export type NewEvent = SessionEvent extends infer E
  ? E extends { readonly number: number }
    ? Omit<E, 'number'>
    : never
  : never;

/** Events that are kept; beyond, a fifth of them is thinned out. */
const KEPT = 5000;

/**
 * Numbers events and keeps them for listeners that come later. Numbers ascend by 1, and a listener gets every event from the moment it listens. Of the past, only `KEPT` events stay: first pictures that later ones of the same run
 * replace go (maps, lists, progress), then the oldest events of trainings, which the history of the run has too. Runs' states stay until later ones replace them.
 */
export class EventLog {
  #events: SessionEvent[] = [];
  #next = 1;
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  /** Events so far. */
  get last(): number {
    return this.#next - 1;
  }

  add(event: NewEvent): void {
    const numbered = { number: this.#next++, ...event } as SessionEvent;
    this.#events.push(numbered);
    if (this.#events.length > KEPT) this.#events = thinned(this.#events);
    for (const listener of [...this.#listeners]) tell(listener, numbered);
  }

  /** Calls a listener with the events after number `after` that are kept, then with every new one, until the returned function is called. */
  watch(listener: (event: SessionEvent) => void, after = this.last): () => void {
    // An own function for each call: one listener may listen twice.
    const own = (event: SessionEvent) => listener(event);
    for (const event of this.#events) if (event.number > after) tell(own, event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Forgets the events of a run. */
  forget(run: string): void {
    this.#events = this.#events.filter((event) => event.run !== run);
  }
}

/** A listener that throws must not stop the training that caused the event: the error is reported as that of any callback. */
function tell(listener: (event: SessionEvent) => void, event: SessionEvent): void {
  try {
    listener(event);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

/** At most four fifths of `KEPT` events, in their order. */
function thinned(events: readonly SessionEvent[]): SessionEvent[] {
  const newest = new Map<string, number>();
  const pictureOf = (event: SessionEvent) =>
    event.type === 'train'
      ? event.event.type === 'progress'
        ? `${event.run} progress`
        : undefined
      : `${event.run} ${event.type}`;
  for (const event of events) {
    const picture = pictureOf(event);
    if (picture !== undefined) newest.set(picture, event.number);
  }
  const kept = events.filter((event) => {
    const picture = pictureOf(event);
    return picture === undefined || newest.get(picture) === event.number;
  });
  let surplus = kept.length - 0.8 * KEPT;
  return kept.filter((event) => event.type !== 'train' || surplus-- <= 0);
}
