import type * as z from 'zod';
import { type Csr, csrFromEntries, csrRow, pattern, resized } from '../../array/csr.ts';
import { type Matrix, matrix, row } from '../../array/matrix.ts';
import { sharedFloat32 } from '../../array/shared.ts';
import type { BackboneSource } from '../../backbone/backbone.ts';
import { backboneNames } from '../../backbone/backbones.ts';
import { Titles } from '../../catalogue/titles.ts';
import type { IdMap } from '../../data/id-map.ts';
import type { Interactions } from '../../data/interactions.ts';
import { runShape } from '../../engine/run-options.ts';
import { TaurecError } from '../../errors.ts';
import { type EvaluateOptions, type Evaluation, evaluate } from '../../evaluation/evaluator.ts';
import { cutOff } from '../../evaluation/metrics.ts';
import type { LossSource } from '../../loss/loss.ts';
import { lossNames } from '../../loss/losses.ts';
import { learnColdItems } from '../../model/learn-cold-items.ts';
import { createModel, type Model, trainedItems } from '../../model/model.ts';
import { type ModelFacts, trainedScore } from '../../model/model-facts.ts';
import type { Tensor } from '../../model/safetensors-format.ts';
import type { ModelTrainingState } from '../../model/training-state.ts';
import { buildNeighbors } from '../../neighbors/build-neighbors.ts';
import { type DeclaredOption, declaredOptions, oneOf, option, positive, whole } from '../../option.ts';
import { modelRanker } from '../../recommender/model-ranker.ts';
import { openRankingEngine, type RankingEngineOptions } from '../../recommender/ranking-engine.ts';
import type { PoolSource, SamplerSource } from '../../sampler/sampler-options.ts';
import { parseTrainConfig, type TrainConfig } from '../config.ts';
import type { TrainEvent } from '../events.ts';
import { mergeInteractions } from '../merge.ts';
import { launch } from '../train-embeddings.ts';
import type { TrainResult } from '../training.ts';
import { growArrays, type NewInteractions, newInteractions, placeNewRows } from './new-rows.ts';

/** The options of an update that the command line sets, declared once. The training checks their bounds. */
export const updateShape = {
  /** Epochs over all interactions, old and new. Default: from a tenth (almost nothing is new) to a quarter (a quarter or more is new) of the epochs of the first training. */
  epochs: option(whole(1).optional(), {
    flag: '--epochs <number>',
    help: 'epochs over old and new interactions (default: depends on how much is new)',
  }),
  /** The highest learning rate, which falls to 0 by half a cosine. Default: half of the first training's. */
  learningRate: option(positive.optional(), {
    flag: '--learning-rate <number>',
    help: "peak learning rate (default: half of the model's)",
  }),
  /** Whether the catalogue places items with few interactions, or none (docs/cold-items.md). Default: as in the first training. */
  coldItems: option(oneOf(['auto', 'off']).optional(), {
    flag: '--cold-items <what>',
    help: 'place items with few interactions, or none, by their attributes: auto, off (default: as trained)',
  }),
  /** Default: the engine's choice; results do not depend on it. */
  threads: runShape.threads,
  engine: runShape.engine,
};

/** The options of `updateShape` with their paths. */
export const updateOptions: readonly DeclaredOption[] = declaredOptions(updateShape);

/** How `updateModel` continues training, reports and stops. */
export interface UpdateOptions extends Readonly<z.input<z.ZodObject<typeof updateShape>>> {
  /** Titles by item id: for new items, and in place of the model's own. */
  readonly titles?: ReadonlyMap<string, string>;
  /** The loss, for a model with a custom one. A model never loads code by itself. */
  readonly loss?: LossSource;
  /** The backbone, likewise. */
  readonly backbone?: BackboneSource;
  /** The custom pool and sampler, likewise. */
  readonly pool?: PoolSource;
  readonly sampler?: SamplerSource;
  /** Stops after the step in progress with error `aborted`. */
  readonly signal?: AbortSignal;
  /** Receives the events of the training. */
  readonly onProgress?: (event: TrainEvent) => void;
}

/** The result of an update. */
export interface UpdateResult {
  /** The updated model, with its training state; the given model where nothing is new. */
  readonly model: Model;
  /** The part of the log that was new to the model. */
  readonly added: { readonly users: number; readonly items: number; readonly interactions: number };
  readonly epochs: number;
  readonly steps: number;
  /** Wall-clock seconds of training. */
  readonly seconds: number;
  readonly learningRate: number;
  /** For a model with a validation part: its metric before and after. */
  readonly forgetting?: Forgetting;
}

