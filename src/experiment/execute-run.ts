// One run of an experiment or a recipe: loads its data, adds noise, trains, evaluates under both protocols, and computes the key under which its record is stored.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Csr } from '../array/csr.ts';
import { type Dataset, type DatasetOptions, loadDataset } from '../data/dataset.ts';
import { holdBackFalseNegatives } from '../data/split/hold-back-false-negatives.ts';
import { addPositiveNoise, negativeNoise } from '../data/training-noise.ts';
import { TaurecError } from '../errors.ts';
import { loadMetric } from '../evaluation/custom-metrics.ts';
import { type Evaluation, evaluate, type Protocol, protocols } from '../evaluation/evaluator.ts';
import { embeddingRanker } from '../evaluation/rankers.ts';
import { resultOf, writeResult } from '../evaluation/result-file.ts';
import { trainedItems } from '../model/model.ts';
import { version } from '../platform/version.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { modelRanker } from '../recommender/model-ranker.ts';
import { popularityBias } from '../recommender/popularity-prior.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { configToJson, parseTrainConfig, type TrainConfig } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { mergeInteractions } from '../training/merge.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import { trainedModel } from '../training/trained-model.ts';
import type { TrainResult } from '../training/training.ts';
import { type Choice, type FailedRun, mergeConfigs, type RunEvaluation, type RunRecord, type RunSpec } from './run.ts';
import { analyseScores } from './score-analysis.ts';

/** Recorded with every run. */
const versions = { taurec: version, node: process.version };

/** The environment of a run: everything that changes no result. */
export interface ExecuteOptions {
  /** From `runKey`; names the run's files. */
  readonly key: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Folder for checkpoints and per-user files. Without it none are written. */
  readonly folder?: string;
  /** Receives the training events. */
  readonly onEvent?: (event: TrainEvent) => void;
}

/** The checked training configuration of a run: the run's options override those of its data set. Losses are compared without a neighbour term unless one asks for it. @throws TaurecError `bad-option` */
export function configOf({ data, config, seed }: RunSpec): TrainConfig {
  return parseTrainConfig(mergeConfigs({ neighbors: 'off' }, data.config, config, { seed }));
}

/** Trains, evaluates under both protocols, and returns the record. A training that was stopped continues from its checkpoint. @throws TaurecError the errors of `train` and `evaluate` */
export async function execute(spec: RunSpec, data: RunData, options: ExecuteOptions): Promise<RunRecord> {
  const { key, threads, signal, folder } = options;
  const { dataset, negativeWeights } = data;
  const checkpointDirectory = folder && checkpointFolder(folder, key);
  if (checkpointDirectory) makeFolder(checkpointDirectory);
  const result = await trainEmbeddings({ ...dataset, negativeWeights }, { ...configOf(spec), threads } as never, {
    signal,
    onProgress: options.onEvent,
    ...(checkpointDirectory && { checkpointDirectory, resume: true }),
  });
  // `result.seconds` covers training and validation; the clock starts here for the evaluation.
  const started = performance.now();
  const model = trainedModel(dataset, result);
  const engine = await openRankingEngine(model, { threads });
  const evaluations = {} as Record<Protocol, RunEvaluation>;
  const lossAlone = {} as Record<Protocol, RunEvaluation>;
  try {
    const ranker = modelRanker(model, engine);
    const shared = { ...(await evaluationOptions(spec, data, result)), signal };
    for (const protocol of protocols) {
      const evaluation = await evaluate(ranker, { ...shared, protocol });
      evaluations[protocol] = { ...kept(evaluation), ...writePerUser(spec, data, evaluation, key, folder) };
      if (model.neighbors) {
        // the prior of the loss alone: the term's choice may have moved it
        const { popularityPrior = 0 } = result.history[result.epoch - 1]!;
        const bias = popularityPrior === 0 ? undefined : popularityBias(trainedItems(model), popularityPrior);
        const alone = embeddingRanker(engine, bias);
        lossAlone[protocol] = kept(await evaluate(alone, { ...shared, perUser: false, protocol }));
      }
    }
  } finally {
    await engine.close();
  }
  const tau = temperatureOf(result);
  return {
    ...identityOf(spec, data, key),
    config: configToJson(result.config),
    chosen: chosenBy(result),
    curve: curveOf(result),
    evaluations,
    ...(model.neighbors && { lossAlone }),
    ...(spec.analyse && tau !== undefined && { analysis: analyseScores(model, { tau, seed: spec.seed }) }),
    seconds: { ...result.seconds, evaluate: (performance.now() - started) / 1000 },
    engine: result.engine,
    versions,
    finished: new Date().toISOString(),
  };
}

