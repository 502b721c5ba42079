import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
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
import { version } from '../platform/version.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { configToJson, parseTrainConfig, type TrainConfig } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { mergeInteractions } from '../training/merge.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import { trainedModel } from '../training/trained-model.ts';
import type { TrainResult } from '../training/training-state.ts';
import { type Choice, type FailedRun, mergeConfigs, type RunEvaluation, type RunRecord, type RunSpec } from './run.ts';
import { analyseScores } from './score-analysis.ts';

const versions = { taurec: version, node: process.version };

/** What surrounds a run. */
export interface ExecuteOptions {
  readonly key: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Where checkpoints and per-user files go; absent: none are kept. */
  readonly folder?: string;
  /** Receives what happens. */
  readonly onEvent?: (event: TrainEvent) => void;
}

/** The checked configuration of a run. @throws TaurecError `bad-option` */
export function configOf({ data, config, seed }: RunSpec): TrainConfig {
  return parseTrainConfig(mergeConfigs(data.config, config, { seed }));
}

/** Trains, evaluates under both protocols, and records. @throws TaurecError what `train` and `evaluate` throw */
export async function execute(spec: RunSpec, data: RunData, options: ExecuteOptions): Promise<RunRecord> {
  const { key, threads, signal, folder } = options;
  const { dataset, negativeWeights } = data;
  const checkpointDirectory = folder && checkpointFolder(folder, key);
  if (checkpointDirectory) mkdirSync(checkpointDirectory, { recursive: true });
  const result = await trainEmbeddings({ ...dataset, negativeWeights }, { ...configOf(spec), threads } as never, {
    signal,
    onProgress: options.onEvent,
    ...(checkpointDirectory && { checkpointDirectory, resume: true }),
  });
  const started = performance.now();
  const model = trainedModel(dataset, result);
  const engine = await openRankingEngine(model, { threads });
  const evaluations = {} as Record<Protocol, RunEvaluation>;
  try {
    const ranker = embeddingRanker(engine, model.itemBias);
    const shared = { ...(await evaluationOptions(spec, data, result)), signal };
    for (const protocol of protocols) {
      const evaluation = await evaluate(ranker, { ...shared, protocol });
      evaluations[protocol] = { ...kept(evaluation), ...writePerUser(spec, data, evaluation, key, folder) };
    }
  } finally {
    await engine.close();
  }
  const tau = temperatureOf(result);
  return {
    ...identityOf(spec, data, key),
    config: configToJson(result.config),
    chosen: chosenBy(result),
    evaluations,
    ...(spec.analyse && tau !== undefined && { analysis: analyseScores(model, { tau, seed: spec.seed }) }),
    seconds: { ...result.seconds, evaluate: (performance.now() - started) / 1000 },
    engine: result.engine,
    versions,
    finished: new Date().toISOString(),
  };
}

/** The record of a run that threw. */
export function failedRun(spec: RunSpec, data: RunData, key: string, { code, message }: TaurecError): FailedRun {
  return {
    ...identityOf(spec, data, key),
    config: configToJson(configOf(spec)),
    failed: { code, message },
    versions,
    finished: new Date().toISOString(),
  };
}

function identityOf(spec: RunSpec, data: RunData, key: string) {
  const { choice, noise = {}, seed } = spec;
  return { key, data: factsOf(spec, data), choice, noise, seed };
}

/** Where a run's checkpoint lies while it goes on. */
export function checkpointFolder(folder: string, key: string): string {
  return join(folder, 'checkpoints', key.slice(0, 16));
}

/** What the evaluations under both protocols have in common. */
async function evaluationOptions(
  { ks, metrics = [], perUser }: RunSpec,
  { dataset, seen }: RunData,
  { refitted }: TrainResult,
) {
  const extraMetrics = Object.fromEntries(
    await Promise.all(metrics.map(async (source) => [source.name, await loadMetric(source)] as const)),
  );
  const { valid, test } = dataset;
  // After a refit validation items are trained on like any other; the test set as validation hides nothing.
  const validation = valid === test ? undefined : valid;
  const train = refitted && validation ? mergeInteractions(seen, validation) : seen;
  return { train, valid: refitted ? undefined : validation, test, ks, extraMetrics, groups: true, perUser };
}

