import { csrFromEntries } from '../../src/array/csr.ts';
import { matrix } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import { Titles } from '../../src/catalogue/titles.ts';
import { IdMap } from '../../src/data/id-map.ts';
import type { ScoreKind } from '../../src/engine/engine.ts';
import { createModel, type Model, trainedItems } from '../../src/model/model.ts';
import type { ModelFacts } from '../../src/model/model-facts.ts';
import { buildNeighbors } from '../../src/neighbors/build-neighbors.ts';

/** The facts of a model that no training made. */
export const someFacts = (score: ScoreKind): ModelFacts => ({
  backbone: 'mf',
  score,
  loss: { name: 'bsl', options: { tau: 0.1, tau1: 'inf' } },
  training: { epochs: 3, loss: { name: 'bsl' } },
  seed: 7,
  data: { source: 'made up', sha256: '00' },
  versions: { taurec: '0.0.0', node: '20' },
  engine: { name: 'reference', build: 'plain', threads: 1 },
  epochs: 3,
  steps: 12,
  chosen: { by: 'ndcg@20', on: 'valid', epoch: 2, value: 0.25 },
  metrics: { valid: { protocol: 'clean', values: { 'ndcg@20': 0.25 } } },
});

export interface RandomModelOptions {
  readonly users?: number;
  readonly items?: number;
  readonly dimension?: number;
  readonly score?: ScoreKind;
  readonly seed?: number;
  /** Embedding elements are one of this many values, so that small numbers make ties; absent: normal deviates. */
  readonly levels?: number;
  readonly density?: number;
  readonly userIds?: readonly string[];
  readonly itemIds?: readonly string[];
  readonly titles?: boolean;
  readonly validation?: boolean;
  /** Item biases between −1 and 1, in steps of 1/4. */
  readonly biased?: boolean;
  /** A neighbour term of the trained pairs, with weights of both signs. */
  readonly neighbors?: boolean;
}

/** A model of random embeddings and random seen items. */
export function randomModel(options: RandomModelOptions = {}): Model {
  const { dimension = 3, score = 'cosine', seed = 1, levels, density = 0.3 } = options;
  const users = options.userIds?.length ?? options.users ?? 4;
  const items = options.itemIds?.length ?? options.items ?? 9;
  const random = randomStream(seed, 'random-model');
  const randomBias = randomStream(seed, 'random-model-bias');
  const table = (rows: number) => {
    const m = matrix(rows, dimension);
    for (let i = 0; i < m.data.length; i++) m.data[i] = levels ? 1 + random.integer(levels) : random.normal();
    return m;
  };
  const pairs = { users: [] as number[], items: [] as number[] };
  const held = { users: [] as number[], items: [] as number[] };
  for (let u = 0; u < users; u++) {
    for (let i = 0; i < items; i++) {
      if (random.real() >= density) continue;
      pairs.users.push(u);
      pairs.items.push(i);
      if (random.real() >= 0.5) continue;
      held.users.push(u);
      held.items.push(i);
    }
  }
  const itemIds = IdMap.fromIds(options.itemIds ?? Array.from({ length: items }, (_, i) => `i${i}`));
  const model = createModel({
    config: someFacts(score),
    users: table(users),
    items: table(items),
    itemBias: options.biased ? Float32Array.from({ length: items }, () => (randomBias.integer(9) - 4) / 4) : undefined,
    userIds: IdMap.fromIds(options.userIds ?? Array.from({ length: users }, (_, u) => `u${u}`)),
    itemIds,
    seen: csrFromEntries(users, items, pairs.users, pairs.items),
    validation: options.validation ? csrFromEntries(users, items, held.users, held.items) : undefined,
    // Every second item has a title.
    titles: options.titles
      ? Titles.from(
          Array.from(itemIds, (id, i) => (i % 2 ? '' : `The “${id}”`)),
          items,
        )
      : undefined,
  });
  if (!options.neighbors) return model;
  const settings = { kind: 'ridge', size: 6, exponent: 0.25, shrink: 0, ridge: 0.5, beta: 0.75 } as const;
  return { ...model, neighbors: buildNeighbors(trainedItems(model), settings, seed) };
}
