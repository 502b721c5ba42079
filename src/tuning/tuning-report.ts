// The report of a study: tables and figures for `writeReport`.
import { cpus } from 'node:os';
import { version } from '../platform/version.ts';
import {
  type Cell,
  type DataFacts,
  type Figure,
  type Report,
  type Section,
  slug,
  type Table,
} from '../report/report.ts';
import type { Dimension } from '../search/space.ts';
import { configToJson } from '../training/config.ts';
import { isOver } from './study.ts';
import type { TunedTrial, TuneResult } from './tune.ts';

/** Facts of the report that the study does not contain. */
export interface TuningReportOptions {
  /** The command that repeats the study. */
  readonly command: string;
  /** The command that trains the winner. */
  readonly winnerCommand: string;
  readonly data: DataFacts;
}

/** A training with the point of its trial. */
type TunedRun = TunedTrial['runs'][number] & { readonly point: TunedTrial['point'] };

/** The report of a study: the winner and its command, the best value over the trials, the value against each option, and all trainings. `writeReport` makes a page of it. */
export function tuningReport(result: TuneResult, { command, winnerCommand, data }: TuningReportOptions): Report {
  const { trials, winner, metric, config } = result;
  const runs = trials.flatMap(({ runs, point }) => runs.map((run): TunedRun => ({ ...run, point })));
  const done = runs.filter(({ state }) => state === 'done');
  const failed = runs.filter(({ state }) => state === 'failed').length;
  const distinct = (texts: (string | undefined)[]) =>
    [...new Set(texts.filter((text) => text !== undefined))].join('; ');
  return {
    name: 'tuning',
    title: `Tuning on ${data.name}`,
    summary: `${trials.length} trials, ${runs.length} trainings${failed ? `, ${failed} of which failed` : ''}. Validation ${metric} ${winner.value.toFixed(4)}. The winner was chosen on validation data without the test set, so this value is optimistic: the same data chose the winner.`,
    source: 'TPE: Bergstra et al., NeurIPS 2011. Successive halving: Jamieson & Talwalkar, AISTATS 2016.',
    claims: [],
    sections: [
      { title: 'The winner', text: [winnerCommand], tables: [winnerTable(result)] },
      { title: 'The search', figures: [bestSoFar(done, metric), ...curves(done, metric)] },
      optionsSection(result, done),
      { title: 'All trainings', tables: [runsTable(result, runs)] },
    ],
    provenance: {
      command,
      taurec: version,
      node: process.version,
      engine: distinct(done.map(({ engine }) => engine && `${engine.name}, ${engine.build}`)),
      processor: cpus()[0]?.model ?? 'unknown',
      finished: new Date().toISOString(),
      data: [data],
      settings: { space: result.space, metric },
      configs: [{ name: 'the winner', config: configToJson(config) }],
      runs: runs.filter(isOver).length,
      seconds: done.reduce((sum, { seconds }) => sum + seconds!.train + seconds!.validate, 0),
    },
  };
}

/** The winner's value of each option, with the range that was searched. */
function winnerTable({ winner, space }: TuneResult): Table {
  return {
    name: 'winner',
    caption: `Trial ${winner.trial}`,
    columns: [
      { name: 'option', show: 'text' },
      { name: 'value', show: 'text' },
      { name: 'searched', show: 'text' },
    ],
    rows: Object.entries(space).map(([path, dimension]) => [path, text(winner.point[path]), rangeText(dimension)]),
  };
}

/** Rungs count from 1 for readers. */
const rungName = (rung: number) => `rung ${rung + 1}`;

/** A figure of the best value of each rung so far, trial by trial. */
function bestSoFar(done: readonly TunedRun[], metric: string): Figure {
  const rungs = [...new Set(done.map(({ rung }) => rung))].sort((a, b) => a - b);
  const series = rungs.map((rung) => {
    let best = -Infinity;
    const here = done.filter((run) => run.rung === rung).sort((a, b) => a.trial - b.trial);
    const points = here.map(({ trial, value }) => {
      best = Math.max(best, value!);
      return { x: trial, y: best };
    });
    return { name: rungName(rung), points };
  });
  return {
    name: 'best-so-far',
    caption: 'The best value of each rung up to each trial. Different rungs have trainings of different lengths.',
    kind: 'lines',
    x: { label: 'trial' },
    y: { label: `validation ${metric}` },
    panels: [{ title: '', series }],
  };
}

