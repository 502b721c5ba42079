// The types of a run: its specification, its record and its failure. Also merges training options and finds data sets in folders.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DatasetOptions } from '../data/dataset.ts';
import { type ErrorCode, TaurecError } from '../errors.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import type { GroupReport } from '../evaluation/groups.ts';
import type { ModuleSource } from '../option.ts';
import type { DataFacts } from '../report/report.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { EngineIdentity } from '../training/events.ts';
import type { ScoreAnalysis } from './score-analysis.ts';

/** A data set: its name, its files, and training options that suit it with every loss, such as rows per batch, learning rate and epochs. */
export interface DataSource {
  readonly name: string;
  /** Train and test files, and how to read them. */
  readonly files: Readonly<DatasetOptions>;
  readonly config: TrainConfigInput;
}

/**
 * How the epoch (and a popularity prior of `auto`) is chosen.
 * - `validation`: on a random tenth of train.
 * - `debiased`: on a tenth of train, drawn approximately uniformly over items, for tests under popularity shift.
 * - `last`: nothing is held out; the last epoch is taken.
 * - `test`: on the test set itself, as some papers do. Such numbers are labelled `published`, all others `validated`.
 */
export const choices = ['validation', 'debiased', 'last', 'test'] as const;
/** How the evaluated epoch is chosen: one of `choices`. */
export type Choice = (typeof choices)[number];

/** Noise in the training data. An absent level means no noise; so does 0, except for `falseNegative`. */
export interface Noise {
  /** ρ ≥ 0: random items added to each user's positives, as a fraction of their number. */
  readonly positive?: number;
  /** r ≥ 0: weight of a known positive in the draw of negatives, relative to 1 for any other item. */
  readonly negative?: number;
  /** p in [0, 1]: probability that a negative is a held-back training positive. A fifth of the positives is held back at every p, 0 included, so that levels differ only in p. */
  readonly falseNegative?: number;
}

/** A custom metric: its name (without a cut-off) and its module. */
export interface MetricSource extends ModuleSource {
  readonly name: string;
}

/** One training with its evaluation: all inputs that decide the numbers. */
export interface RunSpec {
  readonly data: DataSource;
  readonly choice: Choice;
  readonly noise?: Noise;
  /** Training options; they override those of the data set. `seed` is the field below, `threads` belongs to the laboratory. */
  readonly config: TrainConfigInput;
  /** Seed of training, of the validation split and of the noise. */
  readonly seed: number;
  /** Cut-offs K of the metrics. Default [20]. */
  readonly ks?: readonly number[];
  /** Custom metrics, in addition to the built-in ones. */
  readonly metrics?: readonly MetricSource[];
  /** Whether to keep each user's numbers, for significance tests. Default false. */
  readonly perUser?: boolean;
  /** Whether to analyse the scores of the trained model (`analyseScores`). Default false; ignored for losses without τ. */
  readonly analyse?: boolean;
}

/** The record of a finished run: one line of runs.jsonl. */
export interface RunRecord {
  /** SHA-256 of everything that decides the numbers: specification, data, version, text of custom modules. */
  readonly key: string;
  readonly data: DataFacts;
  readonly choice: Choice;
  readonly noise: Noise;
  readonly seed: number;
  /** The complete training configuration, as `configToJson` writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The epoch and popularity prior that were chosen, and the validation metric and value behind the choice. */
  readonly chosen: {
    readonly epoch: number;
    readonly popularityPrior: number;
    readonly metric?: string;
    readonly value?: number;
  };
  /** The learning curve: the validation metric of `chosen` after each validated epoch. Absent in records of earlier versions. */
  readonly curve?: readonly { readonly epoch: number; readonly value: number }[];
  readonly evaluations: Readonly<Record<Protocol, RunEvaluation>>;
  /** The same without the neighbour term, for a model with one: what the loss alone reaches. */
  readonly lossAlone?: Readonly<Record<Protocol, RunEvaluation>>;
  readonly analysis?: ScoreAnalysis;
  /** Wall-clock seconds; `train` excludes validation. With `jobs` > 1 other runs used the machine at the same time. */
  readonly seconds: { readonly train: number; readonly validate: number; readonly evaluate: number };
  readonly engine: EngineIdentity;
  readonly versions: { readonly taurec: string; readonly node: string };
  /** ISO 8601. */
  readonly finished: string;
}

/** The record of a training that diverged. It is a line of runs.jsonl too, so that the training is not repeated. */
export interface FailedRun
  extends Pick<RunRecord, 'key' | 'data' | 'choice' | 'noise' | 'seed' | 'config' | 'versions' | 'finished'> {
  readonly failed: { readonly code: ErrorCode; readonly message: string };
}

