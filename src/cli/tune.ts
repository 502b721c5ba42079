import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type Dataset, type DatasetOptions, loadDataset } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { type ReportFiles, writeReport } from '../report/write-report.ts';
import { searchNames } from '../search/searches.ts';
import { aimSplit } from '../training/aim.ts';
import { configToJson, parseTrainConfig, type TrainConfigInput } from '../training/config.ts';
import { trainedModel } from '../training/trained-model.ts';
import type { TuneSettings } from '../tuning/settings.ts';
import { trainWinner } from '../tuning/train-winner.ts';
import { type TuneOptions, type TuneResult, tune } from '../tuning/tune.ts';
import { tuningReport } from '../tuning/tuning-report.ts';
import { commandLine } from './command-line.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { type FileConfig, findConfigFile, readConfigFile } from './config-file.ts';
import { dataArguments } from './data-arguments.ts';
import { dataName } from './data-name.ts';
import { addReadOptions, addSplitOptions, datasetOptionsOf, type ReadFlags, type SplitFlags } from './data-options.ts';
import { engineOptions } from './engine-options.ts';
import { AdvisedError, UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { count, decimal, duration, note, print, printJson, timed } from './output.ts';
import { number, numbers, whole } from './parse.ts';
import { shortenHelp } from './short-help.ts';
import { TrainProgress } from './train-progress.ts';
import { reportReading } from './train-report.ts';
import { trainingArguments } from './training-arguments.ts';
import { addTrainingFlags, inFlags, type TrainingFlags, trainInputOf } from './training-flags.ts';
import { TuneProgress } from './tune-progress.ts';

interface TuneFlags extends CommonOptions, ReadFlags, SplitFlags {
  train?: string;
  folder?: string;
  out?: string;
  refitWinner?: boolean;
  config?: string;
  search?: TuneSettings['search'];
  trials?: number;
  rungs?: number[];
  factor?: number;
  timeBudget?: number;
  jobs?: number;
  queue?: string;
  keep: TuneOptions['keep'];
}

/** Options of a training that are not those of a study. */
const notTrials = ['timeBudget', 'refit', 'validation.metric', 'checkpointEvery'];

export function define(command: Command): void {
  command
    .argument('[data]', 'the file of interactions to train on, as --train')
    .option('--train <file>', 'the file of interactions to train on')
    .option(
      '--folder <folder>',
      'where the study is kept (default: tuning/<name of the data>); one that is there goes on',
    )
    .option('-o, --out <folder>', "where the winner's model goes; without it no model is made")
    .option('--refit-winner', 'train the winner once more on train and validation together; with --out')
    .option('--config <file>', 'options from a file, the space under "tune" (default: taurec.config.*, if there)')
    .optionsGroup('Search:')
    .addOption(new Option('--search <name>', 'how the space is searched (default: tpe)').choices(searchNames))
    .option('--trials <number>', 'trials in all (default: 24; with a time budget 64; grid: all)', whole(1))
    .option(
      '--rungs <numbers>',
      'lengths of the trainings, as parts of the whole, ending with 1 (default: 0.2,1)',
      numbers,
    )
    .option('--factor <number>', 'of so many trials one goes on to the next rung (default: 8)', number)
    .option('--metric <name@k>', 'what trials are compared by (default: that of the configuration file, else ndcg@20)')
    .option('--time-budget <seconds>', 'seconds for the whole study, whole trainings of the best included', number)
    .option(
      '--jobs <number>',
      "trainings at a time, within the threads (default: the machine's cores, at most 8)",
      whole(1),
    )
    .option('--queue <url>', 'have the trainings done by `taurec worker` on any machines: redis://… or postgres://…')
    .addOption(
      new Option('--keep <which>', "checkpoints of trainings that are over: all, or the best one's")
        .choices(['all', 'best'])
        .default('all'),
    );
  addSplitOptions(command);
  addTrainingFlags(command, notTrials);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  shortenHelp(command, [
    ...['--trials', '--search', '--time-budget', '--jobs', '--queue', '--folder', '--out', '--config'],
    ...['--valid-ratio', '--min-rating', '--loss', '--seed', '--json'],
  ]);
  addExamples(
    command,
    'taurec tune ratings.csv',
    'taurec tune ratings.csv --loss sl --time-budget 600 --out models/films',
    'taurec tune train.tsv.gz --config films.config.ts --trials 50 --jobs 4 --json',
    'taurec tune train.tsv.gz --queue redis://10.0.0.7:6379 --jobs 16',
  );
  command.action((data: string | undefined, flags: TuneFlags) => run(data, flags));
}

/** What the command was asked for, checked as far as can be without the data. */
interface Request {
  readonly trainFile: string;
  readonly configFile?: string;
  readonly file?: FileConfig;
  readonly config: TrainConfigInput;
  readonly data: DatasetOptions;
  readonly settings: TuneSettings;
  readonly folder: string;
}

async function requestOf(positional: string | undefined, flags: TuneFlags): Promise<Request> {
  const configFile = findConfigFile(flags.config);
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  if (positional !== undefined && flags.train !== undefined) {
    throw new UsageError(`Training data given twice: ${positional} and --train ${flags.train}.`);
  }
  const trainFile = positional ?? flags.train ?? file?.data.train;
  if (trainFile === undefined) {
    throw new UsageError('No training data. Give a file of interactions: taurec tune ratings.csv');
  }
  if (flags.refitWinner && flags.out === undefined) throw new UsageError('--refit-winner belongs to --out.');
  const { timeBudget: _, ...ownTraining } = file?.training ?? {};
  const config = trainInputOf(flags as unknown as TrainingFlags, ownTraining, notTrials);
  const { seed, aim } = checked(config);
  const data: DatasetOptions = { seed, ...file?.data, ...datasetOptionsOf(flags), train: trainFile };
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

function checked(config: TrainConfigInput) {
  try {
    return parseTrainConfig(config);
  } catch (error) {
    throw inFlags(error);
  }
}

/** The settings of the file with the flags over them. */
function settingsOf(flags: TuneFlags & { metric?: string }, file: unknown): TuneSettings {
  if (file !== undefined && (typeof file !== 'object' || file === null || Array.isArray(file))) {
    throw new TaurecError('bad-option', { option: 'tune', got: JSON.stringify(file), expected: 'an object' });
  }
  const { search, trials, metric, timeBudget, rungs, factor } = flags;
  const settings = file as TuneSettings | undefined;
  const halving = { rungs, factor };
  return definedOnly({
    ...settings,
    ...definedOnly({ search, trials, metric, timeBudget }),
    halving: rungs || factor ? { ...settings?.halving, ...definedOnly(halving) } : settings?.halving,
  });
}

function definedOnly<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

async function run(positional: string | undefined, flags: TuneFlags): Promise<void> {
  const started = performance.now();
  engineOptions(flags);
  const say = flags.quiet ? () => {} : note;
  const request = await requestOf(positional, flags);
  const { data, config, settings, folder } = request;
  if (request.configFile !== undefined) say(`Using ${request.configFile}.`);
  if (flags.out !== undefined) await checkModelTarget(flags.out);
  // The test file is left out: nothing of it decides.
  const { test: _, ...seen } = data;
  const [dataset, readSeconds] = await timed(() => loadDataset(seen));
  reportReading(dataset, readSeconds, seen, say);
  const { space, timeBudget, ...rest } = settings;
  const spent = (performance.now() - started) / 1000;
  const progress = flags.quiet ? undefined : new TuneProgress(process.stderr);
  try {
    const result = await interruptible((signal) =>
      tune(dataset, space, {
        ...rest,
        ...(timeBudget !== undefined && { timeBudget: Math.max(1, timeBudget - spent) }),
        config,
        folder,
        jobs: flags.jobs,
        queue: flags.queue,
        threads: flags.threads,
        keep: flags.keep,
        signal,
        onEvent: (event) => progress?.handle(event),
      }),
    );
    progress?.close();
    const winnerCommand = winnerCommandOf(request, result, flags);
    const files = await writeReport(folder, reportOf(result, dataset, request, winnerCommand));
    if (flags.out !== undefined) await saveWinner(dataset, result, flags.out, flags);
    if (flags.json) printJson(tuneJson(result, winnerCommand, files, flags.out));
    else printResult(result, winnerCommand, files, flags.out);
  } catch (error) {
    progress?.close();
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw inFlags(error);
    const again = commandLine(...process.argv.slice(2));
    throw new AdvisedError(
      error,
      `The study is kept in ${folder}, with the checkpoints of what was running. To go on: ${again}`,
    );
  }
}

/** The command that trains the winner, and keeps its model where this one would. */
function winnerCommandOf({ trainFile, configFile, file, data }: Request, result: TuneResult, flags: TuneFlags): string {
  const config = flags.refitWinner ? { ...result.config, refit: true } : result.config;
  return commandLine(
    'train',
    trainFile,
    ...(configFile === undefined ? [] : ['--config', configFile]),
    ...dataArguments(data),
    ...trainingArguments(config, file?.training),
    '--out',
    flags.out ?? join('models', dataName(trainFile)),
  );
}

function reportOf(result: TuneResult, dataset: Dataset, { trainFile }: Request, winnerCommand: string) {
  const { source, sha256, train } = dataset;
  const facts = { users: train.rows, items: train.columns, train: train.indices.length, test: 0 };
  return tuningReport(result, {
    command: commandLine(...process.argv.slice(2)),
    winnerCommand,
    data: { name: dataName(trainFile), source, sha256, ...facts },
  });
}

async function saveWinner(dataset: Dataset, result: TuneResult, out: string, flags: TuneFlags): Promise<void> {
  const progress = flags.quiet ? undefined : new TrainProgress(process.stderr);
  try {
    const trained = await interruptible((signal) =>
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

/** The machine interface of `tune --json`. */
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

function printResult(result: TuneResult, command: string, report: ReportFiles, model: string | undefined): void {
  const { trials, winner, metric, seconds } = result;
  const runs = trials.reduce((sum, { runs }) => sum + runs.length, 0);
  print(
    `${count(trials.length)} trials, ${count(runs)} trainings, ${duration(seconds)}. The best is trial ${winner.trial}:`,
  );
  for (const [path, value] of Object.entries(winner.point)) print(`  ${path} ${JSON.stringify(value)}`);
  const length = winner.whole ? '' : ' of a short training: no time was left for a whole one';
  print(`  validation ${metric} ${decimal(winner.value)}${length}`);
  print('');
  print(`Train it:   ${command}`);
  if (model !== undefined) print(`Model:      ${model}`);
  print(`Report:     ${report.html}`);
}