/**
 * Continues a model with new interactions. New users and items get rows after the old ones, whose indices stay, and first embeddings from their neighbours in the
 * log; then the model trains for a few epochs on all interactions, old and new, from its embeddings and optimiser moments. Interactions held out for validation
 * stay held out. The loss keeps the options of the first training, including a τ fitted to the old catalogue. The same model, log and options give the same model for any number of threads.
 *
 * @param model with the `trainingState` that `openModel(directory, { trainingState: true })` reads; without it the moments start at zero, with a notice, and a model with
 *   a backbone other than `mf` cannot continue, because its base embeddings are part of that state.
 * @throws TaurecError `bad-option`, `no-training-state`, `update-imported`, `update-source`, `bad-model`, `aborted`, `diverged`, `memory-limit`, `memory-short`
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
    const message = 'The model was saved without training state: the optimiser moments start at zero.';
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
  const result = await launch({ data: { train }, config, keepState: true, warmStart }, { onEvent: onProgress, signal });
  const updated = updatedModel(model, fresh, train, log, result, options);
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

/** The base embeddings with added rows for new users or items. */
function grownTable(base: Tensor<Float32Array> | undefined, final: Matrix, rows: number): Matrix {
  const from = base ? matrix(base.shape[0]!, base.shape[1]!, base.data) : final;
  const table = matrix(rows, from.columns, sharedFloat32(rows * from.columns));
  for (let r = 0; r < Math.min(rows, from.rows); r++) row(table, r).set(row(from, r));
  return table;
}

function tensorOf({ rows, columns, data }: Matrix): Tensor<Float32Array> {
  return { shape: [rows, columns], data };
}

/**
 * The trained interactions with their weights from the training state, if it has any.
 * @throws TaurecError `bad-model` when their number differs
 */
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
  { titles, coldItems }: UpdateOptions,
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
  const titled = updatedTitles(model, items.ids, titles);
  const plain = createModel({
    config: {
      ...facts,
      ...(coldItems && { training: { ...facts.training, coldItems } }),
      engine: result.engine,
      epochs: config.epochs + result.epoch,
      steps: config.steps + result.steps,
      // Metrics from before the update do not describe the model after it.
      metrics: {},
      updates: [...updates, update],
    },
    users: result.users,
    items: result.items,
    itemBias: result.itemBias,
    neighbors: model.neighbors && buildNeighbors(train, model.neighbors, model.config.seed),
    userIds: users.ids,
    itemIds: items.ids,
    seen: pattern(mergeInteractions(size(model.seen), pairs)),
    validation: validation && size(validation),
    ...titled,
  });
  const updated = learnColdItems(plain);
  const state = result.trainingState!;
  return { ...updated, trainingState: { ...state, ...(train.values && { interactionWeights: train.values }) } };
}

/** The titles and the catalogue of a model with more items: new titles replace old ones, and new items that the catalogue knows get their attributes. */
function updatedTitles(model: Model, ids: IdMap, titles: UpdateOptions['titles']): Pick<Model, 'titles' | 'catalogue'> {
  const texts = Array.from(ids, (id, i) => titles?.get(id) || (i < model.items.rows && model.titles?.at(i)) || '');
  const found = model.titles || titles ? Titles.from(texts, ids.size) : undefined;
  const catalogue = model.catalogue?.moved(model.itemIds, ids, found);
  return { titles: catalogue?.itemTitles ?? found, ...(catalogue && { catalogue }) };
}

/** Fractions of the first training's epochs: where almost nothing is new, and where the share of new interactions is `LARGE_SHARE` or more. Evidence: docs/decisions/020-updates.md. */
const FEW = 1 / 10;
const MOST = 1 / 4;
const LARGE_SHARE = 1 / 4;
/** Fraction of the first training's learning rate. */
const RATE = 1 / 2;

/**
 * The configuration of an update: the model's own with fewer epochs, without validation and refit, and with a lower learning rate that falls to 0 by half a cosine.
 * @param fresh number of new interactions
 */
function updateConfig(model: Model, fresh: number, options: UpdateOptions): TrainConfig {
  const { config, seen } = model;
  const trained = parseTrainConfig({
    ...config.training,
    loss: lossOf(config, options.loss),
    backbone: backboneOf(config, options.backbone),
    batch: batchOf(config, options),
    score: trainedScore(config),
    ...(config.backbone === 'mf' && { dimension: model.items.columns }),
    seed: config.seed,
    threads: options.threads,
    engine: options.engine ?? 'auto',
  });
  const { timeBudget: _budget, ...rest } = trained;
  const share = fresh / Math.max(1, fresh + seen.indices.length);
  const part = FEW + (MOST - FEW) * Math.min(1, share / LARGE_SHARE);
  const epochs = Math.max(1, Math.round(firstEpochs(config) * part));
  return parseTrainConfig({
    ...rest,
    epochs: options.epochs ?? epochs,
    learningRate: options.learningRate ?? trained.learningRate * RATE,
    schedule: { name: 'cosine' },
    refit: false,
    // S of the same numbers is built from all interactions
    neighbors: 'off',
  });
}

