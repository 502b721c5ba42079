import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TaurecError } from '../../errors.ts';
import { type Evaluation, evaluateAsync, type Protocol, protocols } from '../../evaluation/evaluator.ts';
import { loadMetric } from '../../evaluation/load-metric.ts';
import { embeddingRanker } from '../../evaluation/ranker.ts';
import { resultOf, writeResult } from '../../evaluation/result-file.ts';
import { version } from '../../platform/version.ts';
import { openRankingEngine } from '../../recommender/ranking-engine.ts';
import { configToJson, parseTrainConfig, type TrainConfig } from '../../training/config.ts';
import type { TrainEvent } from '../../training/events.ts';
import { mergeInteractions } from '../../training/merge.ts';
import { trainEmbeddings } from '../../training/train-embeddings.ts';
import { trainedModel } from '../../training/trained-model.ts';
import type { TrainResult } from '../../training/training-state.ts';
import { analyseScores } from '../analysis/score-analysis.ts';
import { mergeConfigs } from './merge-config.ts';
import type { FailedRun, RunEvaluation, RunRecord, RunSpec } from './run.ts';
import type { RunData } from './run-data.ts';

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
      const evaluation = await evaluateAsync(ranker, { ...shared, protocol });
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