/** A figure of the validation curves on the highest rung reached, if any training was validated more than once. At most eight, to stay readable. */
function curves(done: readonly TunedRun[], metric: string): Figure[] {
  const highest = Math.max(...done.map(({ rung }) => rung));
  const series = done
    .filter(({ rung }) => rung === highest)
    .sort((a, b) => b.value! - a.value!)
    .slice(0, 8)
    .map(({ trial, curve, epoch }) => ({
      name: `trial ${trial}`,
      points: curve
        .filter(({ value }) => value !== undefined)
        .map((point) => ({ x: point.epoch, y: point.value!, ...(point.epoch === epoch && { chosen: true }) })),
    }));
  if (series.every(({ points }) => points.length < 2)) return [];
  return [
    {
      name: 'curves',
      caption: `Validation during the trainings of ${rungName(highest)}, for at most the best eight trials.`,
      kind: 'lines',
      x: { label: 'epoch' },
      y: { label: `validation ${metric}` },
      panels: [{ title: '', series }],
    },
  ];
}

/** One figure per option: the value against the option, for trainings of the first rung, which has all trials at the same length. */
function optionsSection({ space, metric, winner }: TuneResult, done: readonly TunedRun[]): Section {
  const first = done.filter(({ rung }) => rung === 0);
  const figures = Object.entries(space).map(([path, dimension]): Figure => {
    const banded = 'choice' in dimension;
    const points = first
      .map(({ trial, point, value }) => ({
        x: banded ? text(point[path]) : (point[path] as number),
        y: value!,
        ...(trial === winner.trial && { chosen: true }),
      }))
      .sort((a, b) => (banded ? 0 : Number(a.x) - Number(b.x)));
    return {
      name: `value-by-${slug(path)}`,
      caption: `Value of the first rung against ${path}.`,
      kind: 'dots',
      x: { label: path, scale: banded ? 'band' : 'logUniform' in dimension ? 'log' : 'linear' },
      y: { label: `validation ${metric}` },
      panels: [{ title: '', series: [{ name: 'trials', points }] }],
    };
  });
  return { title: 'Effect of each option', figures };
}

/** A table of all trainings: longest rung first, then best value first. */
function runsTable({ space, metric }: TuneResult, runs: readonly TunedRun[]): Table {
  const paths = Object.keys(space);
  const ordered = [...runs].sort((a, b) => b.rung - a.rung || (b.value ?? -1) - (a.value ?? -1) || a.trial - b.trial);
  return {
    name: 'trainings',
    caption: 'Every training, longest and best first.',
    columns: [
      { name: 'trial', show: 'count' },
      { name: 'rung', show: 'count' },
      ...paths.map((name) => ({ name, show: 'text' as const })),
      { name: `validation ${metric}` },
      { name: 'epoch', show: 'count' },
      { name: 'prior', show: 'number' },
      { name: 'seconds', show: 'seconds' },
      { name: 'seed', show: 'count' },
      { name: 'state', show: 'text' },
    ],
    rows: ordered.map(({ trial, rung, point, value, epoch, popularityPrior, seconds, seed, state }): Cell[] => [
      trial,
      rung + 1,
      ...paths.map((path) => text(point[path])),
      value ?? null,
      epoch ?? null,
      popularityPrior ?? null,
      seconds ? seconds.train + seconds.validate : null,
      seed,
      state,
    ]),
  };
}

/** A value of an option as text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The range or the choices of a dimension as text. */
function rangeText(dimension: Dimension): string {
  if ('choice' in dimension) return dimension.choice.map(text).join(', ');
  const [kind, range] = Object.entries(dimension).find(([, x]) => Array.isArray(x)) as [string, readonly number[]];
  const scale = { uniform: '', logUniform: ', on a logarithmic scale', integer: ', whole numbers' }[kind];
  return `${range[0]} to ${range[1]}${scale}`;
}
