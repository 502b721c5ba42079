import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Dataset } from '../data/build-dataset.ts';
import type { ModelTrainingState, TrainedArrays } from '../model/training-state.ts';
import type { NeighborChoice, Neighbors } from '../neighbors/neighbors.ts';
import type { CarriedError } from '../platform/carried-error.ts';
import type { LatticePoint } from '../search/lattice-search.ts';
import type { TrainConfig } from './config.ts';
import type { EarlyStoppingState } from './early-stopping.ts';
import type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './events.ts';
import type { Gate, TrainingPace } from './pace.ts';
import type { Snapshot, SnapshotOptions } from './snapshots.ts';

/** The part of a dataset that training reads; a `Dataset` has this form. Arrays in shared memory reach the coordinator without a copy. */
export interface TrainingData {
  /** [users × items] interactions to learn from; values are their weights. */
  readonly train: Csr;
  /** [users × items] the interactions that choose the epoch; absent: the last epoch is taken. */
  readonly valid?: Csr;
  /**
   * [users × items] the weight of an item among the negatives of a user, ≥ 0, relative to 1 for any other item: 0 hides it, r counts it as if it were drawn r times
   * as often. An entry overrides `batch.maskPositives`. Users and items beyond its size have none. Absent: the masking is the only weight.
   */
  readonly negativeWeights?: Csr;
  /** How `valid` was held out, where taurec did it. */
  readonly splits?: Dataset['splits'];
}

/** The epoch that validation chose. */
export interface Chosen {
  readonly epoch: number;
  readonly step: number;
  readonly progress: number;
  /** c of the popularity prior. */
  readonly popularityPrior: number;
}

/** A short training that tried options of the loss. */
export interface AutomaticTrial {
  readonly options: LatticePoint;
  /** Value of the validation metric. */
  readonly value: number;
  readonly seconds: number;
}

/** How the options given as `'auto'` were chosen; can be written as JSON. */
export interface Tuning {
  readonly metric: string;
  readonly trials: readonly AutomaticTrial[];
  /** Usually between the tried values: the maximum of a parabola through the best value and its neighbours. */
  readonly chosen: LatticePoint;
  readonly seconds: number;
}

/** The state of a run at the end of an epoch; can be written as JSON. Together with the engine's arrays it lets a run continue bit for bit. */
export interface TrainingState {
  phase: Phase;
  /** Epochs and steps done in this phase. */
  epoch: number;
  step: number;
  /** The records of the fit. */
  history: EpochRecord[];
  stopping: EarlyStoppingState;
  seconds: { train: number; validate: number };
  /** Set at the end of the fit. */
  reason?: StopReason;
  chosen?: Chosen;
  /** How the options given as `'auto'` were chosen. */
  tuning?: Tuning;
  /** How the neighbour term was chosen, after the fit. */
  neighbors?: NeighborChoice;
}

/** A trained model with the record of its training. */
export interface TrainResult {
  /** [users × dimension], [items × dimension]: the chosen epoch's embeddings, or those of the refit. */
  readonly users: Matrix;
  readonly items: Matrix;
  /** [items] the popularity prior, by the interactions that were trained on; absent where it is 0. */
  readonly itemBias?: Float32Array;
  /** The neighbour term, from the interactions that were trained on; absent: none. */
  readonly neighbors?: Neighbors;
  /** How it was chosen; absent with `neighbors: 'off'`. */
  readonly neighborChoice?: NeighborChoice;
  /** The chosen epoch, from 1, and the optimiser steps that the embeddings took. */
  readonly epoch: number;
  readonly steps: number;
  /** Epochs run in the fit. */
  readonly epochs: number;
  readonly reason: StopReason;
  readonly refitted: boolean;
  readonly history: readonly EpochRecord[];
  /** Validation metrics of the chosen epoch, with the neighbour term. `history` has those without it. */
  readonly valid?: Readonly<Record<string, number>>;
  readonly engine: EngineIdentity;
  /** How the options of the loss given as `'auto'` were chosen; `config` has the numbers. */
  readonly tuning?: Tuning;
  /** Wall-clock seconds; `train` includes the refit, neither includes the trials of `tuning`. */
  readonly seconds: { readonly train: number; readonly validate: number };
  /** The configuration, with the chosen numbers in place of `'auto'`. */
  readonly config: TrainConfig;
  /** The state of the chosen epoch, from which `updateModel` continues; only with `keepState`. */
  readonly trainingState?: ModelTrainingState;
}

/** The starting point of a run that continues another. */
export interface WarmStart {
  /** `users` and `items`, the base embeddings, and those of `ModelTrainingState`'s arrays that exist; missing ones start afresh. */
  readonly arrays: TrainedArrays;
  readonly epochs: number;
  readonly steps: number;
}

/** How a run reports, stops and keeps checkpoints. */
export interface RunOptions {
  onEvent(event: TrainEvent): void;
  /** Polled after every step. */
  aborted(): boolean;
  /** Called after every step; a promise lets the thread do other things. */
  pause?(): Promise<void> | undefined;
  /** Where the run waits when its caller pauses it. */
  readonly gate?: Gate;
  /** What snapshots hold, and who takes them; absent: none are made. */
  readonly snapshots?: SnapshotOptions & { readonly send: (snapshot: Snapshot) => void };
  readonly checkpointDirectory?: string;
  /** Continues the checkpoint in that folder. */
  readonly resume?: boolean;
  /** Returns the state that training needs to continue the chosen epoch: a copy of the optimiser's moments, kept from the best epoch on. */
  readonly keepState?: boolean;
  /** The starting point; absent: random embeddings. */
  readonly warmStart?: WarmStart;
}

/** A training task in the form that a thread can receive. */
export interface TrainingTask extends Pick<RunOptions, 'checkpointDirectory' | 'resume' | 'keepState' | 'warmStart'> {
  readonly data: TrainingData;
  readonly config: TrainConfig;
  /** Wanted snapshots; absent: none. */
  readonly snapshots?: SnapshotOptions;
}

/** The messages of the thread or worker that runs a task. */
export type RunMessage =
  | { readonly type: 'event'; readonly event: TrainEvent }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'result'; readonly result: TrainResult }
  | { readonly type: 'error'; readonly error: CarriedError };

/** The caller's side of a run: who is told about it, and what controls it. */
export interface RunWatch {
  onEvent(event: TrainEvent): void;
  /** Receives the snapshots that the task wants. */
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  readonly signal?: AbortSignal;
  readonly pace?: TrainingPace;
}

/** The state of a run before its first epoch. */
export function startState(): TrainingState {
  return {
    phase: 'search',
    epoch: 0,
    step: 0,
    history: [],
    stopping: { waited: 0 },
    seconds: { train: 0, validate: 0 },
  };
}
