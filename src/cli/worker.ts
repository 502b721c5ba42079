import type { Command } from 'commander';
import { type DatasetOptions, loadDataset } from '../data/dataset.ts';
import { type Aim, aimSplit } from '../training/aim.ts';
import { runWorker, type WorkerEvent } from '../tuning/queue/run-worker.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { findConfigFile, readConfigFile } from './config-file.ts';
import { addReadOptions, addSplitOptions, datasetOptionsOf, type ReadFlags, type SplitFlags } from './data-options.ts';
import { engineOptions } from './engine-options.ts';
import { UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { decimal, note, printJson, timed } from './output.ts';
import { number, whole } from './parse.ts';
import { reportReading } from './train-report.ts';

interface WorkerFlags extends CommonOptions, ReadFlags, SplitFlags {
  queue?: string;
  train?: string;
  config?: string;
  aim?: Aim;
  jobs?: number;
  untilDone?: boolean;
  lockSeconds?: number;
}

export function define(command: Command): void {
  command
    .argument('[data]', 'the file of interactions that the study is on, as --train')
    .option('--queue <url>', 'where trainings come from: redis://… or postgres://…')
    .option('--train <file>', "this machine's copy of the study's training data")
    .option('--config <file>', 'options for reading and dividing data from a file (default: taurec.config.*, if there)')
    .option('--aim <name>', 'as the study has it: decides how validation is held out')
    .option('--jobs <number>', 'trainings at a time (default: 1)', whole(1))
    .option('--until-done', 'end when no study on these data is left, in place of waiting for the next')
    .option('--lock-seconds <number>', 'silence after which a worker counts as dead (default: 30)', number);
  addSplitOptions(command);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'json', 'quiet');
  addExamples(
    command,
    'taurec worker train.tsv.gz --queue redis://10.0.0.7:6379',
    'taurec worker train.tsv.gz --queue postgres://tuner@10.0.0.7/taurec --until-done',
  );
  command.action((data: string | undefined, flags: WorkerFlags) => run(data, flags));
}

async function run(positional: string | undefined, flags: WorkerFlags): Promise<void> {
  engineOptions(flags);
  const say = flags.quiet ? () => {} : note;
  const { queue } = flags;
  if (queue === undefined) throw new UsageError('No queue. Give one: --queue redis://127.0.0.1:6379');
  const data = await dataOptionsOf(positional, flags);
  const [dataset, readSeconds] = await timed(() => loadDataset(data));
  reportReading(dataset, readSeconds, data, say);
  let done = 0;
  await interruptible((signal) =>
    runWorker(dataset, {
      queue,
      jobs: flags.jobs,
      threads: flags.threads,
      untilDone: flags.untilDone,
      lockSeconds: flags.lockSeconds,
      signal,
      onEvent(event) {
        if (event.type === 'over') done++;
        if (flags.json) printJson(event);
        const text = textOf(event);
        if (text !== undefined) say(text);
      },
    }),
  );
  say(`Trainings done here: ${done}.`);
}

/** The same data options as `taurec tune` makes of the same flags and file. */
async function dataOptionsOf(positional: string | undefined, flags: WorkerFlags): Promise<DatasetOptions> {
  const configFile = findConfigFile(flags.config);
  const file = configFile === undefined ? undefined : await readConfigFile(configFile);
  const train = positional ?? flags.train ?? file?.data.train;
  if (train === undefined) throw new UsageError('No data. Give the file of interactions that the study is on.');
  const { seed = file?.training.seed ?? 1, aim = file?.training.aim ?? 'accuracy' } = flags;
  const { test: _, ...data }: DatasetOptions = { seed, ...file?.data, ...datasetOptionsOf(flags), train };
  if (data.valid === undefined) data.validRatio ??= 0.1;
  if (data.validRatio) data.validSplit ??= aimSplit(aim);
  return data;
}

function textOf(event: WorkerEvent): string | undefined {
  switch (event.type) {
    case 'ready':
      return `Worker ${event.worker} is ready; data SHA-256 ${event.data.slice(0, 16)}….`;
    case 'waiting':
      return 'No study is in the queue; waiting for one.';
    case 'taken':
      return `Trial ${event.trial}, rung ${event.rung + 1}: taken.`;
    case 'lost':
      return `${event.run}: another worker has it; given up.`;
    case 'over':
      return `${event.run}: ${'failed' in event.outcome ? event.outcome.failed.code : decimal(event.outcome.value)}`;
    case 'news':
      if (event.news.type === 'begun' && event.news.fromEpoch > 0)
        return `Goes on after epoch ${event.news.fromEpoch}.`;
      return event.news.type === 'notice' ? event.news.message : undefined;
  }
}
