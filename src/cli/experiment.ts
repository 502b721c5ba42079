import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import { protocols } from '../evaluation/evaluator.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { experimentNamed, experiments } from '../experiment/experiments.ts';
import { runExperiment } from '../experiment/run-experiment.ts';
import type { ExperimentConfig, SourceEntry } from '../experiment/settings.ts';
import type { Report } from '../report/report.ts';
import type { ReportFiles } from '../report/write-report.ts';
import { experimentBesideFile } from './beside-file.ts';
import { commandLine } from './command-line.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { readModule } from './config-file.ts';
import { engineOptions } from './engine-options.ts';
import { ExperimentProgress } from './experiment-progress.ts';
import { AdvisedError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { count, duration, print, printJson, table } from './output.ts';
import { numbers, whole, wholes, words } from './parse.ts';

interface ExperimentFlags extends CommonOptions {
  config?: string;
  out?: string;
  data?: string[];
  losses?: string[];
  backbones?: string[];
  seeds?: number[];
  levels?: number[];
  metric?: string;
  protocol?: ExperimentConfig['protocol'];
  epochs?: number;
  jobs?: number;
}

export function define(command: Command): void {
  command
    .argument('[name]', 'the experiment; without a name all are listed')
    .option('-o, --out <folder>', 'where runs, report and tables go (default: experiments/<name>)')
    .option(
      '--config <file>',
      'settings from a file: data, losses, backbones, metrics … (see defineExperiment); paths in it are relative to it',
    )
    .option('--data <names>', 'data sets: folders of $TAUREC_DATA, or paths of folders with train.* and test.*', words)
    .option('--losses <names>', 'losses: those of the experiment by name, or any other', words)
    .option('--backbones <names>', 'backbones', words)
    .option('--levels <numbers>', "the experiment's own axis: noise ratios, temperatures, λ, pool sizes", numbers)
    .option('--seeds <numbers>', 'seeds (default: 1,2,3)', wholes)
    .option('--metric <name>', 'what claims are judged by (default: ndcg@20)')
    .addOption(new Option('--protocol <name>', 'how the metrics are made').choices(protocols))
    .option('--epochs <number>', 'epochs of every training, for a quick look', whole(1))
    .option('--jobs <number>', "trainings at a time, one thread each (default: the machine's cores)", whole(1));
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec experiment',
    'taurec experiment positive-noise --data amazon2014-health --levels 0,0.4',
    'taurec experiment losses --data ./films,movielens-100k --losses sl,bsl,bpr --seeds 1,2,3,4,5',
    'taurec experiment losses --config my.experiment.ts --out results/mine',
  );
  command.action((name: string | undefined, flags: ExperimentFlags) =>
    name === undefined ? list(flags) : run(name, flags),
  );
}

function list({ json }: ExperimentFlags): void {
  if (json)
    printJson(
      experiments.map(({ name, title, summary, source, defaults }) => ({ name, title, summary, source, defaults })),
    );
  else
    print(
      table(
        ['experiment', 'what it is about'],
        experiments.map(({ name, summary }) => [name, firstSentence(summary)]),
      ),
    );
}

function firstSentence(text: string): string {
  return text.split(/(?<=[.:]) /)[0]!.replace(/[.:]$/, '');
}

async function run(name: string, flags: ExperimentFlags): Promise<void> {
  engineOptions({});
  const experiment = experimentNamed(name);
  const file = flags.config === undefined ? {} : experimentBesideFile(flags.config, await readModule(flags.config));
  const config = { ...file, ...flagConfig(experiment, flags, file) };
  const folder = flags.out ?? join('experiments', name);
  const progress = flags.quiet ? undefined : new ExperimentProgress(process.stderr);
  try {
    const { report, files } = await interruptible((signal) =>
      runExperiment(experiment, config, {
        folder,
        jobs: flags.jobs,
        signal,
        command: commandLine(...process.argv.slice(2)),
        onEvent: (event) => progress?.handle(event),
      }),
    );
    progress?.close();
    if (flags.json) printJson({ experiment: name, claims: report.claims, files, ...runsOf(report) });
    else printClaims(report, files);
  } catch (error) {
    progress?.close();
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    throw new AdvisedError(
      error,
      `What was done is kept in ${folder}. To go on: ${commandLine(...process.argv.slice(2))}`,
    );
  }
}

/** What flags say, over the file and the experiment's defaults; losses that the experiment or the file knows come with their options. */
function flagConfig({ defaults }: Experiment, flags: ExperimentFlags, file: ExperimentConfig): ExperimentConfig {
  const { data, losses, backbones, seeds, levels, metric, protocol, epochs } = flags;
  const known = file.losses ?? defaults.losses ?? [];
  const given = {
    data,
    losses: losses?.flatMap((name) => entriesNamed(name, known)),
    backbones,
    seeds,
    levels,
    metric,
    protocol,
  };
  const config = epochs === undefined ? undefined : { ...defaults.config, ...file.config, epochs };
  return Object.fromEntries(Object.entries({ ...given, config }).filter(([, value]) => value !== undefined));
}

function entriesNamed(name: string, known: readonly SourceEntry[]): readonly SourceEntry[] {
  const found = known.filter((entry) => (typeof entry === 'string' ? entry : (entry.label ?? entry.name)) === name);
  return found.length > 0 ? found : [name];
}

function runsOf({ provenance: { runs, seconds } }: Report) {
  return { runs, seconds };
}

function printClaims(report: Report, { html }: ReportFiles): void {
  for (const { claim, verdict, evidence } of report.claims)
    print(`${verdict.padEnd(8)}${claim}\n        ${evidence}\n`);
  const { runs, seconds } = runsOf(report);
  print(`${count(runs)} trainings, ${duration(seconds)} in sum. Report: ${html}`);
}
