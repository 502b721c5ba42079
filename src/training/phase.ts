import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import type { Loss } from '../loss/loss.ts';
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
  /** Writes the checkpoint where one is kept and due, or `last`. */
  checkpoint(best: Best | undefined, last: boolean): Promise<void>;
}
