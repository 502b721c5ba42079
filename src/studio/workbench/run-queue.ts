import { TaurecError } from '../../errors.ts';
import { TrainingPace } from '../../training/pace.ts';
import type { RunInfo } from '../session.ts';
import { failureOf } from './failure.ts';
import type { Run } from './run.ts';

/** What holds and stops the training of a run. */
export interface RunControl {
  readonly signal: AbortSignal;
  readonly pace: TrainingPace;
}

/** The run that is in work. */
interface Active {
  readonly run: Run;
  /** Its reason is the state in which the run ends. */
  readonly abort: AbortController;
  readonly pace: TrainingPace;
  readonly ended: Promise<void>;
}

/** The states in which a run takes a command. */
const allowed = {
  pause: ['running'],
  resume: ['paused'],
  step: ['paused'],
  cancel: ['waiting', 'running', 'paused'],
} as const;

/** How a run ends without a model. */
type RunEnd = 'failed' | 'cancelled' | 'interrupted';

/** Errors that would come again for certain: of the configuration, of the loss, of what the engine can hold. After any other a run can be resumed. */
const comesAgain: readonly string[] = [
  ...['diverged', 'bad-option', 'unknown-name', 'memory-limit', 'engine-ranks-only', 'typed-loss', 'empty-data'],
  ...['loss-module', 'backbone-module', 'sampler-module'],
];

/** The state in which an error, or a stop, leaves a run. */
export function endOf(error: unknown, { signal }: Pick<RunControl, 'signal'>): RunEnd {
  if (signal.aborted) return signal.reason;
  return error instanceof TaurecError && comesAgain.includes(error.code) ? 'failed' : 'interrupted';
}

/** Trains runs one at a time, in the order in which they were started. */
export class RunQueue {
  readonly #train: (run: Run, control: RunControl) => Promise<void>;
  readonly #changed: (run: Run) => void;
  #waiting: readonly Run[] = [];
  #active: Active | undefined;
  #closed = false;
  /** Those who wait for the next change of the active run's state. */
  #curious: (() => void)[] = [];

  /**
   * @param train trains a run and finishes it
   * @param changed called after each change of a run's state
   */
  constructor(train: (run: Run, control: RunControl) => Promise<void>, changed: (run: Run) => void) {
    this.#train = train;
    this.#changed = changed;
  }

  /** Takes a run without a failure. After `close` it is interrupted at once. */
  add(run: Run): void {
    if (!this.#closed) this.#waiting = [...this.#waiting, run];
    this.#set(run, this.#closed ? 'interrupted' : 'waiting');
    // The caller gets its answer before the first event of the training.
    setTimeout(() => this.#next());
  }

  /**
   * Holds, releases or stops a run. It resolves once the run does so; a run may end before. A run that waits can only be cancelled.
   * @throws TaurecError `bad-option` for a command that the state of the run does not allow
   */
  async control(run: Run, act: keyof typeof allowed): Promise<RunInfo> {
    const states: readonly string[] = allowed[act];
    if (!states.includes(run.state)) {
      const expected = `a run that is ${states.join(' or ')}, not one that is ${run.state}`;
      throw new TaurecError('bad-option', { option: act, got: run.id, expected });
    }
    const active = this.#active?.run === run ? this.#active : undefined;
    if (!active) {
      this.#waiting = this.#waiting.filter((one) => one !== run);
      this.#set(run, 'cancelled');
    } else if (act === 'cancel') {
      active.abort.abort('cancelled');
      await active.ended;
    } else {
      const changed = new Promise<void>((resolve) => this.#curious.push(resolve));
      active.pace[act]();
      await changed;
    }
    return run.info;
  }

  /** Says that the training of a run waits, or goes on. */
  held(run: Run, held: boolean): void {
    this.#set(run, held ? 'paused' : 'running');
  }

  /** Interrupts all runs; resolves when none is in work. */
  async close(): Promise<void> {
    this.#closed = true;
    const left = this.#waiting;
    this.#waiting = [];
    for (const run of left) this.#set(run, 'interrupted');
    this.#active?.abort.abort('interrupted');
    await this.#active?.ended;
  }

  #set(run: Run, state: Run['state']): void {
    run.state = state;
    this.#changed(run);
    if (this.#active?.run === run) for (const tell of this.#curious.splice(0)) tell();
  }

  #next(): void {
    const [run, ...rest] = this.#active ? [] : this.#waiting;
    if (!run) return;
    this.#waiting = rest;
    const abort = new AbortController();
    const pace = new TrainingPace();
    // `perform` sets the run's state, which needs the active run.
    const ended = Promise.resolve().then(() => this.#perform(run, { signal: abort.signal, pace }));
    this.#active = { run, abort, pace, ended };
    void ended.then(() => this.#next());
  }

  /** Trains; never rejects. */
  async #perform(run: Run, control: RunControl): Promise<void> {
    this.#set(run, 'running');
    let state: 'done' | RunEnd = 'done';
    try {
      await this.#train(run, control);
    } catch (error) {
      state = endOf(error, control);
      if (!control.signal.aborted) run.failure = failureOf(error);
    }
    this.#set(run, state);
    this.#active = undefined;
  }
}