/** The record of a run whose training failed. */
export function failedRun(spec: RunSpec, data: RunData, key: string, { code, message }: TaurecError): FailedRun {
  return {
    ...identityOf(spec, data, key),
    config: configToJson(configOf(spec)),
    failed: { code, message },
    versions,
    finished: new Date().toISOString(),
  };
}

/** The facts that identify a run, in finished and failed records alike. */
function identityOf(spec: RunSpec, data: RunData, key: string) {
  const { choice, noise = {}, seed } = spec;
  return { key, data: factsOf(spec, data), choice, noise, seed };
}

/** The folder of a run's checkpoint while the run is in progress. */
export function checkpointFolder(folder: string, key: string): string {
  return join(folder, 'checkpoints', key.slice(0, 16));
}

/** The evaluation options that both protocols share. */
async function evaluationOptions(
  { ks, metrics = [], perUser }: RunSpec,
  { dataset, seen }: RunData,
  { refitted }: TrainResult,
) {
  const extraMetrics = Object.fromEntries(
    await Promise.all(metrics.map(async (source) => [source.name, await loadMetric(source)] as const)),
  );
  const { valid, test } = dataset;
  // Validation items are masked in the lists, with two exceptions: after a refit they belong to train, and with `choice: 'test'` the validation set
  // is the test set itself, which must stay rankable.
  const validation = valid === test ? undefined : valid;
  const train = refitted && validation ? mergeInteractions(seen, validation) : seen;
  return { train, valid: refitted ? undefined : validation, test, ks, extraMetrics, groups: true, perUser };
}

/** The part of an evaluation that a record keeps. */
function kept({ users, metrics, groups }: Evaluation): RunEvaluation {
  return { users, metrics, groups: groups! };
}

/** Writes each user's numbers to `users/KEY.PROTOCOL.json`, if the run asks for them. The record stores the relative path. */
function writePerUser(
  { perUser }: RunSpec,
  { dataset }: RunData,
  evaluation: Evaluation,
  key: string,
  folder?: string,
) {
  if (!perUser || folder === undefined) return {};
  const path = join('users', `${key.slice(0, 16)}.${evaluation.protocol}.json`);
  makeFolder(join(folder, 'users'));
  writeResult(join(folder, path), resultOf(evaluation, { data: dataset, users: dataset.users }));
  return { perUser: path };
}

/** Counts of the data set. Test may have users and items that train lacks, and the reverse, so the larger count is taken. */
function factsOf({ data }: RunSpec, { dataset: { source, sha256, train, test } }: RunData): RunRecord['data'] {
  const [users, items] = [Math.max(train.rows, test.rows), Math.max(train.columns, test.columns)];
  const counts = { users, items, train: train.indices.length, test: test.indices.length };
  return { name: data.name, source, sha256, ...counts, popularityShift: popularityShift(train, test) };
}

/** (m_train − m_test) / (m_train − m_uniform): m is the mean training popularity of the items of training interactions, of test interactions, and of the catalogue. 0 if all items are equally popular. */
export function popularityShift(train: Csr, test: Csr): number {
  const popularity = new Float64Array(Math.max(train.columns, test.columns));
  for (const item of train.indices) popularity[item]!++;
  const meanOver = (items: Int32Array) => items.reduce((sum, item) => sum + popularity[item]!, 0) / items.length;
  const [ofTrain, ofTest] = [meanOver(train.indices), meanOver(test.indices)];
  const uniform = train.indices.length / train.columns;
  return ofTrain === uniform ? 0 : (ofTrain - ofTest) / (ofTrain - uniform);
}

/** The chosen epoch and prior, and the validation value behind them, if there was validation. */
function chosenBy({ epoch, valid, config }: TrainResult): RunRecord['chosen'] {
  const { metric } = config.validation;
  const popularityPrior = config.popularityPrior as number;
  return { epoch, popularityPrior, ...(valid && { metric, value: valid[metric]! }) };
}

/** The validation metric by epoch. */
function curveOf({ history, config }: TrainResult): RunRecord['curve'] {
  const { metric } = config.validation;
  return history.flatMap(({ epoch, valid }) => (valid ? [{ epoch, value: valid[metric]! }] : []));
}

/** τ of the negative side; undefined for losses without one. */
function temperatureOf({ config: { loss } }: TrainResult): number | undefined {
  const tau = 'options' in loss ? loss.options?.tau : undefined;
  return typeof tau === 'number' ? tau : undefined;
}

/** Share of a user's training positives that the false-negative protocol holds back. It is the same at every p, so that levels differ only in p. */
const heldBackShare = 0.2;

