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
 * Numbers events and keeps them for listeners that come later. Numbers ascend by 1, and a listener gets every event from the moment it listens. Of the past, a run has only its newest map, list, progress and state, since
 * each replaces those before; of all others, such as epochs, which the history of the run has too, the newest stay, `KEPT` events in all. What comes late may therefore have gaps in its numbers.
 */
export class EventLog {
  /** Kept events by number, ascending. */
  readonly #events = new Map<number, SessionEvent>();
  /** The number of the newest event of each kind that replaces those before it. */
  readonly #newest = new Map<string, number>();
  #next = 1;
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  /** Events so far. */
  get last(): number {
    return this.#next - 1;
  }

  add(event: NewEvent): void {
    const numbered = { number: this.#next++, ...event } as SessionEvent;
    this.#keep(numbered);
    for (const listener of [...this.#listeners]) tell(listener, numbered);
  }

  /** Calls a listener with the events after number `after` that are kept, then with every new one, until the returned function is called. */
  watch(listener: (event: SessionEvent) => void, after = this.last): () => void {
    // An own function for each call: one listener may listen twice.
    const own = (event: SessionEvent) => listener(event);
    if (after < this.last) for (const event of [...this.#events.values()]) if (event.number > after) tell(own, event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Forgets the events of a run, and says that it is gone. */
  forget(run: string): void {
    for (const event of [...this.#events.values()]) if (event.run === run) this.#drop(event);
    this.add({ type: 'gone', run });
  }

  #keep(event: SessionEvent): void {
    const kind = replacedKind(event);
    if (kind !== undefined) {
      const last = this.#newest.get(kind);
      if (last !== undefined) this.#events.delete(last);
      this.#newest.set(kind, event.number);
    }
    this.#events.set(event.number, event);
    if (this.#events.size > KEPT) this.#thin();
  }

  #drop(event: SessionEvent): void {
    this.#events.delete(event.number);
    const kind = replacedKind(event);
    if (kind !== undefined) this.#newest.delete(kind);
  }

  /** Leaves at most four fifths of `KEPT` events: the oldest go, those of trainings and of runs that are gone first. */
  #thin(): void {
    const most = 0.8 * KEPT;
    const old = [...this.#events.values()];
    const plain = (event: SessionEvent) => replacedKind(event) === undefined;
    for (const event of [...old.filter(plain), ...old.filter((one) => !plain(one))]) {
      if (this.#events.size <= most) return;
      this.#drop(event);
    }
  }
}

/** What an event shows, where the next one that shows it replaces it. */
function replacedKind({ run, ...event }: SessionEvent): string | undefined {
  if (event.type === 'gone') return undefined;
  if (event.type !== 'train') return `${run} ${event.type}`;
  return event.event.type === 'progress' ? `${run} progress` : undefined;
}

/** A listener that throws must stop neither the training that caused the event nor the thread that it runs in: the error only goes to the console. */
function tell(listener: (event: SessionEvent) => void, event: SessionEvent): void {
  try {
    listener(event);
  } catch (error) {
    console.error(error);
  }
}
