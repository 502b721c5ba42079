import { createModel, type Model, trainedItems } from '../../src/model/model.ts';
import { buildNeighbors } from '../../src/neighbors/build-neighbors.ts';

/** The model with a neighbour term from its own trained items. */
export function withTerm(model: Model, beta = 0.5): Model {
  const settings = { kind: 'cosine', size: 4, exponent: 0.25, shrink: 0, beta } as const;
  const { popularity: _popularity, ...parts } = model;
  return createModel({ ...parts, neighbors: buildNeighbors(trainedItems(model), settings, 1) });
}
