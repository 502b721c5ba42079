import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import type { Loss } from '../loss/loss.ts';
import type { TrainedArrays } from '../model/training-state.ts';
import type { Sampler } from '../sampler/sampler.ts';
import type { Best } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import type { RunOptions, TrainingState } from './training-state.ts';

/** What a phase works with. */
export interface PhaseContext {
  readonly engine: Engine;
  readonly backbone: Backbone;
  readonly sampler: Sampler;
  readonly loss: Loss;
  readonly config: TrainConfig;
  readonly options: RunOptions;
  /** Advanced by the phase, at the end of every epoch. */
  readonly state: TrainingState;
  /** Epochs and steps that were done before this run; 0 where it starts afresh. */
  readonly before: { readonly epochs: number; readonly steps: number };
  /** Copies the engine's arrays that training can go on from, into `last` where it is given; undefined where they are not wanted. */
  copyArrays(last?: TrainedArrays): TrainedArrays | undefined;
  /** Writes the checkpoint where one is kept and due, or `last`. */
  checkpoint(best: Best | undefined, last: boolean): Promise<void>;
}
