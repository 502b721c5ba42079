import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DatasetOptions } from '../data/dataset.ts';
import { type ErrorCode, TaurecError } from '../errors.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { GroupReport } from '../evaluation/groups.ts';
import type { ModuleSource } from '../platform/load-module.ts';
import type { DataFacts } from '../report/report.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { EngineIdentity } from '../training/events.ts';
import type { ScoreAnalysis } from './score-analysis.ts';

/** A data set by its name and files, with the settings that suit it whatever the loss: rows a batch, learning rate, epochs. */
export interface DataSource {
  readonly name: string;
  /** Files with a train and a test part, and how they are read. */
  readonly files: Readonly<DatasetOptions>;
  readonly config: TrainConfigInput;
}

/**
 * By what the epoch (and a popularity prior that is `auto`) is chosen.
 * - `validation`: a random tenth of train. - `debiased`: a tenth of train drawn about uniformly over items, for tests under popularity shift. - `last`: nothing is held out, the last epoch is taken.
 * - `test`: the test set itself, as some papers do. Such numbers are named `published`, all others `validated`.
 */
export const choices = ['validation', 'debiased', 'last', 'test'] as const;
/** How the evaluated epoch is chosen. */
export type Choice = (typeof choices)[number];

/** What is done to the training data; absent: nothing. 0 too, but for `falseNegative`. */
export interface Noise {
  /** ρ: random items added to a user's positives, as a part of them. */
  readonly positive?: number;
  /** r: how often a known positive is drawn as a negative, relative to any other item. */
  readonly negative?: number;
  /** p: how often a negative is a held-back training positive. Also at 0 a fifth of the positives is held back, so that only p differs. */
  readonly falseNegative?: number;
}

/** A custom metric: its name, without a cut-off, and its module. */
export interface MetricSource extends ModuleSource {
  readonly name: string;
}

/** One training and its evaluation: everything that decides the numbers. */
export interface RunSpec {
  readonly data: DataSource;
  readonly choice: Choice;
  readonly noise?: Noise;
  /** Training options, over those of the data set. `seed` and `threads` are set elsewhere. */
  readonly config: TrainConfigInput;
  /** Of training, of the validation part and of the noise. */
  readonly seed: number;
  /** Cut-offs of the metrics. Default [20]. */
  readonly ks?: readonly number[];
  /** Custom metrics, in addition to the built-in ones. */
  readonly metrics?: readonly MetricSource[];
  /** Keep each user's numbers, for significance tests. Default false. */
  readonly perUser?: boolean;
  /** Analyse the scores of the trained model against its loss. Default false. */
  readonly analyse?: boolean;
}

/** What a run left: one line of runs.jsonl. */
export interface RunRecord {
  /** A hash of everything that decides the numbers: specification, data, version, text of named modules. */
  readonly key: string;
  readonly data: DataFacts;
  readonly choice: Choice;
  readonly noise: Noise;
  readonly seed: number;
  /** Complete, as `configToJson` writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The epoch that was taken, and the validation value it was chosen by. */
  readonly chosen: {
    readonly epoch: number;
    readonly popularityPrior: number;
    readonly metric?: string;
    readonly value?: number;
  };
  readonly evaluations: Readonly<Record<Protocol, RunEvaluation>>;
  readonly analysis?: ScoreAnalysis;
  /** Wall seconds; `train` without validation. Runs share the machine with others when `jobs` > 1. */
  readonly seconds: { readonly train: number; readonly validate: number; readonly evaluate: number };
  readonly engine: EngineIdentity;
  readonly versions: { readonly taurec: string; readonly node: string };
  /** ISO 8601. */
  readonly finished: string;
}

/** What a training left that diverged: a line of runs.jsonl too, so that it is not tried again. */
export interface FailedRun
  extends Pick<RunRecord, 'key' | 'data' | 'choice' | 'noise' | 'seed' | 'config' | 'versions' | 'finished'> {
  readonly failed: { readonly code: ErrorCode; readonly message: string };
}

export function isFailed(record: RunRecord | FailedRun): record is FailedRun {
  return 'failed' in record;
}

