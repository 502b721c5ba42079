import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Dataset } from '../data/build-dataset.ts';
import type { ModelTrainingState, TrainedArrays } from '../model/training-state.ts';
import type { LatticePoint } from '../search/lattice-search.ts';
import type { TrainConfig } from './config.ts';
import type { EarlyStoppingState } from './early-stopping.ts';
import type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './events.ts';

/** The part of a data set that training reads; a `Dataset` is one. Arrays in shared memory reach the coordinator without a copy. */
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

/** A short training that tried some options of the loss. */
export interface AutomaticTrial {
  readonly options: LatticePoint;
  /** Of the validation metric. */
  readonly value: number;
  readonly seconds: number;
}

/** How the options that were `'auto'` were chosen; JSON-able. */
export interface Tuning {
  readonly metric: string;
  readonly trials: readonly AutomaticTrial[];
  /** Usually between the trials' values: the summit of a parabola through the best and its neighbours. */
  readonly chosen: LatticePoint;
  readonly seconds: number;
}

/** The state of a run at the end of an epoch; JSON-able. With the engine's arrays it is all that a run needs to continue bit for bit. */
export interface TrainingState {
  phase: Phase;
  /** Epochs and steps done in this phase. */
  epoch: number;
  step: number;
  /** Of the fit. */
  history: EpochRecord[];
  stopping: EarlyStoppingState;
  seconds: { train: number; validate: number };
  /** Set when the fit is over. */
  reason?: StopReason;
  chosen?: Chosen;
  /** How the options given as `'auto'` were chosen. */
  tuning?: Tuning;
}

/** A trained model, and the record of its training. */
export interface TrainResult {
  /** [users × dimension], [items × dimension]: the chosen epoch's embeddings, or those of the refit. */
  readonly users: Matrix;
  readonly items: Matrix;
  /** [items] the popularity prior, by the interactions that were trained on; absent where it is 0. */
  readonly itemBias?: Float32Array;
  /** The chosen epoch, from 1, and the optimiser steps that the embeddings took. */
  readonly epoch: number;
  readonly steps: number;
  /** Epochs run in the fit. */
  readonly epochs: number;
  readonly reason: StopReason;
  readonly refitted: boolean;
  readonly history: readonly EpochRecord[];
  /** Validation metrics of the chosen epoch. */
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

/** The start of a run that continues another. */
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
  readonly checkpointDirectory?: string;
  /** Continue the checkpoint in that folder. */
  readonly resume?: boolean;
  /** Returns the state that training needs to continue the chosen epoch: a copy of the optimiser's moments, kept from the best epoch on. */
  readonly keepState?: boolean;
  /** The start; absent: random embeddings. */
  readonly warmStart?: WarmStart;
}

/** A training to do, in the form that a thread receives. */
export interface TrainingTask extends Pick<RunOptions, 'checkpointDirectory' | 'resume' | 'keepState' | 'warmStart'> {
  readonly data: TrainingData;
  readonly config: TrainConfig;
}

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