/** Epochs of the training before all updates. */
function firstEpochs({ epochs, updates = [] }: ModelFacts): number {
  return updates.reduce((left, update) => left - update.epochs, epochs);
}

function lossOf({ loss }: ModelFacts, given: LossSource | undefined): LossSource {
  const builtIn = 'name' in loss && (lossNames as readonly string[]).includes(loss.name);
  const got = 'name' in loss ? `the loss ${loss.name}` : `the loss module ${loss.module}`;
  return sourceOf('loss', loss as LossSource, builtIn, got, given);
}

function backboneOf({ backbone: name, training }: ModelFacts, given: BackboneSource | undefined): BackboneSource {
  const builtIn = (backboneNames as readonly string[]).includes(name);
  return sourceOf(
    'backbone',
    (training.backbone ?? { name }) as BackboneSource,
    builtIn,
    `the backbone ${name}`,
    given,
  );
}

/** The model's batches, with a custom pool or sampler as it was given. */
function batchOf({ training }: ModelFacts, given: Pick<UpdateOptions, 'pool' | 'sampler'>): unknown {
  const own = (training.batch ?? {}) as Readonly<Record<string, unknown>>;
  const sources = (['pool', 'sampler'] as const).map((kind) => {
    const source = own[kind] as (PoolSource & { name?: string; module?: string }) | string | undefined;
    const builtIn = typeof source !== 'object';
    const got = builtIn
      ? `the ${kind} ${source ?? 'of its batches'}`
      : `the custom ${kind} ${source.module ?? source.name}`;
    return [kind, sourceOf<never>(kind, source as never, builtIn, got, given[kind] as never)] as const;
  });
  const changed = sources.filter(([, source]) => source !== undefined);
  return training.batch === undefined && changed.length === 0 ? undefined : { ...own, ...Object.fromEntries(changed) };
}

/** The model's own source where it is built in, else the given one; a given module takes missing export and options from the model's training. */
function sourceOf<T extends LossSource | BackboneSource | PoolSource | SamplerSource>(
  kind: 'loss' | 'backbone' | 'pool' | 'sampler',
  own: T,
  builtIn: boolean,
  got: string,
  given: T | undefined,
): T {
  if (builtIn && given !== undefined) {
    const expected = `none: the model has ${got}, which is built in, and keeps it`;
    throw new TaurecError('bad-option', { option: kind, got: `a ${kind}`, expected });
  }
  if (builtIn) return own;
  if (given === undefined) throw new TaurecError('update-source', { kind, got });
  if (!('module' in given) || !('module' in own)) return given;
  return { ...own, ...given, options: { ...own.options, ...given.options } };
}

/** The metric of a model's held-out interactions before and after an update: how much it forgot. */
export interface Forgetting {
  /** As 'ndcg@20'; protocol `clean`. */
  readonly metric: string;
  /** Users with held-out interactions. */
  readonly users: number;
  readonly before: number;
  readonly after: number;
}

/** Measures both models on the validation part of the old one, with the same interactions masked. */
export async function forgetting(
  old: Model,
  updated: Model,
  metric: string,
  options: RankingEngineOptions & { readonly signal?: AbortSignal },
): Promise<Forgetting> {
  const train = trainedItems(updated);
  const { rows, columns } = old.seen;
  const before = await measure(old, within(train, rows, columns), old.validation!, metric, options);
  const after = await measure(updated, train, updated.validation!, metric, options);
  return { metric, users: after.users, before: before.metrics[metric]!, after: after.metrics[metric]! };
}

/** Evaluates a model, protocol `clean`, at the cut-off of a metric. */
export async function measure(
  model: Model,
  train: Csr,
  test: Csr,
  metric: string,
  options: RankingEngineOptions & Pick<EvaluateOptions, 'signal' | 'perUser'>,
): Promise<Evaluation> {
  const { signal, perUser, threads, engine: name } = options;
  const engine = await openRankingEngine(model, { threads, engine: name });
  try {
    const ranker = modelRanker(model, engine);
    return await evaluate(ranker, { train, test, protocol: 'clean', ks: [cutOff(metric)], perUser, signal });
  } finally {
    await engine.close();
  }
}

/** The part of a matrix within its first rows and columns. */
export function within(m: Csr, rows: number, columns: number): Csr {
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (const c of csrRow(m, r)) {
      if (c >= columns) continue;
      rowOf.push(r);
      columnOf.push(c);
    }
  }
  return csrFromEntries(rows, columns, rowOf, columnOf);
}
