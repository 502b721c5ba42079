import { batch, type Signal, signal } from '@preact/signals';
import type { RunInfo, SessionEvent } from '../../session.ts';

/** Events of one type. */
export type EventOf<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

/** Milliseconds between updates while the page is hidden, where there are no frames. */
const HIDDEN_PACE = 500;

/**
 * The runs and their pictures as events change them. Events may come thousands a second, and a page draws sixty times: what came is taken once a frame.
 */
export class Live {
  /** All runs, the latest first. */
  readonly runs: Signal<readonly RunInfo[]> = signal([]);
  /** The latest map of each run. */
  readonly maps: Signal<ReadonlyMap<string, EventOf<'map'>>> = signal(new Map());
  /** The latest lists of the followed person, the newest first; at most two of each run. */
  readonly lists: Signal<ReadonlyMap<string, readonly EventOf<'list'>[]>> = signal(new Map());
  /** What a run does at present: its progress, or the trial that chooses its options. */
  readonly doing: Signal<ReadonlyMap<string, string>> = signal(new Map());
  /** Events by what replaces them: a map or a list by the next one of its run, others by nothing. In the order of the last arrival. */
  readonly #waiting = new Map<string | number, SessionEvent>();
  readonly #forgotten = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;

  /** Takes an event; the signals follow with the next frame. */
  take(event: SessionEvent): void {
    const { type, run, number } = event;
    const key = type === 'map' || type === 'list' ? `${type} ${run}` : number;
    this.#waiting.delete(key);
    this.#waiting.set(key, event);
    if (this.#timer !== undefined) return;
    // A page that is hidden, or becomes so, has no frames.
    this.#timer = setTimeout(() => this.#flush(), HIDDEN_PACE);
    if (!document.hidden) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** Takes a run from the answer to a call. It may be older than what events have told meanwhile, over another connection: a run that is known gets only the epochs that it lacks, and its state by the event that follows. */
  know(info: RunInfo): void {
    const known = this.runs.peek().find(({ id }) => id === info.id);
    if (!known) this.keep(info);
    else if (info.history.length > known.history.length)
      this.#change(info.id, (run) => ({ ...run, epoch: info.epoch, history: info.history }));
  }

  /** Replaces what is known about a run, or adds it. Epochs that events told first are kept, but for an interrupted run, which goes back to its checkpoint; a run that was forgotten stays so. */
  keep(info: RunInfo): void {
    if (this.#forgotten.has(info.id)) return;
    const known = this.runs.peek().find(({ id }) => id === info.id);
    const isAhead = known && info.state !== 'interrupted' && known.history.length > info.history.length;
    const merged = isAhead ? { ...info, history: known.history } : info;
    this.runs.value = known
      ? this.runs.peek().map((run) => (run.id === info.id ? merged : run))
      : [merged, ...this.runs.peek()];
  }

  /** Forgets a run and its pictures; what may still come of it is ignored. */
  forget(id: string): void {
    this.#forgotten.add(id);
    batch(() => {
      this.runs.value = this.runs.peek().filter((run) => run.id !== id);
      for (const pictures of [this.maps, this.lists, this.doing] as Signal<ReadonlyMap<string, unknown>>[])
        if (pictures.peek().has(id)) pictures.value = new Map([...pictures.peek()].filter(([run]) => run !== id));
    });
  }

  /** Forgets everything, as for another session, whose runs may have the same ids. */
  reset(): void {
    this.#waiting.clear();
    this.#forgotten.clear();
    batch(() => {
      this.runs.value = [];
      this.maps.value = new Map();
      this.lists.value = new Map();
      this.doing.value = new Map();
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    const events = [...this.#waiting.values()];
    this.#waiting.clear();
    batch(() => {
      for (const event of events) if (!this.#forgotten.has(event.run)) this.#apply(event);
    });
  }

  #apply(event: SessionEvent): void {
    if (event.type === 'run') this.keep(event.info);
    else if (event.type === 'gone') this.forget(event.run);
    else if (event.type === 'map') this.maps.value = new Map(this.maps.peek()).set(event.run, event);
    else if (event.type === 'list') {
      const [last] = this.lists.peek().get(event.run) ?? [];
      const both = last && last.user === event.user ? [event, last] : [event];
      this.lists.value = new Map(this.lists.peek()).set(event.run, both);
    } else this.#applyTraining(event);
  }

  #applyTraining({ run: id, event }: EventOf<'train'>): void {
    if (event.type === 'start') {
      const { trial, phase, epochs } = event;
      this.#tell(
        id,
        trial ? `Choosing options, trial ${trial.number}` : phase === 'refit' ? 'Training once more on all data' : '',
      );
      if (!trial) this.#change(id, (run) => ({ ...run, phase, epochs: phase === 'search' ? epochs : run.epochs }));
    } else if (event.type === 'neighbors') this.#tell(id, '');
    else if (event.type === 'epoch' && event.phase === 'search') {
      const { type: _type, phase: _phase, ...record } = event;
      this.#change(id, (run) =>
        (run.history.at(-1)?.epoch ?? 0) < record.epoch
          ? { ...run, epoch: record.epoch, history: [...run.history, record] }
          : run,
      );
    } else if (event.type === 'validation') {
      const { epoch, metrics, popularityPrior } = event;
      this.#change(id, (run) => ({
        ...run,
        history: run.history.map((one) => (one.epoch === epoch ? { ...one, valid: metrics, popularityPrior } : one)),
      }));
    }
  }

  #change(id: string, change: (run: RunInfo) => RunInfo): void {
    this.runs.value = this.runs.peek().map((run) => (run.id === id ? change(run) : run));
  }

  #tell(id: string, text: string): void {
    this.doing.value = new Map(this.doing.peek()).set(id, text);
  }
}
