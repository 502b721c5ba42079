import { TaurecError } from '../../errors.ts';
import type { RunInfo } from '../session.ts';
import { failureOf } from './failure.ts';
import type { Run } from './run.ts';

/** How a run is held and stopped while it trains. */
export interface RunHold {
  readonly signal: AbortSignal;
  /** Undefined while the run goes on, else a promise of the moment from which it does. */
  hold(): Promise<void> | undefined;
  /** Called at the end of each epoch. */
  epochDone(): void;
}

/** The training of the run that is in work. */
interface Active {
  readonly run: Run;
  readonly abort: AbortController;
  /** Epochs until the run is held; Infinity: none. 0: it is held. */
  steps: number;
  released: Promise<void>;
  release: () => void;
  readonly ended: Promise<void>;
}

/** Trains runs one at a time, in the order in which they were started. */
export class RunQueue {
  readonly #train: (run: Run, hold: RunHold) => Promise<void>;
  readonly #changed: (run: Run) => void;
  readonly #waiting: Run[] = [];
  #active: Active | undefined;

  /**
   * @param train trains a run and finishes it
   * @param changed called after each change of a run's state
   */
  constructor(train: (run: Run, hold: RunHold) => Promise<void>, changed: (run: Run) => void) {
    this.#train = train;
    this.#changed = changed;
  }

  add(run: Run): void {
    this.#waiting.push(run);
    this.#changed(run);
    // The caller gets its answer before the first event of the training.
    setTimeout(() => this.#next());
  }

  /**
   * Holds, releases or stops a run. A run that waits can only be cancelled.
   * @throws TaurecError `bad-option` for an act that the state of the run does not allow
   */
  async control(run: Run, act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<RunInfo> {
    const active = this.#active?.run === run ? this.#active : undefined;
    const allowed = {
      pause: ['running'],
      resume: ['paused'],
      step: ['paused'],
      cancel: ['waiting', 'running', 'paused'],
    };
    if (!allowed[act].includes(run.state)) {
      const expected = `a run that is ${allowed[act].join(' or ')}, not one that is ${run.state}`;
      throw new TaurecError('bad-option', { option: act, got: run.id, expected });
    }
    if (act === 'cancel') await this.#cancel(run, active);
    else if (act === 'pause') this.#hold(active!);
    else this.#go(active!, act === 'step' ? 1 : Infinity);
    return run.info;
  }

  /** Stops all runs; resolves when none is in work. */
  async close(): Promise<void> {
    for (const run of this.#waiting.splice(0)) this.#end(run, 'cancelled');
    if (this.#active) await this.#cancel(this.#active.run, this.#active);
  }

  async #cancel(run: Run, active: Active | undefined): Promise<void> {
    if (!active) {
      this.#waiting.splice(this.#waiting.indexOf(run), 1);
      return this.#end(run, 'cancelled');
    }
    active.abort.abort();
    active.release();
    await active.ended;
  }

  #hold(active: Active): void {
    active.steps = 0;
    active.released = new Promise((resolve) => {
      active.release = resolve;
    });
    active.run.state = 'paused';
    this.#changed(active.run);
  }

  #go(active: Active, steps: number): void {
    active.steps = steps;
    active.run.state = 'running';
    this.#changed(active.run);
    active.release();
  }

  #end(run: Run, state: 'done' | 'failed' | 'cancelled'): void {
    run.state = state;
    this.#changed(run);
  }

  #next(): void {
    const run = this.#active ? undefined : this.#waiting.shift();
    if (!run) return;
    let ended = () => {};
    const active: Active = {
      run,
      abort: new AbortController(),
      steps: Infinity,
      released: Promise.resolve(),
      release: () => {},
      ended: new Promise((resolve) => {
        ended = resolve;
      }),
    };
    this.#active = active;
    run.state = 'running';
    this.#changed(run);
    void this.#perform(active).finally(() => {
      this.#active = undefined;
      ended();
      this.#next();
    });
  }

  async #perform(active: Active): Promise<void> {
    const { run, abort } = active;
    const { signal } = abort;
    try {
      await this.#train(run, {
        signal,
        hold: () => (active.steps > 0 || signal.aborted ? undefined : active.released),
        epochDone: () => {
          if (active.steps !== Infinity && active.steps > 0 && --active.steps === 0) this.#hold(active);
        },
      });
      this.#end(run, 'done');
    } catch (error) {
      if (signal.aborted) return this.#end(run, 'cancelled');
      run.failure = failureOf(error);
      this.#end(run, 'failed');
    }
  }
}
