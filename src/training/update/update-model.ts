import { type Csr, pattern, resized } from '../../array/csr.ts';
import { type Matrix, matrix, row } from '../../array/matrix.ts';
import { sharedFloat32 } from '../../array/shared.ts';
import type { IdMap } from '../../data/id-map.ts';
import type { Interactions } from '../../data/interactions.ts';
import { TaurecError } from '../../errors.ts';
import { createModel, type Model, trainedItems } from '../../model/model.ts';
import type { Tensor } from '../../model/safetensors-format.ts';
import { Titles } from '../../model/titles.ts';
import type { ModelTrainingState } from '../../model/training-state.ts';
import { mergeInteractions } from '../merge.ts';
import { launch } from '../thread/launch.ts';
import type { TrainResult } from '../training-state.ts';
import { type Forgetting, forgetting } from './forgetting.ts';
import { growArrays } from './grow-arrays.ts';
import { type NewInteractions, newInteractions } from './new-interactions.ts';
import { placeNewRows } from './place-new-rows.ts';
import { updateConfig } from './update-config.ts';
import type { UpdateOptions } from './update-options.ts';

/** What an update found and did. */
export interface UpdateResult {
  /** The model that goes on, its training state with it; the given one where nothing is new. */
  readonly model: Model;
  /** What the log held that the model did not know. */
  readonly added: { readonly users: number; readonly items: number; readonly interactions: number };
  readonly epochs: number;
  readonly steps: number;
  /** Wall-clock seconds of training. */
  readonly seconds: number;
  readonly learningRate: number;
  /** Where the model has a validation part: how well that is found, before and after. */
  readonly forgetting?: Forgetting;
}

/**
 * Continues a model with new interactions: new users and items get rows behind the old ones, whose indices stay, and first embeddings from what they have or who has
 * them; then all interactions, old and new, are trained on for a few epochs from the model's embeddings and optimiser moments. What was held out for validation
 * stays held out. The loss keeps the options that it was trained with, a τ fitted to the old catalogue among them. The same model, log and options give the same model, whatever the number of threads.
 *
 * @param model its `trainingState` is read by `openModel(directory, { trainingState: true })`; without it the moments begin at zero, with a notice, and a model of
 *   a backbone other than `mf` cannot go on: its base embeddings are part of it.
 * @throws TaurecError `bad-option`, `no-training-state`, `update-imported`, `update-source`, `bad-model`, `aborted`, `diverged`, `memory-limit`
 */
export async function updateModel(model: Model, log: Interactions, options: UpdateOptions = {}): Promise<UpdateResult> {
  if (model.config.imported) throw new TaurecError('update-imported');
  const fresh = newInteractions(model, log);
  const added = { users: fresh.users.added, items: fresh.items.added, interactions: fresh.pairs.indices.length };
  const config = updateConfig(model, added.interactions, options);
  const { learningRate } = config;
  const { signal, onProgress = () => {} } = options;
  if (added.interactions === 0) {
    return { model, added, epochs: 0, steps: 0, seconds: 0, learningRate };
  }
  const state = model.trainingState;
  if (!state) {
    const message = 'The model was saved without its training state: the moments of the optimiser begin at zero.';
    onProgress({ type: 'notice', message });
  }
  if (!state && model.config.backbone !== 'mf') {
    throw new TaurecError('no-training-state', { model: 'The model', backbone: model.config.backbone });
  }
  const sizes = { users: fresh.users.ids.size, items: fresh.items.ids.size };
  const size = (m: Csr) => resized(m, sizes.users, sizes.items);
  const old = withWeights(trainedItems(model), state);
  const train = mergeInteractions(size(old), fresh.pairs);
  const bases = {
    users: grownTable(state?.arrays.users, model.users, sizes.users),
    items: grownTable(state?.arrays.items, model.items, sizes.items),
  };
  placeNewRows(
    bases.users,
    bases.items,
    train,
    { users: model.users.rows, items: model.items.rows },
    config.seed,
    config.initialDeviation,
  );
  const arrays = {
    ...(state && growArrays(state.arrays, { users: model.users.rows, items: model.items.rows }, sizes)),
    users: tensorOf(bases.users),
    items: tensorOf(bases.items),
  };
  const warmStart = { arrays, epochs: state?.epochs ?? model.config.epochs, steps: state?.steps ?? 0 };
  const result = await launch({ data: { train }, config, keepState: true, warmStart }, onProgress, signal);
  const updated = updatedModel(model, fresh, train, log, result, options.titles);
  return {
    model: updated,
    added,
    epochs: result.epoch,
    steps: result.steps,
    seconds: result.seconds.train,
    learningRate,
    ...(model.validation && { forgetting: await forgetting(model, updated, config.validation.metric, options) }),
  };
}

/** The base embeddings, with rows for those that are new. */
function grownTable(base: Tensor<Float32Array> | undefined, final: Matrix, rows: number): Matrix {
  const from = base ? matrix(base.shape[0]!, base.shape[1]!, base.data) : final;
  const table = matrix(rows, from.columns, sharedFloat32(rows * from.columns));
  for (let r = 0; r < Math.min(rows, from.rows); r++) row(table, r).set(row(from, r));
  return table;
}

function tensorOf({ rows, columns, data }: Matrix): Tensor<Float32Array> {
  return { shape: [rows, columns], data };
}

function withWeights(trained: Csr, state: ModelTrainingState | undefined): Csr {
  const weights = state?.interactionWeights;
  if (!weights) return trained;
  if (weights.length !== trained.indices.length) {
    const problem = `its training state has ${weights.length} interaction weights, expected ${trained.indices.length}`;
    throw new TaurecError('bad-model', { path: 'model', problem });
  }
  return { ...trained, values: weights };
}

function updatedModel(
  model: Model,
  { users, items, pairs }: NewInteractions,
  train: Csr,
  log: Interactions,
  result: TrainResult,
  titles: UpdateOptions['titles'],
): Model {
  const { validation, config } = model;
  const { versions: _versions, metrics: _metrics, updates = [], ...facts } = config;
  const size = (m: Csr) => resized(m, users.ids.size, items.ids.size);
  const update = {
    data: { source: log.source, sha256: log.sha256 },
    users: users.added,
    items: items.added,
    interactions: pairs.indices.length,
    epochs: result.epoch,
    steps: result.steps,
    learningRate: result.config.learningRate,
    seconds: result.seconds.train,
  };
  const updated = createModel({
    config: {
      ...facts,
      engine: result.engine,
      epochs: config.epochs + result.epoch,
      steps: config.steps + result.steps,
      // What was measured before the update says nothing of the model after it.
      metrics: {},
      updates: [...updates, update],
    },
    users: result.users,
    items: result.items,
    itemBias: result.itemBias,
    userIds: users.ids,
    itemIds: items.ids,
    seen: pattern(mergeInteractions(size(model.seen), pairs)),
    validation: validation && size(validation),
    titles: updatedTitles(model, items.ids, titles),
  });
  const state = result.trainingState!;
  return { ...updated, trainingState: { ...state, ...(train.values && { interactionWeights: train.values }) } };
}

function updatedTitles(model: Model, ids: IdMap, titles: UpdateOptions['titles']): Titles | undefined {
  if (!model.titles && !titles) return undefined;
  const texts = Array.from(ids, (id, i) => titles?.get(id) || (i < model.items.rows && model.titles?.at(i)) || '');
  return Titles.from(texts, ids.size);
}
