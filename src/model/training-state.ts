import type { Tensor } from './safetensors-format.ts';

/** Arrays that training goes on from, by name (docs/model-format.md), without padding. */
export type TrainedArrays = Readonly<Record<string, Tensor<Float32Array>>>;

/**
 * What training needs to continue a model in addition to its embeddings: `training.safetensors` of a model folder. Serving never reads it.
 * Epochs and steps are those that the moments have seen: what is drawn at random and Adam's bias correction go on from there.
 */
export interface ModelTrainingState {
  readonly epochs: number;
  readonly steps: number;
  /**
   * `optimizer.usersM`, `optimizer.usersV` [U, d], `optimizer.itemsM`, `optimizer.itemsV` [I, d] under Adam; `loss.…`: what the loss keeps between steps; with a backbone
   * also `users`, `items`, the base embeddings, and `weights.…`, its parameters, with their moments.
   */
  readonly arrays: TrainedArrays;
  /** [trained pairs] weights of the interactions that were trained on, in the order of `trainedItems`; absent: all 1. */
  readonly interactionWeights?: Float32Array;
}