/** The data of a run. */
export interface RunData {
  /** Training data with the noise, the test set, and `valid` if an epoch is to be chosen. */
  readonly dataset: Dataset & { readonly test: Csr };
  /** [users × items] relative weights of known positives in the draw of negatives; absent: the sampler excludes them. */
  readonly negativeWeights?: Csr;
  /** [users × items] interactions masked in the lists: the whole training part, held-back positives included. */
  readonly seen: Csr;
}

/** How each choice holds out validation data. */
const held: Readonly<Record<Choice, Partial<DatasetOptions>>> = {
  validation: { validRatio: 0.1, validSplit: 'random' },
  debiased: { validRatio: 0.1, validSplit: 'debiased' },
  last: {},
  test: {},
};

/**
 * Reads the data set of a run, holds out its validation part and adds its noise to the training part only. Validation and test stay clean: no added
 * positive is in either of them, and every held-back positive comes from the training part.
 * @throws TaurecError the errors of `loadDataset`; `bad-option` for noise out of its range; `empty-data` without a test part
 */
export async function loadRunData({
  data,
  choice,
  noise = {},
  seed,
}: Pick<RunSpec, 'data' | 'choice' | 'noise' | 'seed'>): Promise<RunData> {
  const loaded = await loadDataset({ seed, ...data.files, ...held[choice] });
  const { test } = loaded;
  if (!test) throw new TaurecError('empty-data', { file: data.files.train, reason: `${data.name} has no test part` });
  const dataset = { ...loaded, test, valid: choice === 'test' ? test : loaded.valid };
  const { positive = 0, negative = 0, falseNegative } = noise;
  if (positive !== 0) dataset.train = addPositiveNoise(dataset.train, test, positive, seed, loaded.valid);
  // `seen` includes the added positives, and is taken before any positive is held back.
  const seen = dataset.train;
  if (falseNegative !== undefined) {
    const { train, negativeWeights } = holdBackFalseNegatives(dataset.train, heldBackShare, falseNegative, seed);
    return { dataset: { ...dataset, train }, negativeWeights, seen };
  }
  return { dataset, seen, ...(negative !== 0 && { negativeWeights: negativeNoise(dataset.train, negative) }) };
}

/** Version of the record. Increasing it makes every stored run be trained again. */
const format = 1;

/** Options of training that came after the first recorded runs, with the values that mean what was done before. The keys of runs leave such a value out, so that recorded runs keep theirs: a new option is added here. */
const sinceThen = ({ score }: TrainConfig) => ({ rankingScore: score, coldItems: 'auto' }) as const;

/**
 * SHA-256 of everything that decides a run's record: the content of the data, how they are read and held out, noise, every training option, seed and
 * version. For a loss, backbone or metric from a module the hash covers the module's text, for an object the text of its class and functions, but not the
 * modules that they import. The number of threads and the precision of a saved model are left out, because no result depends on them.
 */
export function runKey(spec: RunSpec, config: TrainConfig, dataSha256: string): string {
  const { threads: _threads, precision: _precision, ...training } = configToJson(config);
  for (const [option, before] of Object.entries(sinceThen(config))) {
    if (training[option] === before) delete training[option];
  }
  // Paths are left out: `dataSha256` identifies the content, so a moved data set keeps its runs.
  const { train: _train, test: _test, valid: _valid, ...reading } = spec.data.files;
  const { choice, noise = {}, seed, perUser = false, analyse = false, ks = [20], metrics = [] } = spec;
  const { pool, sampler } = config.batch;
  // Only custom ones are added, so that the keys of all other runs stay.
  const batches = [pool, sampler].filter((source) => typeof source === 'object');
  const modules = [config.loss, config.backbone, ...metrics, ...batches].map(sourceText);
  const facts = {
    format,
    version,
    dataSha256,
    reading,
    choice,
    noise,
    training,
    seed,
    perUser,
    analyse,
    ks,
    metrics,
    modules,
  };
  return sha256(canonical(facts));
}

/** SHA-256 of a module's text, or of an object's class and functions; empty for a built-in name, which the version identifies. */
function sourceText(source: object): string {
  if (['evaluate', 'forward', 'openPool', 'openSampler'].some((method) => method in source))
    return sha256(objectText(source));
  const { module } = source as { module?: string };
  if (module === undefined) return '';
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  return existsSync(path) ? sha256(readFileSync(path)) : '';
}

/** Source text of an object's class and its own functions. */
function objectText(source: object): string {
  const functions = Object.entries(source).filter(([, value]) => typeof value === 'function');
  return [source.constructor, ...functions.flat()].map(String).join('\n');
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** JSON with sorted keys, so that equal facts give equal text. Infinity is "inf", because JSON has none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, x) => {
    if (x === Infinity) return 'inf';
    if (typeof x !== 'object' || x === null || Array.isArray(x)) return x;
    return Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
