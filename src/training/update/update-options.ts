import type { BackboneSource } from '../../backbone/backbone.ts';
import type { LossSource } from '../../loss/loss.ts';
import type { TrainEvent } from '../events.ts';

/** How `updateModel` goes on training, and how it is followed and stopped. */
export interface UpdateOptions {
  /** Epochs over all interactions, old and new. Default: a tenth (next to nothing is new) to a quarter (a quarter or more is new) of those of the first training. */
  readonly epochs?: number;
  /** The highest learning rate; it falls to 0 by half a cosine. Default: half of the one that the model was trained with. */
  readonly learningRate?: number;
  /** Titles by item id: of new items, and over those that the model has. */
  readonly titles?: ReadonlyMap<string, string>;
  /** The loss, for a model of one that is not built in. A model never loads code by itself. */
  readonly loss?: LossSource;
  /** The backbone, likewise. */
  readonly backbone?: BackboneSource;
  /** Default: the engine's choice; results do not depend on it. */
  readonly threads?: number;
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Stops after the step in progress with error `aborted`. */
  readonly signal?: AbortSignal;
  /** Receives the stream of events, as that of `train`. */
  readonly onProgress?: (event: TrainEvent) => void;
}
