/** Pausing a run and letting it go on epoch by epoch. `TrainingPace` is the caller's side, `Gate` the side of the thread that trains. */

/** What a `TrainingPace` tells a run. */
export type PaceCommand = 'pause' | 'resume' | 'step';

/**
 * Pauses a training run, lets it go on, or lets it go on by one epoch. Give it to one run, as `pace`; what was called before the run starts counts, so that a run can begin paused.
 * The run says by events `paused` and `resumed` when it waits. Results do not depend on pauses, and the time of a pause counts neither as training nor against a time budget.
 */
export class TrainingPace {
  #tell: ((command: PaceCommand) => void) | undefined;
  #before: PaceCommand[] = [];

  /** The run waits after the current step, until `resume` or `step`. */
  pause(): void {
    this.#send('pause');
  }

  /** The run goes on to its end. */
  resume(): void {
    this.#send('resume');
  }

  /** The run goes on to the end of its epoch, or by one epoch where it waits between two, its validation included, and then waits. Each call before that adds one epoch. */
  step(): void {
    this.#send('step');
  }

  /** Called by the run, which from now on is told every command, and at once those before. */
  attach(tell: (command: PaceCommand) => void): void {
    this.#tell = tell;
    for (const command of this.#before.splice(0)) tell(command);
  }

  #send(command: PaceCommand): void {
    if (this.#tell) this.#tell(command);
    else this.#before.push(command);
  }
}

/** Where a run waits while it is paused. */
export class Gate {
  readonly #poll: () => void;
  #held = false;
  /** Epochs that may still begin. */
  #epochs = Infinity;
  #inEpoch = false;
  #wake: (() => void) | undefined;

  /** @param poll takes the commands that have come, in a thread that does not return to its event loop */
  constructor(poll: () => void = () => {}) {
    this.#poll = poll;
  }

  take(command: PaceCommand): void {
    const midway = this.#inEpoch && (this.#held || this.#epochs === Infinity);
    if (command === 'resume') this.#epochs = Infinity;
    else if (command === 'pause' || midway) this.#epochs = 0;
    else this.#epochs = this.#epochs === Infinity ? 1 : this.#epochs + 1;
    this.#held = command === 'pause';
    this.#wake?.();
  }

  /** Whether the run must wait after a step. */
  holdsStep(): boolean {
    this.#poll();
    return this.#held;
  }

  /** Whether the run must wait before its next epoch. */
  holdsEpoch(): boolean {
    this.#inEpoch = false;
    this.#poll();
    return this.#epochs === 0;
  }

  /** The next epoch begins. */
  beginEpoch(): void {
    this.#inEpoch = true;
    this.#epochs--;
  }

  /** Resolves when the run need not wait any more. */
  async opened(): Promise<void> {
    while (this.#inEpoch ? this.#held : this.#epochs === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
