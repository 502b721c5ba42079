// `taurec tune`: reads data and settings, runs a study, writes its report and, with --out, trains and saves the winner.

import { join } from 'node:path';
import type { Command } from 'commander';
import { type Dataset, type DatasetOptions, loadDataset } from '../data/dataset.ts';
import type { Source } from '../data/source/source-name.ts';
import { TaurecError } from '../errors.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { type ReportFiles, writeReport } from '../report/write-report.ts';
import { aimSplit } from '../training/aim.ts';
import { trainingArguments } from '../training/command-line.ts';
import { configToJson, type TrainConfigInput } from '../training/config.ts';
import { dataArguments } from '../training/data-arguments.ts';
import { trainedModel } from '../training/trained-model.ts';
import { trainWinner } from '../tuning/train-winner.ts';
import { type TuneOptions, type TuneResult, tune } from '../tuning/tune.ts';
import { studyOptions, type TuneSettings, tuneOptions } from '../tuning/tune-settings.ts';
import { tuningReport } from '../tuning/tuning-report.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { type FileConfig, findConfigFile, readConfigFile } from './config-file.ts';
import {
  addReadOptions,
  addSplitOptions,
  dataName,
  datasetOptionsOf,
  type ReadFlags,
  type SplitFlags,
} from './data-options.ts';
import { addDeclaredFlags, commonFlags, declaredValues } from './declared-flags.ts';
import { AdvisedError, UsageError } from './failure.ts';
import { count, decimal, duration, timed } from './output.ts';
import { shortenHelp } from './short-help.ts';
import { trainSourceOf } from './source-argument.ts';
import type { Terminal } from './terminal.ts';
import { TrainProgress } from './train-progress.ts';
import { columnsOf, reportReading } from './train-report.ts';
import { addTrainingFlags, checkedConfig, inFlags, type TrainingFlags, trainInputOf } from './training-flags.ts';
import { TuneProgress } from './tune-progress.ts';

/** Flags of `taurec tune`, without those of training options and study settings. */
interface TuneFlags extends CommonOptions, ReadFlags, SplitFlags {
  train?: string;
  folder?: string;
  out?: string;
  refitWinner?: boolean;
  config?: string;
  jobs?: number;
  queue?: string;
  keep: TuneOptions['keep'];
}

/** Paths of training options that a study sets itself or that have no meaning in it. */
const notTrials = ['timeBudget', 'refit', 'validation.metric', 'checkpointEvery'];

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('[data...]', 'files, folder, URL or database table of interactions to train on; - reads standard input')
    .option('--train <file>', 'file of interactions to train on')
    .option('-o, --out <folder>', "folder for the winner's model (default: no model is saved)")
    .option('--refit-winner', 'retrain the winner on train and validation data together; needs --out')
    .option(
      '--config <file>',
      'configuration file, with the search space under "tune" (default: taurec.config.*, if any)',
    );
  addDeclaredFlags(command, [...tuneOptions, ...studyOptions]);
  addSplitOptions(command);
  addTrainingFlags(command, notTrials);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  shortenHelp(command, [
    ...commonFlags(tuneOptions),
    ...['--jobs', '--queue', '--folder', '--out', '--config'],
    ...['--valid-ratio', '--min-rating', '--loss', '--seed', '--json'],
  ]);
  addExamples(
    command,
    'taurec tune ratings.csv',
    'taurec tune ratings.csv --loss sl --time-budget 600 --out models/films',
    'taurec tune train.tsv.gz --config films.config.ts --trials 50 --jobs 4 --json',
    'taurec tune train.tsv.gz --queue redis://10.0.0.7:6379 --jobs 16',
  );
  command.action((data: string[], flags: TuneFlags) => run(terminal, data, flags));
}

/** A study to run, checked as far as possible without the data. */
interface Request {
  readonly trainFile: Source;
  readonly configFile?: string;
  readonly file?: FileConfig;
  /** Training options common to all trials. */
  readonly config: TrainConfigInput;
  readonly data: DatasetOptions;
  readonly settings: TuneSettings;
  readonly folder: string;
}

/** Makes the request of flags and configuration file. @throws UsageError; TaurecError as `readConfigFile` and for wrong options */
async function requestOf(places: readonly string[], flags: TuneFlags): Promise<Request> {
  const configFile = findConfigFile(flags.config);
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  const trainFile = trainSourceOf('tune', places, flags.train, file?.data.train);
  if (flags.refitWinner && flags.out === undefined) throw new UsageError('--refit-winner needs --out.');
  // The file's time budget is that of one training; the study has its own.
  const { timeBudget: _, ...ownTraining } = file?.training ?? {};
  const config = trainInputOf(flags as unknown as TrainingFlags, ownTraining, notTrials);
  const { seed, aim } = checkedConfig(config);
  const data: DatasetOptions = { seed, ...file?.data, ...datasetOptionsOf(flags), train: trainFile };
  // A study needs validation data to compare trials by.
  if (data.valid === undefined) data.validRatio ??= 0.1;
  if (data.validRatio) data.validSplit ??= aimSplit(aim);
  return {
    trainFile,
    configFile,
    file,
    config,
    data,
    settings: settingsOf(flags, file?.tune),
    folder: flags.folder ?? join('tuning', dataName(trainFile)),
  };
}

/** The study's settings: those of the file, overridden by flags. `tune` checks them. */
function settingsOf(flags: TuneFlags, file: unknown): TuneSettings {
  if (file !== undefined && (typeof file !== 'object' || file === null || Array.isArray(file))) {
    throw new TaurecError('bad-option', { option: 'tune', got: JSON.stringify(file), expected: 'an object' });
  }
  return declaredValues(tuneOptions, flags, file);
}

