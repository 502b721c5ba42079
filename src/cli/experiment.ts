import { join } from 'node:path';
import type { Command } from 'commander';
import { datasetNotes } from '../catalogue/reading-notes.ts';
import { TaurecError } from '../errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { experimentNamed, experiments } from '../experiment/experiments.ts';
import type { LabEvent } from '../experiment/lab.ts';
import { experimentOptions } from '../experiment/read-settings.ts';
import { configName, isFailed, type RunRecord } from '../experiment/run.ts';
import { runExperiment } from '../experiment/run-experiment.ts';
import { type ExperimentConfig, entriesNamed } from '../experiment/settings.ts';
import type { Report } from '../report/report.ts';
import type { ReportFiles } from '../report/write-report.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { experimentBesideFile, readModule } from './config-file.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import { AdvisedError } from './failure.ts';
import { count, decimal, duration, table } from './output.ts';
import { numbers, whole, wholes, words } from './parse.ts';
import { Progress } from './progress.ts';
import type { Output, Terminal } from './terminal.ts';
import { columnsOf } from './train-report.ts';

interface ExperimentFlags extends CommonOptions {
  config?: string;
  out?: string;
  data?: string[];
  losses?: string[];
  backbones?: string[];
  seeds?: number[];
  levels?: number[];
  parts?: string[];
  metric?: string;
  protocol?: ExperimentConfig['protocol'];
  epochs?: number;
  jobs?: number;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('[name]', 'experiment; without a name, all are listed')
    .option('-o, --out <folder>', 'folder for runs, report and tables (default: experiments/<name>)')
    .option(
      '--config <file>',
      'settings file with data, losses, backbones, metrics … (see defineExperiment); its paths are relative to the file',
    );
  addDeclaredFlags(command, experimentOptions, {
    ...{ data: words, losses: words, backbones: words, parts: words },
    ...{ levels: numbers, seeds: wholes },
  });
  command
    .option('--epochs <number>', 'epochs of every training, for a quick run', whole(1))
    .option('--jobs <number>', 'trainings at a time, one thread each (default: all cores)', whole(1));
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec experiment',
    'taurec experiment positive-noise --data amazon2014-health --levels 0,0.4',
    'taurec experiment losses --data ./films,movielens-100k --losses sl,bsl,bpr --seeds 1,2,3,4,5',
    'taurec experiment losses --config my.experiment.ts --out results/mine',
    'taurec experiment papers --data ultragcn-movielens-1m --parts positive-noise',
  );
  command.action((name: string | undefined, flags: ExperimentFlags) =>
    name === undefined ? list(terminal, flags) : run(terminal, name, flags),
  );
}

/** Lists all experiments. */
function list(terminal: Terminal, { json }: ExperimentFlags): void {
  if (json)
    terminal.printJson(
      experiments.map(({ name, title, summary, source, defaults }) => ({ name, title, summary, source, defaults })),
    );
  else
    terminal.print(
      table(
        ['experiment', 'question'],
        experiments.map(({ name, summary }) => [name, firstSentence(summary)]),
      ),
    );
}

/** The text up to its first full stop or colon, without it. */
function firstSentence(text: string): string {
  return text.split(/(?<=[.:]) /)[0]!.replace(/[.:]$/, '');
}

async function run(terminal: Terminal, name: string, flags: ExperimentFlags): Promise<void> {
  // Called for its side effect, fused multiply-add: trainings run in the experiment's own workers, one thread each.
  engineOptions({});
  const experiment = experimentNamed(name);
  const file = flags.config === undefined ? {} : experimentBesideFile(flags.config, await readModule(flags.config));
  const config = { ...file, ...flagConfig(experiment, flags, file) };
  const folder = flags.out ?? join('experiments', name);
  const progress = flags.quiet ? undefined : new ExperimentProgress(terminal.stderr);
  const columns: Record<string, unknown> = {};
  try {
    const { report, files } = await terminal.interruptible((signal) =>
      runExperiment(experiment, config, {
        folder,
        jobs: flags.jobs,
        signal,
        command: terminal.commandForReport(),
        onEvent: (event) => {
          if (event.type === 'data') columns[event.name] = columnsOf(event.reading);
          progress?.handle(event);
        },
      }),
    );
    progress?.close();
    if (flags.json) terminal.printJson({ experiment: name, claims: report.claims, files, columns, ...runsOf(report) });
    else printClaims(terminal, report, files);
  } catch (error) {
    progress?.close();
    // Runs are stored as they finish, so the same command continues the experiment.
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    throw new AdvisedError(error, `Finished trainings are kept in ${folder}. To continue: ${terminal.thisCommand()}`);
  }
}