function kept({ users, metrics, groups }: Evaluation): RunEvaluation {
  return { users, metrics, groups: groups! };
}

function writePerUser(
  { perUser }: RunSpec,
  { dataset }: RunData,
  evaluation: Evaluation,
  key: string,
  folder?: string,
) {
  if (!perUser || folder === undefined) return {};
  const path = join('users', `${key.slice(0, 16)}.${evaluation.protocol}.json`);
  mkdirSync(join(folder, 'users'), { recursive: true });
  writeResult(join(folder, path), resultOf(evaluation, { data: dataset, users: dataset.users }));
  return { perUser: path };
}

function factsOf({ data }: RunSpec, { dataset: { source, sha256, train, test } }: RunData): RunRecord['data'] {
  const [users, items] = [Math.max(train.rows, test.rows), Math.max(train.columns, test.columns)];
  return { name: data.name, source, sha256, users, items, train: train.indices.length, test: test.indices.length };
}

function chosenBy({ epoch, valid, config }: TrainResult): RunRecord['chosen'] {
  const { metric } = config.validation;
  const popularityPrior = config.popularityPrior as number;
  return { epoch, popularityPrior, ...(valid && { metric, value: valid[metric]! }) };
}

/** τ of the negative side, where the loss has one. */
function temperatureOf({ config: { loss } }: TrainResult): number | undefined {
  const tau = 'options' in loss ? loss.options?.tau : undefined;
  return typeof tau === 'number' ? tau : undefined;
}

/** The part of a user's training positives that the false-negative protocol takes away, whatever the probability that they then come back as negatives. */
const heldBackShare = 0.2;

/** The data of a run. */
export interface RunData {
  /** What is trained on, with the noise, and `valid` where an epoch is to be chosen. */
  readonly dataset: Dataset & { readonly test: Csr };
  readonly negativeWeights?: Csr;
  /** What lists may not show: everything that the training file held, also what was held back. */
  readonly seen: Csr;
}

const held: Readonly<Record<Choice, Partial<DatasetOptions>>> = {
  validation: { validRatio: 0.1, validSplit: 'random' },
  debiased: { validRatio: 0.1, validSplit: 'debiased' },
  last: {},
  test: {},
};

/**
 * Reads a run's data set, holds out what its epoch is chosen by, and adds its noise: to the training part alone. Validation and test stay clean: an added positive is in neither, and a
 * positive that is held back comes from the training part.
 * @throws TaurecError what `loadDataset` throws; `bad-option` for noise out of its range; `empty-data` without a test part
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
  const seen = dataset.train;
  if (falseNegative !== undefined) {
    const { train, negativeWeights } = holdBackFalseNegatives(dataset.train, heldBackShare, falseNegative, seed);
    return { dataset: { ...dataset, train }, negativeWeights, seen };
  }
  return { dataset, seen, ...(negative !== 0 && { negativeWeights: negativeNoise(dataset.train, negative) }) };
}

/** Changes when what a run records changes. */
const format = 1;

/**
 * A hash of all that decides a run's record: data by content, how they are read and held out, noise, every training option, seed, version, and the text of
 * modules that are named and of a loss or backbone that is an object (not of what they import or call). Not the number of threads, on which nothing depends.
 */
export function runKey(spec: RunSpec, config: TrainConfig, dataSha256: string): string {
  const { threads: _, ...training } = configToJson(config);
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

/** A hash of the text of a module, or of an object's class and functions; nothing for what taurec has under the name. */
function sourceText(source: object): string {
  if (['evaluate', 'forward', 'openPool', 'openSampler'].some((method) => method in source))
    return sha256(objectText(source));
  const { module } = source as { module?: string };
  if (module === undefined) return '';
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  return existsSync(path) ? sha256(readFileSync(path)) : '';
}

function objectText(source: object): string {
  const functions = Object.entries(source).filter(([, value]) => typeof value === 'function');
  return [source.constructor, ...functions.flat()].map(String).join('\n');
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** JSON with the keys of every object in order; Infinity is "inf". */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, x) => {
    if (x === Infinity) return 'inf';
    if (typeof x !== 'object' || x === null || Array.isArray(x)) return x;
    return Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