/** Tells a failed run from a finished one. */
export function isFailed(record: RunRecord | FailedRun): record is FailedRun {
  return 'failed' in record;
}

/** The results of a run under one protocol. */
export interface RunEvaluation {
  readonly users: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly groups: GroupReport;
  /** Path of the result file with each user's numbers, relative to the experiment's folder. */
  readonly perUser?: string;
}

/** Settings that are replaced, not merged: the options of one loss have no meaning for another. */
const whole = new Set(['loss', 'backbone']);

/** Merges training options; later ones win. Groups (batch, validation …) are merged option by option, `loss` and `backbone` are replaced. */
export function mergeConfigs(...configs: readonly TrainConfigInput[]): TrainConfigInput {
  return configs.reduce((merged, config) => over(merged, config)) as TrainConfigInput;
}

/** `above` merged over `below`; `undefined` overrides nothing. */
function over(below: object, above: object): object {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged[key];
    merged[key] = !whole.has(key) && isGroup(under) && isGroup(value) ? over(under, value) : value;
  }
  return merged;
}

/** True for a plain group of options, which is merged option by option. */
function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for the public data sets under popularity shift, by their name: their test items are drawn about uniformly over the catalogue. */
export function isShifted(name: string): boolean {
  return name.endsWith('-popularity');
}

/** How validation data are held out for a data set: in the same way as its test set. */
export function choiceFor(name: string): Choice {
  return isShifted(name) ? 'debiased' : 'validation';
}

/** Training options that suit the public data sets with every loss, measured on validation data. Other folders use the defaults. */
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
  'lightgcn-gowalla': { learningRate: 0.03, epochs: 90 },
  'ultragcn-movielens-1m': {
    batch: { rows: 128, pool: 'popularity', alpha: 0.5 },
    decoupledWeightDecay: 1,
    epochs: 60,
  },
};

/**
 * The data set in a folder with files `train.*` and `test.*`: a name means a folder of `$TAUREC_DATA`, a text with a slash is a path.
 * @throws TaurecError `unknown-name` for a folder that `$TAUREC_DATA` lacks; `bad-option` for a name when `$TAUREC_DATA` is not set; `file-not-found` for a missing path or file
 */
export function folderDataSet(nameOrPath: string): DataSource {
  const folder = folderOf(nameOrPath);
  const name = basename(folder);
  const files = { train: fileOf(folder, 'train'), test: fileOf(folder, 'test') };
  return { name, files, config: suited[name] ?? {} };
}

/** The folder of a name or path, as `folderDataSet` describes. */
function folderOf(nameOrPath: string): string {
  if (/[/\\]/.test(nameOrPath)) {
    if (existsSync(nameOrPath)) return nameOrPath;
    throw new TaurecError('file-not-found', { file: nameOrPath });
  }
  const home = process.env.TAUREC_DATA;
  if (!home) {
    const remedy = 'Set TAUREC_DATA to the folder that contains the data sets, or give a path: ./films.';
    const expected = 'a data set of $TAUREC_DATA, which is not set';
    throw new TaurecError('bad-option', { option: 'data', got: nameOrPath, expected, remedy });
  }
  const folder = join(home, nameOrPath);
  if (existsSync(folder)) return folder;
  const known = existsSync(home) ? readdirSync(home).filter((entry) => !entry.includes('.')) : [];
  throw new TaurecError('unknown-name', { kind: `data set of ${home}`, got: nameOrPath, known });
}

/** The first file of the folder, by name, that begins with `train.` or `test.`. */
function fileOf(folder: string, part: 'train' | 'test'): string {
  const name = readdirSync(folder)
    .sort()
    .find((file) => file.startsWith(`${part}.`));
  if (name !== undefined) return join(folder, name);
  throw new TaurecError('file-not-found', { file: join(folder, `${part}.*`) });
}

/** A short name of a record's configuration, for people: data set, loss and noise. */
export function configName({ data, config, noise }: Pick<RunRecord, 'data' | 'config' | 'noise'>): string {
  const loss = config.loss as { name?: string; module?: string };
  const noisy = Object.entries(noise).map(([kind, level]) => `, ${kind} noise ${level}`);
  return `${data.name}, ${loss.name ?? loss.module}${noisy.join('')}`;
}

/** The record, if the run finished. @throws TaurecError `failed-run` */
export function finished(record: RunRecord | FailedRun): RunRecord {
  if (!isFailed(record)) return record;
  const run = `${configName(record)}, seed ${record.seed}`;
  throw new TaurecError('failed-run', { run, key: record.key, reason: record.failed.message });
}