/** The settings from the flags, which override the file and the experiment's defaults. A loss that the file or the defaults name keeps its options. */
function flagConfig({ defaults }: Experiment, flags: ExperimentFlags, file: ExperimentConfig): ExperimentConfig {
  const { data, losses, backbones, seeds, levels, parts, metric, protocol, epochs } = flags;
  const known = file.losses ?? defaults.losses ?? [];
  const given = {
    data,
    losses: losses?.flatMap((name) => entriesNamed(name, known)),
    backbones,
    seeds,
    levels,
    parts,
    metric,
    protocol,
  };
  // `config` replaces that of the file as a whole, so it repeats the other options.
  const config = epochs === undefined ? undefined : { ...defaults.config, ...file.config, epochs };
  return Object.fromEntries(Object.entries({ ...given, config }).filter(([, value]) => value !== undefined));
}

/** The number of trainings and their seconds. */
function runsOf({ provenance: { runs, seconds } }: Report) {
  return { runs, seconds };
}

/** Prints the verdict, text and evidence of each claim, then the path of the report. */
function printClaims(terminal: Terminal, report: Report, { html }: ReportFiles): void {
  for (const { claim, verdict, evidence } of report.claims)
    terminal.print(`${verdict.padEnd(10)}${claim}\n          ${evidence}\n`);
  const { runs, seconds } = runsOf(report);
  terminal.print(`${count(runs)} trainings, ${duration(seconds)} in total. Report: ${html}`);
}

/** Shows an experiment: on a terminal a bar for each stage, elsewhere a line for each run. */
class ExperimentProgress {
  readonly #progress: Progress;
  /** Start of the current stage, in milliseconds of `performance.now()`. */
  #started = 0;

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
  }

  handle(event: LabEvent): void {
    if (event.type === 'stage') this.#stage(event);
    else if (event.type === 'run') this.#run(event);
    else if (event.type === 'note') this.#progress.say(event.text);
    else if (event.type === 'data') for (const note of datasetNotes(event.reading)) this.#progress.say(note);
  }

  /** Removes the bar; safe to call twice. */
  close(): void {
    this.#progress.close();
  }

  /** Announces a stage. Without trainings to run it prints nothing. */
  #stage({ title, runs, reused, jobs }: Extract<LabEvent, { type: 'stage' }>): void {
    this.close();
    if (runs === 0) return;
    const before = reused > 0 ? `, ${count(reused)} already done` : '';
    this.#progress.say(`${title}: ${count(runs)} trainings${before}, ${Math.min(runs, jobs)} at a time`);
    this.#started = performance.now();
    this.#progress.showBar({ label: '', part: 0, measure: `0/${runs}` });
  }

  /** Updates the bar after a run. The time left assumes the mean pace of this stage. */
  #run({ done, runs, record, seconds }: Extract<LabEvent, { type: 'run' }>): void {
    const pace = (performance.now() - this.#started) / 1000 / done;
    const left = `${duration(pace * (runs - done))} left`;
    const found = isFailed(record) ? ` · ${record.failed.code}` : validationText(record);
    const details = [`${configName(record)}, seed ${record.seed}${found}`, duration(seconds)];
    const measure = `${done}/${runs}`;
    this.#progress.showBar({ label: '', part: done / runs, measure, details, left });
    this.#progress.sayPlain(() => [measure, ...details, left].join(' · '), true);
  }
}

/** The run's best validation value, where it has one. */
function validationText({ chosen: { metric, value } }: RunRecord): string {
  return value === undefined ? '' : ` · validation ${metric} ${decimal(value)}`;
}
