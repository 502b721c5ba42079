import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { DataSummary, RunInfo, Session, SessionAbout, SessionEvent } from '../../session.ts';
import { failureOf } from './failure.ts';
import { fragmentOf, type Place, placeOf } from './place.ts';
import { Task } from './task.ts';

/** What all rooms share: the session, the place, the data in use and the runs. */
export class Studio {
  /** True with `?teach`: data are locked to a sample, type is large, and three tasks guide. */
  readonly teach: boolean;
  readonly place: Signal<Place>;
  readonly about: Signal<SessionAbout | undefined> = signal(undefined);
  readonly data: Signal<DataSummary | undefined> = signal(undefined);
  /** All runs, the latest first. */
  readonly runs: Signal<readonly RunInfo[]> = signal([]);
  /** The runs that the address names and that exist. */
  readonly chosen: ReadonlySignal<readonly RunInfo[]> = computed(() =>
    this.place.value.runs.flatMap((id) => this.runs.value.filter((run) => run.id === id)),
  );
  /** The last announcement for screen readers. */
  readonly said: Signal<string> = signal('');
  /** Opening the session. */
  readonly opening = new Task<SessionAbout>();
  readonly #makeSession: () => Promise<Session>;
  #session: Session | undefined;
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  #stop: (() => void) | undefined;

  constructor(makeSession: () => Promise<Session>, address: { readonly hash: string; readonly search: string }) {
    this.#makeSession = makeSession;
    this.teach = new URLSearchParams(address.search).has('teach');
    this.place = signal(placeOf(address.hash));
  }

  /** The session; rooms are drawn once it is there. */
  get session(): Session {
    if (!this.#session) throw new Error('The session is not open yet.');
    return this.#session;
  }

  /** Makes the session, asks for everything the header and the rooms need, and follows the session's events. */
  open(): Promise<SessionAbout | undefined> {
    return this.opening.run(async () => {
      this.#session ??= await this.#makeSession();
      const { session } = this;
      this.#stop?.();
      this.#stop = session.watch((event) => this.#take(event), 0);
      const [about, data, runs] = await Promise.all([session.about(), session.data(), session.runs()]);
      this.about.value = about;
      this.data.value = data;
      this.runs.value = latestFirst(runs);
      return about;
    });
  }

  /** Calls the listener with every event from now on, until the returned function is called. */
  listen(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells screen readers. */
  say(text: string): void {
    this.said.value = text;
  }

  /** Goes to a place by its address, so that Back returns. `replace`: an option changed, and Back should not undo each of them. */
  go(change: Partial<Place>, how: 'visit' | 'replace' = 'visit'): void {
    const next = { ...this.place.peek(), ...change };
    const fragment = fragmentOf(next);
    if (how === 'replace') {
      history.replaceState(null, '', fragment);
      this.place.value = next;
    } else location.hash = fragment;
  }

  /** The fragment that leads to a place, for native links. */
  link(change: Partial<Place>): string {
    return fragmentOf({ ...this.place.value, options: {}, ...change });
  }

  /** Sets options of the room in the address. An empty text removes one. */
  setOptions(options: Readonly<Record<string, string>>): void {
    this.go({ options: { ...this.place.peek().options, ...options } }, 'replace');
  }

  /** Replaces what is known about a run. */
  keep(info: RunInfo): void {
    const others = this.runs.peek().filter((run) => run.id !== info.id);
    this.runs.value =
      others.length === this.runs.peek().length
        ? [info, ...others]
        : this.runs.peek().map((run) => (run.id === info.id ? info : run));
  }

  /** Forgets a run. */
  async discard(id: string): Promise<void> {
    await this.session.discard(id);
    this.runs.value = this.runs.peek().filter((run) => run.id !== id);
    this.go({ runs: this.place.peek().runs.filter((run) => run !== id) }, 'replace');
  }

  #take(event: SessionEvent): void {
    if (event.type === 'run') this.keep(event.info);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // One room's fault must not stop the others.
        console.error(failureOf(error).message);
      }
    }
  }
}

function latestFirst(runs: readonly RunInfo[]): readonly RunInfo[] {
  return [...runs].reverse();
}

/** The studio of the page. */
export const StudioContext = createContext<Studio | undefined>(undefined);

/** The studio that the components of the page share. */
export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('This component needs a StudioContext above it.');
  return studio;
}
