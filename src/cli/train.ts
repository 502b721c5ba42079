// `taurec train`: reads data and configuration, trains, evaluates on the test part, and saves the model.

import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { type Dataset, type DatasetOptions, loadDataset } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import { loadLoss } from '../loss/load-loss.ts';
import { checkScore, withoutAutomatic } from '../loss/losses.ts';
import { createModel, type Model } from '../model/model.ts';
import { checkModelTarget, type SaveOptions, saveModel } from '../model/model-directory.ts';
import type { ModelFacts } from '../model/model-facts.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { aimSplit } from '../training/aim.ts';
import { type TrainConfigInput, trainOptions } from '../training/config.ts';
import type { TrainEvent } from '../training/events.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import { trainedModel } from '../training/trained-model.ts';
import type { TrainResult } from '../training/training.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import {
  addReadOptions,
  addSplitOptions,
  dataName,
  datasetOptionsOf,
  type ReadFlags,
  type SplitFlags,
} from './data-options.ts';
import { commonFlags } from './declared-flags.ts';
import {
  addEvaluationFlags,
  type EvaluationRequest,
  evaluateModel,
  type ProtocolChoice,
  protocolChoices,
} from './evaluate-model.ts';
import { AdvisedError } from './failure.ts';
import { timed } from './output.ts';
import { WorkProgress } from './progress.ts';
import { shortenHelp } from './short-help.ts';
import { trainSourceOf } from './source-argument.ts';
import type { Terminal } from './terminal.ts';
import { TrainProgress } from './train-progress.ts';
import { printSummary, reportReading, trainJson } from './train-report.ts';
import { addTrainingFlags, checkedConfig, inFlags, type TrainingFlags, trainInputOf } from './training-flags.ts';
import { writeLog } from './write-log.ts';

/** Flags of `taurec train`, without those of the training options (`TrainingFlags`). */
interface TrainFlags extends CommonOptions, ReadFlags, SplitFlags {
  train?: string;
  out?: string;
  config?: string;
  protocol: ProtocolChoice;
  ks?: number[];
  log?: string;
  resume?: boolean;
  trainingState: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('[data...]', 'files, folder, URL or database table of interactions to train on; - reads standard input')
    .option(
      '--train <file>',
      'training interactions: CSV, TSV, JSON lines, Parquet, LightGCN text, postgres://…?table=…, sqlite:…?table=…',
    )
    .option('-o, --out <folder>', 'model folder (default: models/<name of the data>)')
    .option(
      '--config <file>',
      'configuration file (default: taurec.config.ts, .mjs, .js or .json in the current folder, if any)',
    )
    .option('--log <file>', 'write training events to a file of JSON lines')
    .option('--resume', 'resume from the last checkpoint in the model folder')
    .option('--no-training-state', 'save the model without the training state that taurec update needs');
  addEvaluationFlags(command, ['protocol', 'ks']);
  addSplitOptions(command);
  addTrainingFlags(command);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  shortenHelp(command, [
    '--test',
    '--valid-ratio',
    '--min-rating',
    '--out',
    '--seed',
    '--json',
    ...commonFlags(trainOptions),
  ]);
  addExamples(
    command,
    'taurec train ratings.csv --min-rating 4 --titles movies.csv',
    'taurec train ratings.csv --split random --valid-ratio 0.1 --refit --out models/films',
    'taurec train --train train.tsv.gz --test test.tsv.gz --loss sl --tau 0.1 --seed 1 --threads 2 --out model --json',
  );
  command.action((data: string[], flags: TrainFlags) => run(terminal, data, flags));
}

async function run(terminal: Terminal, places: readonly string[], flags: TrainFlags): Promise<void> {
  const engine = engineOptions(flags);
  const say = terminal.notes(flags.quiet);
  const configFile = findConfigFile(flags.config);
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  if (configFile !== undefined) say(`Using ${configFile}.`);
  const trainFile = trainSourceOf('train', places, flags.train, file?.data.train);
  const given = trainInputOf(flags as unknown as TrainingFlags, file?.training);
  const config = checkedConfig(given);
  const out = flags.out ?? file?.out ?? join('models', dataName(trainFile));
  // Wrong losses, backbones and folders fail here, before minutes of reading and training.
  checkScore(await loadLoss(withoutAutomatic(config.loss)), config.score);
  await loadBackbone(config.backbone);
  await checkModelTarget(out);

  // Precedence: flags, then the configuration file. The seed of the splits is that of the training unless the file sets one.
  const dataOptions: DatasetOptions = {
    seed: config.seed,
    ...file?.data,
    ...datasetOptionsOf(flags),
    train: trainFile,
  };
  if (dataOptions.validRatio) dataOptions.validSplit ??= aimSplit(config.aim);
  const [dataset, readSeconds] = await timed(() => loadDataset(dataOptions));
  reportReading(dataset, readSeconds, dataOptions, say);

  const [result, trainSeconds] = await timed(() => runTraining(terminal, dataset, given, out, flags));
  const request: EvaluationRequest = { protocols: protocolChoices[flags.protocol], ks: flags.ks };
  const model = trainedModel(dataset, result);
  const others = testPart(dataset, dataOptions.split !== undefined);
  const save = (finished: Model) => saveOrAdvise(terminal, out, finished, others);
  const [evaluations, evaluateSeconds] = await timed(() =>
    evaluateOrSave(terminal, dataset, model, request, save, { ...engine, quiet: flags.quiet }),
  );
  // The checkpoint goes last: until the model is saved, --resume needs it.
  await save(evaluations ? withTestMetrics(model, evaluations) : model);
  const testFile = others[TEST] ? join(out, TEST) : dataOptions.test;
  await rm(join(out, 'checkpoint.safetensors'), { force: true });

  const seconds = { read: readSeconds, train: trainSeconds, evaluate: evaluations ? evaluateSeconds : 0 };
  if (flags.json) terminal.printJson(trainJson(out, dataset, result, evaluations, seconds));
  else printSummary(terminal, out, dataset, result, evaluations, seconds, testFile);
}

