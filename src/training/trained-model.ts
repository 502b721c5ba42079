import { type Csr, pattern } from '../array/csr.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { Titles } from '../catalogue/titles.ts';
import type { Dataset } from '../data/dataset.ts';
import type { IdMap } from '../data/id-map.ts';
import { learnColdItems } from '../model/learn-cold-items.ts';
import { createModel, type Model, trainedItems } from '../model/model.ts';
import type { ModelFacts } from '../model/model-facts.ts';
import { configToJson, type TrainConfig } from './config.ts';
import { mergeInteractions } from './merge.ts';
import type { TrainResult } from './training.ts';

/**
 * The model of a training run: its embeddings with the ids, titles and seen items of the training data. With a catalogue it also computes what attributes tell about embeddings (`coldItems`), in seconds. `saveModel` writes it,
 * `Recommender` serves it. `metrics` are added to those of validation, by part of the data (`test`).
 */
export function trainedModel(dataset: Dataset, result: TrainResult, metrics: ModelFacts['metrics'] = {}): Model {
  const { train, valid } = dataset;
  const { config } = result;
  const { metric } = config.validation;
  const value = result.valid?.[metric];
  const training = configToJson(config);
  const itemIds = dataset.items.slice(train.columns);
  const plain = createModel({
    config: {
      backbone: backboneName(config.backbone),
      score: config.rankingScore,
      loss: training.loss as ModelFacts['loss'],
      training,
      seed: config.seed,
      ...(config.precision !== 'f32' && { precision: config.precision }),
      data: { source: dataset.source, sha256: dataset.sha256, ...(dataset.splits && { splits: dataset.splits }) },
      engine: result.engine,
      ...(result.tuning && { tuning: structuredClone(result.tuning) as ModelFacts['tuning'] }),
      epochs: result.epoch,
      steps: result.steps,
      ...(value !== undefined && {
        chosen: {
          ...{ by: metric, on: 'valid', epoch: result.epoch, value },
          ...(result.neighbors && { withoutNeighbors: result.neighborChoice?.valid?.without[metric] }),
        },
      }),
      metrics: { ...(result.valid && { valid: { protocol: 'clean', values: { ...result.valid } } }), ...metrics },
    },
    users: result.users,
    items: result.items,
    itemBias: result.itemBias,
    neighbors: result.neighbors,
    userIds: dataset.users.slice(train.rows),
    itemIds,
    seen: pattern(valid ? mergeInteractions(train, valid) : train),
    validation: valid && !result.refitted ? pattern(valid) : undefined,
    ...titlesAndCatalogue(dataset, itemIds),
  });
  const model = learnColdItems(plain);
  if (!result.trainingState) return model;
  const weighted = result.refitted ? mergeInteractions(train, valid!) : train;
  const interactionWeights = weighted.values && weightsOf(weighted, trainedItems(model));
  return { ...model, trainingState: { ...result.trainingState, ...(interactionWeights && { interactionWeights }) } };
}

/** The titles of the items, and their attributes if there is a catalogue. */
function titlesAndCatalogue({ titles, catalogue }: Dataset, itemIds: IdMap): Pick<Model, 'titles' | 'catalogue'> {
  const named = titles && Titles.from(titles, itemIds.size);
  // A saved model takes its titles from the catalogue, so it gets those of the dataset too.
  return { titles: named, ...(catalogue && { catalogue: Catalogue.from(catalogue, itemIds, named) }) };
}

/** The weight in `weighted` of each pair of `wanted`, in order; 1 for a missing pair. One merge of two ascending lists per user. */
function weightsOf(weighted: Csr, wanted: Csr): Float32Array {
  const weights = new Float32Array(wanted.indices.length).fill(1);
  for (let u = 0; u < wanted.rows; u++) {
    let at = weighted.offsets[u]!;
    for (let e = wanted.offsets[u]!; e < wanted.offsets[u + 1]!; e++) {
      while (at < weighted.offsets[u + 1]! && weighted.indices[at]! < wanted.indices[e]!) at++;
      if (at < weighted.offsets[u + 1]! && weighted.indices[at] === wanted.indices[e])
        weights[e] = weighted.values![at]!;
    }
  }
  return weights;
}

/** The name of a built-in backbone, or the module of a custom one. */
function backboneName(source: TrainConfig['backbone']): string {
  return 'module' in source ? source.module : source.name;
}
