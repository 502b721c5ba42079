import type { Phase, TrainEvent } from './events.ts';

/** Milliseconds between progress events. */
const INTERVAL = 200;

/** Makes the `progress` events of a phase, at most five a second. */
export class ProgressMeter {
  readonly #phase: Phase;
  readonly #epochs: number;
  readonly #steps: number;
  readonly #onEvent: (event: TrainEvent) => void;
  readonly #started = performance.now();
  readonly #firstStep: number;
  #last = this.#started;
  #loss = 0;
  #count = 0;
  #examples = 0;

  /** `epochs` and `steps` are what the phase has planned; `firstStep` were done before (a resumed run). */
  constructor(phase: Phase, epochs: number, steps: number, firstStep: number, onEvent: (event: TrainEvent) => void) {
    this.#phase = phase;
    this.#epochs = epochs;
    this.#steps = steps;
    this.#firstStep = firstStep;
    this.#onEvent = onEvent;
  }

  /** Takes a step: `epoch` and `step` from 1; `secondsLeft`, when there is a time budget. */
  step(
    epoch: number,
    step: number,
    loss: number,
    learningRate: number,
    examples: number,
    secondsLeft = Infinity,
  ): void {
    this.#loss += loss;
    this.#examples += examples;
    this.#count++;
    const now = performance.now();
    if (now - this.#last < INTERVAL) return;
    const perStep = (now - this.#started) / 1000 / (step - this.#firstStep);
    this.#onEvent({
      type: 'progress',
      phase: this.#phase,
      epoch,
      epochs: this.#epochs,
      step,
      steps: this.#steps,
      loss: this.#loss / this.#count,
      learningRate,
      examplesPerSecond: (this.#examples * 1000) / (now - this.#last),
      eta: Math.max(0, Math.min(secondsLeft, perStep * (this.#steps - step))),
    });
    this.#last = now;
    this.#loss = this.#count = this.#examples = 0;
  }
}
