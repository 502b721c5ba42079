import { cpus } from 'node:os';
import { join } from 'node:path';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { version } from '../platform/version.ts';
import type { Provenance, Report } from '../report/report.ts';
import { type ReportFiles, writeReport } from '../report/write-report.ts';
import type { Experiment } from './experiment.ts';
import { measured } from './findings.ts';
import { type LabOptions, LocalLab } from './lab.ts';
import { experimentSettings } from './read-settings.ts';
import { configName, type RunRecord } from './run.ts';
import type { ExperimentConfig, ExperimentSettings } from './settings.ts';

/** What an experiment is run with. */
export interface ExperimentOptions extends Omit<LabOptions, 'folder'> {
  /** Where runs.jsonl, the report and the tables go. Default: experiments/NAME. */
  readonly folder?: string;
  /** How to run it again, for the report. Default: the command of taurec. */
  readonly command?: string;
}

/** The report of an experiment, and the files that it was written to. */
export interface ExperimentResult {
  readonly report: Report;
  readonly files: ReportFiles;
}

/**
 * Runs an experiment and writes its report. Runs that the folder holds from earlier are not run again, so a stopped experiment goes on where it stopped, and a
 * changed one does what is new. Two at a time in one folder are refused.
 * @param config what differs from the experiment's defaults
 * @throws TaurecError as `experimentSettings` before anything runs; `folder-in-use`, `aborted`, `bad-runs`, `failed-run`, and what `train` and `evaluate` throw
 */
export async function runExperiment(
  experiment: Experiment,
  config: ExperimentConfig = {},
  options: ExperimentOptions = {},
): Promise<ExperimentResult> {
  const {
    folder = join('experiments', experiment.name),
    command = `taurec experiment ${experiment.name}`,
    ...rest
  } = options;
  const settings = await experimentSettings(config, experiment.defaults);
  const release = lockFolder(folder);
  try {
    const lab = new LocalLab({ ...rest, folder });
    const { claims, sections } = await experiment.run(lab, settings);
    const { name, title, summary, source } = experiment;
    const provenance = provenanceOf(settings, lab.used, command);
    const report: Report = { name, title, summary, source, claims: measured(claims), sections, provenance };
    return { report, files: await writeReport(folder, report) };
  } finally {
    release();
  }
}

function provenanceOf(settings: ExperimentSettings, records: readonly RunRecord[], command: string): Provenance {
  const sum = (pick: (record: RunRecord) => number) => records.reduce((all, record) => all + pick(record), 0);
  const distinct = <T>(values: readonly T[]) => [
    ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
  ];
  const configs = records.map((record) => {
    const { seed: _, threads: __, ...config } = record.config;
    return { name: configName(record), config };
  });
  return {
    command,
    taurec: version,
    node: distinct(records.map(({ versions }) => versions.node)).join(', '),
    engine: distinct(records.map(({ engine }) => `${engine.name}, ${engine.build}`)).join('; '),
    processor: cpus()[0]?.model ?? 'unknown',
    finished: records
      .map(({ finished }) => finished)
      .sort()
      .at(-1)!,
    data: distinct(records.map(({ data }) => data)).filter(
      ({ name }, index, all) => all.findIndex((one) => one.name === name) === index,
    ),
    settings: settingsToJson(settings),
    configs: distinct(configs),
    runs: records.length,
    seconds: sum(({ seconds }) => seconds.train + seconds.validate + seconds.evaluate),
  };
}

/** The settings as a configuration file could have them. */
function settingsToJson({ data, ...settings }: ExperimentSettings): unknown {
  const named = data.map(({ name, config }) => ({ name, config }));
  return JSON.parse(JSON.stringify({ data: named, ...settings }, infinityAsText));
}
