import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Dataset } from '../data/build-dataset.ts';
import type { ModelTrainingState, TrainedArrays } from '../model/training-state.ts';
import type { Tuning } from './automatic-options.ts';
import type { TrainConfig } from './config.ts';
import type { EarlyStoppingState } from './early-stopping.ts';
import type { EngineIdentity, EpochRecord, Phase, StopReason, TrainEvent } from './events.ts';

/** What training needs of a data set; a `Dataset` is one. Arrays in shared memory reach the coordinator without a copy. */
export interface TrainingData {
  /** [users × items] interactions to learn from; values are their weights. */
  readonly train: Csr;
  /** [users × items] interactions the epoch is chosen by; absent: the last epoch is taken. */
  readonly valid?: Csr;
  /**
   * [users × items] what an item weighs among the negatives of a user, ≥ 0, relative to 1 for any other item: 0 hides it, r lets it weigh as if it were drawn r times
   * as often. An entry overrides `batch.maskPositives`. Users and items beyond its size have none. Absent: no weights but the masking.
   */
  readonly negativeWeights?: Csr;
  /** How `valid` was held out, where it was. */
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

/** Where a run stands at the end of an epoch; JSON-able. With the engine's arrays it is all that a run needs to continue bit for bit. */
export interface TrainingState {
  phase: Phase;
  /** Epochs and steps done in this phase. */
  epoch: number;
  step: number;
  /** Of the search. */
  history: EpochRecord[];
  stopping: EarlyStoppingState;
  seconds: { train: number; validate: number };
  /** Set when the search is over. */
  reason?: StopReason;
  chosen?: Chosen;
  /** How options that were `'auto'` were chosen. */
  tuning?: Tuning;
}

/** A trained model and how it came about. */
export interface TrainResult {
  /** [users × dimension], [items × dimension]: the chosen epoch's embeddings, or those of the refit. */
  readonly users: Matrix;
  readonly items: Matrix;
  /** [items] the popularity prior, by the interactions that were trained on; absent where it is 0. */
  readonly itemBias?: Float32Array;
  /** The chosen epoch, from 1, and the optimiser steps that the embeddings took. */
  readonly epoch: number;
  readonly steps: number;
  /** Epochs run in the search. */
  readonly epochs: number;
  readonly reason: StopReason;
  readonly refitted: boolean;
  readonly history: readonly EpochRecord[];
  /** Validation metrics of the chosen epoch. */
  readonly valid?: Readonly<Record<string, number>>;
  readonly engine: EngineIdentity;
  /** How the options of the loss that were `'auto'` were chosen; `config` has the numbers. */
  readonly tuning?: Tuning;
  /** Wall-clock seconds; `train` includes the refit, neither includes the trials of `tuning`. */
  readonly seconds: { readonly train: number; readonly validate: number };
  /** The configuration with the numbers that were chosen for what was `'auto'`. */
  readonly config: TrainConfig;
  /** What `updateModel` continues from, of the chosen epoch; where it was asked for. */
  readonly trainingState?: ModelTrainingState;
}

/** Where a run begins that continues another. */
export interface WarmStart {
  /** `users` and `items`, the base embeddings, and what is there of `ModelTrainingState`'s arrays; what is missing begins anew. */
  readonly arrays: TrainedArrays;
  readonly epochs: number;
  readonly steps: number;
}

/** What surrounds a run: where events go, when to stop, where checkpoints lie. */
export interface RunOptions {
  onEvent(event: TrainEvent): void;
  /** Polled after every step. */
  aborted(): boolean;
  /** Called after every step; a promise lets the thread do other things. */
  pause?(): Promise<void> | undefined;
  readonly checkpointDirectory?: string;
  /** Continue the checkpoint in that folder. */
  readonly resume?: boolean;
  /** Gives back what training needs to continue the chosen epoch: a copy of the optimiser's moments, which is kept from the best epoch on. */
  readonly keepState?: boolean;
  /** Where training begins; absent: at random embeddings. */
  readonly warmStart?: WarmStart;
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