/** Trains with a progress display and an event log. An interruption adds the command that continues the training. */
async function runTraining(
  terminal: Terminal,
  dataset: Dataset,
  config: TrainConfigInput,
  out: string,
  flags: TrainFlags,
): Promise<TrainResult> {
  const progress = flags.quiet ? undefined : new TrainProgress(terminal.stderr);
  const log = flags.log === undefined ? undefined : new EventLog(flags.log, flags.resume === true);
  try {
    return await terminal.interruptible((signal) =>
      trainEmbeddings(dataset, config, {
        signal,
        checkpointDirectory: out,
        resume: flags.resume,
        keepState: flags.trainingState,
        onProgress(event) {
          log?.write(event);
          progress?.handle(event);
        },
      }),
    );
  } catch (error) {
    const checkpoint = error instanceof TaurecError && error.code === 'aborted' ? error.facts.checkpoint : undefined;
    progress?.close();
    if (error instanceof TaurecError && error.code === 'aborted' && checkpoint === undefined) {
      throw new AdvisedError(error, 'Nothing is kept: the first checkpoint was not written yet.');
    }
    if (checkpoint === undefined) throw inFlags(error);
    throw new AdvisedError(error, `To continue: ${terminal.thisCommand('--resume', '--resume')}`);
  } finally {
    progress?.close();
    log?.close();
  }
}

/** Evaluates the model on the test part; undefined without one. If the evaluation fails, the model is saved before the error is thrown, so that no training is lost. */
async function evaluateOrSave(
  terminal: Terminal,
  dataset: Dataset,
  model: Model,
  request: EvaluationRequest,
  save: (model: Model) => Promise<string>,
  { quiet, ...options }: Pick<CommonOptions, 'engine' | 'threads' | 'quiet'>,
): Promise<Evaluation[] | undefined> {
  const { test } = dataset;
  if (!test) return undefined;
  const progress = quiet ? undefined : new WorkProgress(terminal.stderr);
  const engine = await openRankingEngine(model, options);
  try {
    return await terminal.interruptible((signal) => evaluateModel(model, engine, test, request, { signal, progress }));
  } catch (error) {
    throw new AdvisedError(error, `The model was saved in ${await save(model)}`);
  } finally {
    await engine.close();
  }
}

/** The model with its test metrics: `test` for the first protocol, `test-<protocol>` for others. */
function withTestMetrics(model: Model, evaluations: readonly Evaluation[]): Model {
  const { protocol, metrics } = evaluations[0]!;
  const all: ModelFacts['metrics'] = { ...model.config.metrics, test: { protocol, values: { ...metrics } } };
  for (const other of evaluations.slice(1)) {
    all[`test-${other.protocol}`] = { protocol: other.protocol, values: { ...other.metrics } };
  }
  // `createModel` derives the popularity from the parts.
  const { popularity: _popularity, ...parts } = model;
  return createModel({ ...parts, config: { ...model.config, metrics: all } });
}

/** The file of a held-out test part in the model folder. */
const TEST = 'test.csv';

/** Saves the model and returns its folder. If that fails, for example on a full disk, the error tells how to continue from the last checkpoint. */
async function saveOrAdvise(
  terminal: Terminal,
  out: string,
  model: Model,
  others: SaveOptions['others'],
): Promise<string> {
  const checkpoint = join(out, 'checkpoint.safetensors');
  try {
    await saveModel(out, model, { others });
    return out;
  } catch (error) {
    if (!existsSync(checkpoint)) throw error;
    const command = terminal.thisCommand('--resume', '--resume');
    throw new AdvisedError(error, `The last checkpoint, ${checkpoint}, is kept. To save the model from it: ${command}`);
  }
}

/** The test part that `--split` held out as a file of the model, for later evaluations; a save without one removes the test part of an older model. */
function testPart({ test, users, items }: Dataset, wasSplit: boolean): NonNullable<SaveOptions['others']> {
  return { [TEST]: wasSplit && test ? (path) => writeLog(path, test, users, items) : undefined };
}

/** The file of `--log`: one JSON line for each event, with its time (ISO 8601). A resumed run appends to the file. */
class EventLog {
  readonly #file: number;

  constructor(path: string, append: boolean) {
    this.#file = openSync(path, append ? 'a' : 'w');
  }

  write(event: TrainEvent): void {
    writeSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
