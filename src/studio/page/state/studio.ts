import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { TaurecError } from '../../../errors.ts';
import type { Operations } from '../../operations.ts';
import type { DataSummary, RunInfo, Session, SessionAbout } from '../../session.ts';
import { Live } from './live.ts';
import { fragmentOf, type Place, placeOf } from './place.ts';
import { Task } from './task.ts';

/** What all rooms share: the session, the place, the data in use and the runs. */
export class Studio {
  /** True with `?teach`: data are locked to a sample, type is large, and three tasks guide. */
  readonly teach: boolean;
  readonly place: Signal<Place>;
  readonly about: Signal<SessionAbout | undefined> = signal(undefined);
  readonly data: Signal<DataSummary | undefined> = signal(undefined);
  /** The runs and their pictures. */
  readonly live = new Live();
  /** Ids of the runs that the screen Train started: each gives way to the next. */
  readonly started = new Set<string>();
  /** The runs that the address names and that exist. */
  readonly chosen: ReadonlySignal<readonly RunInfo[]> = computed(() =>
    this.place.value.runs.flatMap((id) => this.runs.value.filter((run) => run.id === id)),
  );
  /** The id of the person whose list is watched during trainings. Ids of people are data: they are in no address. */
  readonly followed: Signal<string | undefined> = signal(undefined);
  /** The last announcement for screen readers. */
  readonly said: Signal<string> = signal('');
  /** Opening the session. */
  readonly opening = new Task<SessionAbout>();
  /** Operates the server that the page comes from, with a token if one is given, which the session uses from then on, too. Absent: there is none to operate. */
  readonly operate: ((token: string | undefined) => Operations) | undefined;
  readonly #makeSession: () => Promise<Session>;
  #session: Session | undefined;
  #stop: (() => void) | undefined;

  constructor(
    makeSession: () => Promise<Session>,
    address: { readonly hash: string; readonly search: string },
    operate?: (token: string | undefined) => Operations,
  ) {
    this.#makeSession = makeSession;
    this.operate = operate;
    this.teach = new URLSearchParams(address.search).has('teach');
    this.place = signal(placeOf(address.hash));
  }

  /** All runs, the latest first. */
  get runs(): ReadonlySignal<readonly RunInfo[]> {
    return this.live.runs;
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
      this.#stop = session.watch((event) => this.live.take(event), 0);
      const [about, data, runs] = await Promise.all([session.about(), session.data(), session.runs()]).catch(
        (error) => {
          if (error instanceof TaurecError && error.code === 'session-lost') this.#lose();
          throw error;
        },
      );
      this.about.value = about;
      this.data.value = data;
      for (const run of runs) this.live.know(run);
      return about;
    });
  }

  /** Leaves a session that answers no more, so that the next opening makes another. */
  #lose(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#session = undefined;
    this.live.reset();
  }

  /** Tells screen readers. */
  say(text: string): void {
    this.said.value = text;
  }

  /**
   * Goes to a place by its address, so that Back returns. `replace`: an option changed, and Back should not undo each of them; it does nothing once the address leads to another room.
   */
  go(change: Partial<Place>, how: 'visit' | 'replace' = 'visit'): void {
    const here = this.place.peek();
    // The browser tells of a new address later, and the room that is being left may still write its options.
    if (how === 'replace' && placeOf(location.hash).room !== here.room) return;
    const next = { ...here, ...change };
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

  /** Forgets a run. */
  async discard(id: string): Promise<void> {
    await this.session.discard(id);
    this.live.forget(id);
    this.go({ runs: this.place.peek().runs.filter((run) => run !== id) }, 'replace');
  }
}

/** The studio of the page. */
export const StudioContext = createContext<Studio | undefined>(undefined);

/** The studio that the components of the page share. */
export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('This component needs a StudioContext above it.');
  return studio;
}
