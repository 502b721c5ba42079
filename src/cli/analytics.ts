import { type Command, Option } from 'commander';
import type { Analytics, AnalyticsRow } from '../analytics/analytics.ts';
import type { VariantReport } from '../analytics/compare-variants.ts';
import { type LogAnalytics, openAnalytics } from '../analytics/open-analytics.ts';
import { type AnalyticsOptions, analyticsOptions, type PeriodOptions } from '../analytics/options.ts';
import type { Rate } from '../analytics/rates.ts';
import type { ReplayOptions, ReplayResult } from '../analytics/replay.ts';
import type { EventOptions } from '../data/event-kinds.ts';
import type { SequentialOptions } from '../evaluation/sequential-test.ts';
import { openModel } from '../model/model-directory.ts';
import { Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { count, table } from './output.ts';
import { jsonOrFile } from './parse.ts';
import type { Terminal } from './terminal.ts';

interface AnalyticsFlags
  extends AnalyticsOptions,
    SequentialOptions,
    Pick<ReplayOptions, 'k' | 'kind'>,
    Pick<CommonOptions, 'json'> {
  events?: EventOptions['events'];
  model?: string;
  compare?: string[];
  replay?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<log>', 'feedback log (sqlite:PATH, a path ending in .db, or postgres://…), or a file of events')
    .option('--model <folder>', 'model whose lists were shown: adds coverage, popularity and what it cannot know')
    .addOption(new Option('--compare <variant...>', 'compare two variants of a split: a b').conflicts('replay'))
    .option('--replay <model>', 'judge a model by how many answered items would be in its lists');
  addDeclaredFlags(command, analyticsOptions, { events: jsonOrFile, from: moment, to: moment, window: span });
  addCommonOptions(command, 'json');
  addExamples(
    command,
    'taurec analytics feedback.db',
    'taurec analytics feedback.db --by place --from 2026-05-01 --model published',
    'taurec analytics feedback.db --compare a b --expected 20000',
    'taurec analytics feedback.db --replay new-model -k 10',
  );
  command.action((log: string, flags: AnalyticsFlags) => run(terminal, log, flags));
}

/** A number of seconds is a number, everything else a text that the library checks. */
const span = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
/** A moment: digits alone are seconds since 1970. */
const moment = (text: string) => (/^\d{5,}(\.\d+)?$/.test(text) ? Number(text) : text);

async function run(terminal: Terminal, source: string, flags: AnalyticsFlags): Promise<void> {
  const { events, compare, json } = flags;
  if (compare !== undefined && compare.length !== 2)
    throw new UsageError('--compare needs two variants: --compare a b.');
  const [a, b] = compare ?? [];
  const model = flags.model === undefined ? undefined : await openModel(flags.model);
  const analytics = await openAnalytics(source, { events, model });
  try {
    // Defaults are left to the library.
    const { by, level, expected, k, kind, ...period } = declaredValues(analyticsOptions, flags) as AnalyticsFlags;
    if (flags.replay !== undefined) {
      const result = await replayed(analytics, flags.replay, { ...periodOf(period), k, kind });
      return json ? terminal.printJson(result) : terminal.print(replayText(result));
    }
    if (a !== undefined && b !== undefined) {
      const report = await analytics.compare({ ...periodOf(period), a, b, level, expected });
      return json ? terminal.printJson(report) : terminal.print(comparisonText(report, a, b, level));
    }
    const result = await analytics.analyze({ ...periodOf(period), by });
    return json ? terminal.printJson(result) : terminal.print(analyticsText(result));
  } finally {
    await analytics.close();
  }
}

const periodOf = ({ from, to, window, mostImpressions }: PeriodOptions): PeriodOptions => ({
  from,
  to,
  window,
  mostImpressions,
});

async function replayed(analytics: LogAnalytics, folder: string, options: ReplayOptions): Promise<ReplayResult> {
  const recommender = await Recommender.open(folder);
  try {
    return await analytics.replay(recommender, options);
  } finally {
    await recommender.close();
  }
}

const percent = (x: number) => `${(100 * x).toFixed(2)}%`;
const rateText = ({ rate, low, high }: Rate) =>
  low === undefined || high === undefined ? percent(rate) : `${percent(rate)} (${percent(low)} – ${percent(high)})`;

function analyticsText({ by, events, people, from, to, total, rows, bounded, drift }: Analytics): string {
  if (total.impressions === 0) {
    const period = from === undefined ? '' : ` from ${from.slice(0, 16)} to ${to!.slice(0, 16)} UTC`;
    return `${count(events)} events of ${count(people)} people, and no impression${period}: applications send one for each item that is shown (docs/events.md).`;
  }
  const kinds = Object.keys(total.answered);
  const known = total.coverage !== undefined;
  const line = (row: AnalyticsRow, name: string) => [
    name,
    ...[row.impressions, row.people].map(count),
    ...kinds.map((kind) => rateText(row.answered[kind]!)),
    known ? `${count(row.items)} (${percent(row.coverage!)})` : count(row.items),
    ...(known ? [percent(row.popular!)] : []),
    percent(row.repeated),
  ];
  const head = [by, 'impressions', 'people', ...kinds, 'items', ...(known ? ['popular'] : []), 'repeated'];
  const lines = [
    `${count(events)} events of ${count(people)} people; impressions from ${from!.slice(0, 16)} to ${to!.slice(0, 16)} UTC.`,
    table(head, [...rows.map((row) => line(row, row.name || '(none)')), line(total, 'all')]),
  ];
  if (bounded.impressions > 0) {
    lines.push(
      `${count(bounded.impressions)} impressions of ${count(bounded.people)} people are left out: beyond the most of a day.`,
    );
  }
  if (drift) {
    lines.push(
      table(
        ['day', 'events', 'unknown users', 'unknown items'],
        drift.map((row) => [row.day, count(row.events), percent(row.unknownUsers), percent(row.unknownItems)]),
      ),
    );
  }
  return lines.join('\n');
}

function comparisonText({ comparisons, inBoth }: VariantReport, a: string, b: string, level = 0.95): string {
  const bound = (x: number) => (Number.isFinite(x) ? percent(x) : x > 0 ? '∞' : '−∞');
  const rows = comparisons.map(({ kind, a: today, b: other, difference, low, high, p, verdict }) => [
    kind,
    ...[today, other].map(({ rate, people }) => `${percent(rate)} of ${count(people)} people`),
    `${percent(difference)} (${bound(low)} – ${bound(high)})`,
    p < 0.001 ? '< 0.001' : p.toFixed(3),
    verdict === 'undecided' ? verdict : `${b} is ${verdict}`,
  ]);
  const left = inBoth > 0 ? `\n${count(inBoth)} people with lists of both are left out.` : '';
  return `${table(['kind', a, b, `difference (${+(100 * level).toFixed(2)}%, at any time)`, 'p', ''], rows)}${left}`;
}

function replayText({ kind, k, answered, judged, recall, corrected, propensities }: ReplayResult): string {
  return [
    `${count(judged)} of ${count(answered)} impressions that were answered by ${kind} have a user and an item that the model knows.`,
    `In its lists of ${k}: ${rateText(recall)} of them; weighed against their positions: ${propensities.length > 0 ? rateText(corrected) : 'the log has no positions'}.`,
    'Only what was shown can be answered: this favours models like the one that made the lists (docs/analytics.md).',
  ].join('\n');
}
