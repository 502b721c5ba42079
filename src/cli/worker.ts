import type { Command } from 'commander';
import { type DatasetOptions, loadDataset } from '../data/dataset.ts';
import { type ListWorkerEvent, runListWorker } from '../lists/run-list-worker.ts';
import { type Aim, aimSplit } from '../training/aim.ts';
import { runWorker, type WorkerEvent } from '../tuning/queue/run-worker.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import { addReadOptions, addSplitOptions, datasetOptionsOf, type ReadFlags, type SplitFlags } from './data-options.ts';
import { UsageError } from './failure.ts';
import { count, decimal, timed } from './output.ts';
import { number, whole } from './parse.ts';
import type { Terminal } from './terminal.ts';
import { columnsOf, reportReading } from './train-report.ts';

/** Flags of `taurec worker`. Those for data must equal those of the study. */
interface WorkerFlags extends CommonOptions, ReadFlags, SplitFlags {
  queue?: string;
  train?: string;
  model?: string;
  config?: string;
  aim?: Aim;
  jobs?: number;
  untilDone?: boolean;
  lockSeconds?: number;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('[data]', 'data of the study, same as --train')
    .option('--queue <url>', 'queue of trials or lists: redis://… or postgres://…')
    .option('--model <folder>', "this machine's copy of a model: makes lists (taurec recommend --queue); needs no data")
    .option('--train <file>', "this machine's copy of the study's training data")
    .option('--config <file>', 'configuration file for reading and splitting data (default: taurec.config.*, if any)')
    .option('--aim <name>', 'aim of the study; decides how validation data is held out')
    .option('--jobs <number>', 'trainings at a time (default: 1)', whole(1))
    .option('--until-done', 'exit when no study on this data (no lists of this model) is left, instead of waiting')
    .option('--lock-seconds <number>', 'seconds of silence after which a worker counts as dead (default: 30)', number);
  addSplitOptions(command);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'json', 'quiet');
  addExamples(
    command,
    'taurec worker train.tsv.gz --queue redis://10.0.0.7:6379',
    'taurec worker train.tsv.gz --queue postgres://tuner@10.0.0.7/taurec --until-done',
    'taurec worker --model models/films --queue redis://10.0.0.7:6379 --until-done',
  );
  command.action((data: string | undefined, flags: WorkerFlags) => run(terminal, data, flags));
}

async function run(terminal: Terminal, positional: string | undefined, flags: WorkerFlags): Promise<void> {
  // Called for its side effect: fused multiply-add must be on before the first worker thread starts.
  engineOptions(flags);
  const say = terminal.notes(flags.quiet);
  const { queue } = flags;
  if (queue === undefined) throw new UsageError('No queue given. Example: --queue redis://127.0.0.1:6379');
  if (flags.model !== undefined) return makeLists(terminal, positional, flags.model, queue, flags);
  const data = await dataOptionsOf(positional, flags);
  const [dataset, readSeconds] = await timed(() => loadDataset(data));
  reportReading(dataset, readSeconds, data, say);
  if (flags.json) terminal.printJson({ type: 'data', ...columnsOf(dataset) });
  // Finished trainings, failed ones included.
  let done = 0;
  await terminal.interruptible((signal) =>
    runWorker(dataset, {
      queue,
      jobs: flags.jobs,
      threads: flags.threads,
      untilDone: flags.untilDone,
      lockSeconds: flags.lockSeconds,
      signal,
      onEvent(event) {
        if (event.type === 'over') done++;
        if (flags.json) terminal.printJson(event);
        const text = textOf(event);
        if (text !== undefined) say(text);
      },
    }),
  );
  say(`Trainings done by this worker: ${done}.`);
}

/** Works on lists instead of trainings. */
async function makeLists(
  terminal: Terminal,
  positional: string | undefined,
  model: string,
  queue: string,
  { train, jobs, threads, untilDone, lockSeconds, json, quiet }: WorkerFlags,
): Promise<void> {
  if ((positional ?? train) !== undefined) throw new UsageError('--model cannot be combined with data.');
  if (jobs !== undefined) throw new UsageError('--jobs cannot be combined with --model: a part takes all threads.');
  const say = terminal.notes(quiet);
  let done = 0;
  const onEvent = (event: ListWorkerEvent) => {
    if (event.type === 'over') done++;
    if (json) terminal.printJson(event);
    say(listText(event));
  };
  await terminal.interruptible((signal) =>
    runListWorker(model, { queue, threads, untilDone, lockSeconds, signal, onEvent }),
  );
  say(`Parts done by this worker: ${done}.`);
}

/** The note on an event of lists. */
function listText(event: ListWorkerEvent): string {
  switch (event.type) {
    case 'ready':
      return `Worker ${event.worker} is ready; model SHA-256 ${event.model.slice(0, 16)}….`;
    case 'waiting':
      return 'The queue has no lists; waiting for some.';
    case 'taken':
      return `Part ${event.part + 1}: claimed, ${count(event.users)} users.`;
    case 'lost':
      return `Part ${event.part + 1}: taken over by another worker.`;
    case 'over':
      return `Part ${event.part + 1}: ${'failed' in event.outcome ? event.outcome.failed.code : 'done'}.`;
  }
}

/** The data options, made exactly as `taurec tune` makes them: the worker's data must have the same digest as the study's. */
async function dataOptionsOf(positional: string | undefined, flags: WorkerFlags): Promise<DatasetOptions> {
  const configFile = findConfigFile(flags.config);
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  const train = positional ?? flags.train ?? file?.data.train;
  if (train === undefined) throw new UsageError('No data given. Give the training data of the study.');
  const { seed = file?.training.seed ?? 1, aim = file?.training.aim ?? 'accuracy' } = flags;
  const { test: _, ...data }: DatasetOptions = { seed, ...file?.data, ...datasetOptionsOf(flags), train };
  if (data.valid === undefined) data.validRatio ??= 0.1;
  if (data.validRatio) data.validSplit ??= aimSplit(aim);
  return data;
}

/** The note on an event; undefined for events that are not shown. */
function textOf(event: WorkerEvent): string | undefined {
  switch (event.type) {
    case 'ready':
      return `Worker ${event.worker} is ready; data SHA-256 ${event.data.slice(0, 16)}….`;
    case 'waiting':
      return 'The queue has no study; waiting for one.';
    case 'taken':
      return `Trial ${event.trial}, rung ${event.rung + 1}: claimed.`;
    case 'lost':
      return `${event.run}: taken over by another worker.`;
    case 'over':
      return `${event.run}: ${'failed' in event.outcome ? event.outcome.failed.code : decimal(event.outcome.value)}`;
    case 'news':
      if (event.news.type === 'begun' && event.news.fromEpoch > 0)
        return `Continuing after epoch ${event.news.fromEpoch}.`;
      return event.news.type === 'notice' ? event.news.message : undefined;
  }
}