/** The numbers of a run under one protocol. */
export interface RunEvaluation {
  readonly users: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly groups: GroupReport;
  /** A result file with each user's numbers, relative to the folder of the experiment. */
  readonly perUser?: string;
}

/** Settings that are replaced as a whole: their options mean nothing under another name. */
const whole = new Set(['loss', 'backbone']);

/** Training options over others: groups (batch, validation …) are merged option by option. Later ones win. */
export function mergeConfigs(...configs: readonly TrainConfigInput[]): TrainConfigInput {
  return configs.reduce((merged, config) => over(merged, config)) as TrainConfigInput;
}

function over(below: object, above: object): object {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged[key];
    merged[key] = !whole.has(key) && isGroup(under) && isGroup(value) ? over(under, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What suits the public data sets whatever the loss, as measured on validation data; other folders take the defaults. */
const suited: Readonly<Record<string, TrainConfigInput>> = {
  'movielens-100k': {},
  'movielens-1m': { batch: { rows: 128 }, epochs: 60 },
  'movielens-1m-temporal': { batch: { rows: 128 }, epochs: 60 },
  'amazon2014-health': { batch: { rows: 64, negatives: 'all' } },
  'amazon2014-electronic': { batch: { rows: 128 }, learningRate: 0.03, epochs: 60 },
  gowalla: { learningRate: 0.03, epochs: 90 },
  'amazon2014-electronic-popularity': { learningRate: 0.03, epochs: 40 },
  'amazon2014-cd-popularity': { learningRate: 0.03, epochs: 40 },
  'gowalla-popularity': { learningRate: 0.03, epochs: 40 },
  yelp2018: { learningRate: 0.03, epochs: 90 },
};

/**
 * A data set as a folder with files `train.*` and `test.*`: one of `$TAUREC_DATA` by its name, or any other by its path.
 * @throws TaurecError `unknown-name`, `bad-option` when there is no such folder, `file-not-found` when it lacks a file.
 */
export function folderDataSet(nameOrPath: string): DataSource {
  const folder = folderOf(nameOrPath);
  const name = basename(folder);
  const files = { train: fileOf(folder, 'train'), test: fileOf(folder, 'test') };
  return { name, files, config: suited[name] ?? {} };
}

function folderOf(nameOrPath: string): string {
  if (/[/\\]/.test(nameOrPath)) {
    if (existsSync(nameOrPath)) return nameOrPath;
    throw new TaurecError('file-not-found', { file: nameOrPath });
  }
  const home = process.env.TAUREC_DATA;
  if (!home) {
    const remedy = 'Set TAUREC_DATA to the folder that holds the data sets, or give the path of one: ./films.';
    const expected = 'a data set of $TAUREC_DATA, which is not set';
    throw new TaurecError('bad-option', { option: 'data', got: nameOrPath, expected, remedy });
  }
  const folder = join(home, nameOrPath);
  if (existsSync(folder)) return folder;
  const known = existsSync(home) ? readdirSync(home).filter((entry) => !entry.includes('.')) : [];
  throw new TaurecError('unknown-name', { kind: `data set of ${home}`, got: nameOrPath, known });
}

function fileOf(folder: string, part: 'train' | 'test'): string {
  const name = readdirSync(folder)
    .sort()
    .find((file) => file.startsWith(`${part}.`));
  if (name !== undefined) return join(folder, name);
  throw new TaurecError('file-not-found', { file: join(folder, `${part}.*`) });
}

/** A configuration for people: what it adds to the defaults of taurec, of a record. */
export function configName({ data, config, noise }: Pick<RunRecord, 'data' | 'config' | 'noise'>): string {
  const loss = config.loss as { name?: string; module?: string };
  const noisy = Object.entries(noise).map(([kind, level]) => `, ${kind} noise ${level}`);
  return `${data.name}, ${loss.name ?? loss.module}${noisy.join('')}`;
}

/** The record of a run that did not fail. @throws TaurecError `failed-run` */
export function finished(record: RunRecord | FailedRun): RunRecord {
  if (!isFailed(record)) return record;
  const run = `${configName(record)}, seed ${record.seed}`;
  throw new TaurecError('failed-run', { run, key: record.key, reason: record.failed.message });
}
