import { type Csr, csrRow } from '../array/csr.ts';
import type { RankingEngine } from '../engine/engine.ts';
import { embeddingRanker, type UserRanker } from '../evaluation/rankers.ts';
import { type Model, type ServedModel, trainedItems } from '../model/model.ts';
import { NeighborTerm } from '../neighbors/neighbors.ts';

/**
 * A ranker that scores as a model does: with its embeddings, item biases and neighbour term.
 * @param engine holds the model's embeddings
 */
export function modelRanker(model: ServedModel, engine: RankingEngine): UserRanker {
  return embeddingRanker(engine, model.itemBias, neighborsOf(model));
}

/** P_u of the neighbour term; empty without one. */
export function likedBy(neighbors: { readonly liked: Csr } | undefined, user: number): Int32Array {
  return neighbors ? csrRow(neighbors.liked, user) : new Int32Array(0);
}

/** The neighbour term of a model, and the items that it is computed from. */
export function neighborsOf(model: Pick<Model, 'neighbors' | 'seen' | 'validation'>) {
  const { neighbors } = model;
  return neighbors && { term: new NeighborTerm(neighbors), liked: trainedItems(model) };
}