async function run(terminal: Terminal, places: readonly string[], flags: TuneFlags): Promise<void> {
  const started = performance.now();
  engineOptions(flags);
  const say = terminal.notes(flags.quiet);
  const request = await requestOf(places, flags);
  const { data, config, settings, folder } = request;
  if (request.configFile !== undefined) say(`Using ${request.configFile}.`);
  if (flags.out !== undefined) await checkModelTarget(flags.out);
  // The test file is not read, so that it cannot influence any choice.
  const { test: _, ...seen } = data;
  const [dataset, readSeconds] = await timed(() => loadDataset(seen));
  reportReading(dataset, readSeconds, seen, say);
  const { space, timeBudget, ...rest } = settings;
  // Reading the data counts towards the time budget.
  const spent = (performance.now() - started) / 1000;
  const progress = flags.quiet ? undefined : new TuneProgress(terminal.stderr);
  try {
    const result = await terminal.interruptible((signal) =>
      tune(dataset, space, {
        ...rest,
        ...(timeBudget !== undefined && { timeBudget: Math.max(1, timeBudget - spent) }),
        ...declaredValues(studyOptions, flags),
        config,
        folder,
        threads: flags.threads,
        signal,
        onEvent: (event) => progress?.handle(event),
      }),
    );
    progress?.close();
    const winnerArguments = winnerArgumentsOf(request, result, flags);
    const winnerCommand = terminal.commandLine(...winnerArguments);
    const files = await writeReport(folder, reportOf(terminal, result, dataset, request, winnerArguments));
    if (flags.out !== undefined) await saveWinner(terminal, dataset, result, flags.out, flags);
    if (flags.json) terminal.printJson({ ...tuneJson(result, winnerCommand, files, flags.out), ...columnsOf(dataset) });
    else printResult(terminal, result, winnerCommand, files, flags.out);
  } catch (error) {
    const isInterrupted = error instanceof TaurecError && error.code === 'aborted';
    progress?.close({ isInterrupted });
    if (!isInterrupted) throw inFlags(error);
    const again = terminal.thisCommand();
    throw new AdvisedError(
      error,
      `The study is kept in ${folder}, with checkpoints of the running trials. To continue: ${again}`,
    );
  }
}

/** The arguments of the `taurec train` command that reproduces the winner's model. */
function winnerArgumentsOf(
  { trainFile, configFile, file, data }: Request,
  result: TuneResult,
  flags: TuneFlags,
): string[] {
  const config = flags.refitWinner ? { ...result.config, refit: true } : result.config;
  return [
    'train',
    ...[trainFile].flat(),
    ...(configFile === undefined ? [] : ['--config', configFile]),
    // The seed of the training is that of the splits, too.
    ...dataArguments({ ...data, seed: data.seed === config.seed ? undefined : data.seed }),
    ...trainingArguments(config, file?.training),
    '--out',
    flags.out ?? join('models', dataName(trainFile)),
  ];
}

/** The report of the study, with commands that run on other machines too. */
function reportOf(
  terminal: Terminal,
  result: TuneResult,
  dataset: Dataset,
  { trainFile }: Request,
  winnerArguments: readonly string[],
) {
  const { source, sha256, train } = dataset;
  const facts = { users: train.rows, items: train.columns, train: train.indices.length, test: 0 };
  return tuningReport(result, {
    command: terminal.commandForReport(),
    winnerCommand: terminal.commandForReport(...winnerArguments),
    data: { name: dataName(trainFile), source, sha256, ...facts },
  });
}

/** Trains the winner with a progress display and saves its model. */
async function saveWinner(
  terminal: Terminal,
  dataset: Dataset,
  result: TuneResult,
  out: string,
  flags: TuneFlags,
): Promise<void> {
  const progress = flags.quiet ? undefined : new TrainProgress(terminal.stderr);
  try {
    const trained = await terminal.interruptible((signal) =>
      trainWinner(dataset, result, {
        refit: flags.refitWinner,
        threads: flags.threads,
        signal,
        onProgress: (event) => progress?.handle(event),
      }),
    );
    await saveModel(out, trainedModel(dataset, trained));
  } finally {
    progress?.close();
  }
}

/** The JSON of `tune --json`. Runs are listed without their configurations and curves, which the study's folder holds. */
function tuneJson(result: TuneResult, command: string, report: ReportFiles, model: string | undefined): object {
  const { folder, metric, space, winner, trials, config, seconds } = result;
  return {
    folder,
    metric,
    space,
    winner: { ...winner, command },
    trials: trials.map(({ number, point, runs }) => ({
      number,
      point,
      runs: runs.map(({ config: _, curve: __, trial: ___, ...run }) => run),
    })),
    config: configToJson(config),
    seconds,
    report,
    ...(model !== undefined && { model }),
  };
}

/** Prints the winner's options and validation value, then the command that trains it. */
function printResult(
  terminal: Terminal,
  result: TuneResult,
  command: string,
  report: ReportFiles,
  model: string | undefined,
): void {
  const { trials, winner, metric, seconds } = result;
  const runs = trials.reduce((sum, { runs }) => sum + runs.length, 0);
  terminal.print(
    `${count(trials.length)} trials, ${count(runs)} trainings, ${duration(seconds)}. The best is trial ${winner.trial}:`,
  );
  for (const [path, value] of Object.entries(winner.point)) terminal.print(`  ${path} ${JSON.stringify(value)}`);
  // With halving, the best trial of a short rung wins if no full training ended in time.
  const length = winner.whole ? '' : ' in a short training: no time was left for a full one';
  terminal.print(`  validation ${metric} ${decimal(winner.value)}${length}`);
  terminal.print('');
  terminal.print(`Train it:   ${command}`);
  if (model !== undefined) terminal.print(`Model:      ${model}`);
  terminal.print(`Report:     ${report.html}`);
}
