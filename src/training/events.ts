import type { NeighborChoice } from '../neighbors/neighbors.ts';
import type { TrainConfigInput } from './config.ts';

/** The record of one epoch, an entry of the history. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps by the end of the epoch. */
  readonly step: number;
  /** Mean loss over the epoch's steps. */
  readonly loss: number;
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** Fraction of the planned run that is done at the end of the epoch, by steps or by time. */
  readonly progress: number;
  /** Seconds of training so far, without validation. */
  readonly seconds: number;
  /** Validation metrics, if this epoch was validated. */
  readonly valid?: Readonly<Record<string, number>>;
  /** c of the popularity prior behind these metrics. */
  readonly popularityPrior?: number;
}

/** The engine that did the work. */
export interface EngineIdentity {
  readonly name: string;
  readonly build: string;
  readonly threads: number;
}

/** Why training ended: all epochs done, patience exhausted, or time budget spent. */
export type StopReason = 'epochs' | 'patience' | 'time-budget';

/** `tune`: short trainings that choose options of the loss. `search`: the fit, which chooses the epoch. `refit`: training again on train and validation together. */
export type Phase = 'tune' | 'search' | 'refit';

/** The events of a training run, in one stream. Each can be written as JSON. */
export type TrainEvent =
  | {
      /** Comes first, where the configuration names no objective and one follows from the data (docs/popularity.md); absent where the declared defaults hold. */
      readonly type: 'objective';
      /** The options of it that differ from the declared defaults. */
      readonly config: TrainConfigInput;
      /** Trained users with validation interactions, by whom the popularity prior is chosen. */
      readonly users: number;
    }
  | {
      readonly type: 'start';
      readonly phase: Phase;
      readonly users: number;
      readonly items: number;
      readonly interactions: number;
      readonly epochs: number;
      readonly stepsPerEpoch: number;
      readonly engine: EngineIdentity;
      /** Epochs already done, when this run continues a checkpoint. */
      readonly resumed?: number;
      /** In phase `tune`: the trial that begins, from 1, and the options it tries. */
      readonly trial?: { readonly number: number; readonly options: Readonly<Record<string, number>> };
    }
  | {
      /** At most five a second. */
      readonly type: 'progress';
      readonly phase: Phase;
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      /** Mean since the last progress event. */
      readonly loss: number;
      readonly learningRate: number;
      /** Positives (user–item interactions) trained on per second. */
      readonly examplesPerSecond: number;
      /** Seconds left if all planned epochs run at the present pace. */
      readonly eta: number;
    }
  | ({ readonly type: 'epoch'; readonly phase: Phase } & EpochRecord)
  | {
      readonly type: 'validation';
      readonly epoch: number;
      readonly metric: string;
      readonly value: number;
      readonly metrics: Readonly<Record<string, number>>;
      /** c of the popularity prior behind these metrics. */
      readonly popularityPrior: number;
      /** True when this is the best epoch so far. */
      readonly best: boolean;
      readonly seconds: number;
    }
  | {
      /** A trial is done. */
      readonly type: 'trial';
      /** From 1. */
      readonly number: number;
      readonly options: Readonly<Record<string, number>>;
      /** The validation metric and its value. */
      readonly metric: string;
      readonly value: number;
      /** True when no earlier trial was as good. */
      readonly best: boolean;
      readonly seconds: number;
    }
  | {
      /** The options are chosen, and the training with them begins. */
      readonly type: 'tuned';
      readonly chosen: Readonly<Record<string, number>>;
      readonly trials: number;
      readonly seconds: number;
    }
  | ({
      /** The neighbour term is chosen. */
      readonly type: 'neighbors';
      /** The validation metric. */
      readonly metric: string;
    } & NeighborChoice)
  | { readonly type: 'checkpoint'; readonly phase: Phase; readonly epoch: number; readonly path: string }
  | { readonly type: 'refit'; readonly epoch: number; readonly steps: number }
  | { readonly type: 'notice'; readonly message: string }
  | {
      /** The run waits at its `pace`, or goes on. */
      readonly type: 'paused' | 'resumed';
      readonly phase: Phase;
      /** Epochs and steps done in this phase. */
      readonly epoch: number;
      readonly step: number;
    }
  | {
      readonly type: 'end';
      readonly reason: StopReason;
      /** Epochs run in the fit. */
      readonly epochs: number;
      /** The chosen epoch. */
      readonly epoch: number;
      readonly steps: number;
      readonly seconds: { readonly train: number; readonly validate: number };
    };

/** Milliseconds between progress events. */
const INTERVAL = 200;

/** A step that was done. */
interface MeteredStep {
  /** From 1, as `step`. */
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Positives of its batch. */
  readonly examples: number;
  /** Seconds left of a time budget. */
  readonly secondsLeft?: number;
}

/** Emits the `progress` events of a phase, at most five per second. */
export class ProgressMeter {
  readonly #phase: Phase;
  readonly #epochs: number;
  readonly #steps: number;
  readonly #onEvent: (event: TrainEvent) => void;
  #started = performance.now();
  readonly #firstStep: number;
  #last = this.#started;
  #loss = 0;
  #count = 0;
  #examples = 0;

  /** `epochs` and `steps` are the plan of the phase; `firstStep` steps were done before (in a resumed run). */
  constructor(phase: Phase, epochs: number, steps: number, firstStep: number, onEvent: (event: TrainEvent) => void) {
    this.#phase = phase;
    this.#epochs = epochs;
    this.#steps = steps;
    this.#firstStep = firstStep;
    this.#onEvent = onEvent;
  }

  /** The run waited that long, which is no part of its pace. */
  waited(milliseconds: number): void {
    this.#started += milliseconds;
    this.#last += milliseconds;
  }

  /** Takes a step. */
  step({ epoch, step, loss, learningRate, examples, secondsLeft = Infinity }: MeteredStep): void {
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
