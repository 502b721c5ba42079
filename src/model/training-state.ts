import type { Tensor } from './safetensors-format.ts';

/** Arrays that training continues from, by name (docs/model-format.md), without padding. */
export type TrainedArrays = Readonly<Record<string, Tensor<Float32Array>>>;

/**
 * The state, in addition to the embeddings, that training continues a model from: `training.safetensors` of a model folder. The server never reads it.
 * `epochs` and `steps` are the epochs and steps behind the optimiser moments: random draws and Adam's bias correction continue from there.
 */
export interface ModelTrainingState {
  readonly epochs: number;
  readonly steps: number;
  /**
   * Under Adam: the moments `optimizer.usersM`, `optimizer.usersV` [U, d], `optimizer.itemsM`, `optimizer.itemsV` [I, d]. `loss.…`: the state that the loss keeps between steps.
   * With a backbone also the base embeddings `users` and `items`, and `weights.…`, its parameters, with their moments. Of a model that stores 16-bit floats also `users` and `items` before rounding.
   */
  readonly arrays: TrainedArrays;
  /** [trained pairs] weights of the interactions used in training, in the order of `trainedItems`; absent: all 1. */
  readonly interactionWeights?: Float32Array;
}
