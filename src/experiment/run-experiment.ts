import { cpus } from 'node:os';
import { join } from 'node:path';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { version } from '../platform/version.ts';
import type { Figure, Provenance, Report, Section, Series } from '../report/report.ts';
import { type ReportFiles, writeReport } from '../report/write-report.ts';
import type { Experiment } from './experiment.ts';
import { measured } from './findings.ts';
import { type LabOptions, LocalLab } from './lab.ts';
import { experimentSettings } from './read-settings.ts';
import { configName, type RunRecord } from './run.ts';
import type { ExperimentConfig, ExperimentSettings } from './settings.ts';

/** How to run an experiment. */
export interface ExperimentOptions extends Omit<LabOptions, 'folder'> {
  /** Folder for runs.jsonl, the report and the tables. Default: experiments/NAME. */
  readonly folder?: string;
  /** The command that repeats the experiment, for the report. Default: `npx taurec experiment NAME`. */
  readonly command?: string;
}

/** The report of an experiment, and the files it was written to. */
export interface ExperimentResult {
  readonly report: Report;
  readonly files: ReportFiles;
}

/**
 * Runs an experiment and writes its report. Runs already recorded in the folder are not repeated: a stopped experiment continues where it stopped, and a
 * changed one trains only what is new. A folder serves one experiment at a time.
 * @param config Settings that differ from the experiment's defaults.
 * @throws TaurecError the errors of `experimentSettings`, before any training; `folder-in-use`, `aborted`, `bad-runs`, `failed-run`; the errors of `train` and `evaluate`
 */
export async function runExperiment(
  experiment: Experiment,
  config: ExperimentConfig = {},
  options: ExperimentOptions = {},
): Promise<ExperimentResult> {
  const {
    folder = join('experiments', experiment.name),
    command = `npx taurec experiment ${experiment.name}`,
    ...rest
  } = options;
  const settings = await experimentSettings(config, experiment.defaults);
  const release = lockFolder(folder);
  try {
    const lab = new LocalLab({ ...rest, folder });
    const { claims, sections } = await experiment.run(lab, settings);
    const { name, title, summary, source } = experiment;
    const provenance = provenanceOf(settings, lab.used, command);
    const all = [...sections, ...curvesOf(lab.used)];
    const report: Report = { name, title, summary, source, claims: measured(claims), sections: all, provenance };
    return { report, files: await writeReport(folder, report) };
  } finally {
    release();
  }
}

/** Most panels of learning curves in a report; more would hide the findings. */
const MOST_PANELS = 60;

/** The learning curves of all trainings, a panel for each data set and loss; nothing if no training was validated, or if there are too many panels. */
function curvesOf(records: readonly RunRecord[]): Section[] {
  const panels = new Map<string, Series[]>();
  for (const record of records) {
    const points = (record.curve ?? []).map(({ epoch, value }) => ({ x: epoch, y: value }));
    if (points.length < 2) continue;
    const title = configName(record);
    panels.set(title, [...(panels.get(title) ?? []), { name: record.key, points }]);
  }
  if (panels.size === 0 || panels.size > MOST_PANELS) return [];
  const metrics = [...new Set(records.flatMap(({ chosen }) => chosen.metric ?? []))].join(', ');
  const figure: Figure = {
    name: 'learning-curves',
    caption: `Validation ${metrics} by epoch, a line for each training: all options tried, all seeds.`,
    kind: 'lines',
    x: { label: 'epoch' },
    y: { label: metrics },
    ownScales: true,
    bundle: true,
    panels: [...panels].map(([title, series]) => ({ title, series })),
  };
  return [{ title: 'Learning curves', text: ['The numbers are in runs.jsonl.'], figures: [figure] }];
}

/** What ran, and everything needed to repeat it: facts of all records of the experiment. */
function provenanceOf(settings: ExperimentSettings, records: readonly RunRecord[], command: string): Provenance {
  const sum = (pick: (record: RunRecord) => number) => records.reduce((all, record) => all + pick(record), 0);
  const distinct = <T>(values: readonly T[]) => [
    ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
  ];
  // Seeds and threads are left out, so that runs that differ only in them share one entry.
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

/** The settings in the form of a configuration file. */
function settingsToJson({ data, given: _, ...settings }: ExperimentSettings): unknown {
  const named = data.map(({ name, config }) => ({ name, config }));
  return JSON.parse(JSON.stringify({ data: named, ...settings }, infinityAsText));
}
