import { type ComponentChild, render } from 'preact';
import { documentHead } from '../../../report/document-head.ts';
import { html, Markup } from '../../../report/markup.ts';
import { tableHtml } from '../../../report/tables.ts';
import type { Judgement, RunInfo } from '../../session.ts';
import { ColumnPlot } from '../charts/columns.tsx';
import { CurvePlot } from '../charts/curves.tsx';
import { IntervalPlot } from '../charts/intervals.tsx';
import { figureRows, groupsOf } from '../judge/figures.ts';
import { baselineNames, baselines, baselineTitles, gainInWords } from '../judge/words.ts';
import { count, duration, percent } from '../parts/figures.ts';
import { metricsOf, metricTitle } from '../parts/metric-names.ts';

/** Pixels of a figure. */
const WIDTH = 620;

/** What the plots of the page need of the page's styles. */
const plotStyle = `
.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.plot-box { max-width: ${WIDTH}px; margin: 1.5rem 0 2.5rem; }
.plot-box svg { display: block; width: 100%; height: auto; overflow: visible; }
.plot-box text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.plot-box .row-name { fill: var(--ink); paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
.plot-box .grid { stroke: var(--line); }
.plot-box .axis { stroke: var(--soft); }
.plot-box .curve { fill: none; stroke: var(--series-0); stroke-width: 2; }
.plot-box .dot, .plot-box .bar { fill: var(--series-0); }
.plot-box .bar.past { fill: var(--soft); }
`;

/** A run with its judgements as one HTML file: no script, no network, light and dark. */
export function reportPage({
  run,
  judgements,
  command,
  version,
}: {
  run: RunInfo;
  judgements: readonly Judgement[];
  command: string;
  version: string;
}): string {
  return html`${documentHead(run.name, "default-src 'none'; style-src 'unsafe-inline'", plotStyle)}
<body>
<main>
<header>
<h1>${run.name}</h1>
<p class="lead">${leadOf(run, judgements)}</p>
<p class="source">taurec ${version}${run.seconds === undefined ? '' : `, trained in ${duration(run.seconds)}`}</p>
</header>
${trainingOf(run)}${judgements.map(judgementHtml)}<section>
<h2>The same run again</h2>
${
  command
    ? html`<pre class="wrap">${command}</pre>\n`
    : html`<p>This run used a loss that was typed in the studio, which no command can name.</p>\n`
}<details><summary>Configuration</summary><pre class="wrap">${JSON.stringify(run.config, null, 2)}</pre></details>
</section>
</main>
</body>
</html>
`.text;
}

/** The first sentence: what was trained on what, and how good it is. */
function leadOf({ users, items, epoch }: RunInfo, judgements: readonly Judgement[]): string {
  const trained =
    users === undefined || items === undefined
      ? `A model of ${count(epoch)} epochs.`
      : `A model of ${count(users)} users and ${count(items)} items, trained for ${count(epoch)} epochs.`;
  const last = judgements.at(-1);
  const gain = last?.gains.find(({ against, metric }) => against === 'popular' && metric === `ndcg@${last.k}`);
  return gain
    ? `${trained} By ${metricTitle(gain.metric)} on the ${partName(last!)} its lists are ${gainInWords(gain)}.`
    : trained;
}

function trainingOf(run: RunInfo): Markup | undefined {
  const { history } = run;
  if (history.length < 2) return undefined;
  const [name] = metricsOf([run]);
  const loss = history.map((record) => ({ x: record.epoch, y: record.loss }));
  const valid = history.flatMap((record) =>
    name !== undefined && record.valid ? [{ x: record.epoch, y: record.valid[name]! }] : [],
  );
  const curve = (title: string, yTitle: string, points: typeof loss) =>
    plot(<CurvePlot title={title} curves={[{ name: yTitle, points }]} xTitle="Epoch" yTitle={yTitle} width={WIDTH} />);
  return html`<section>
<h2>Training</h2>
${curve('Loss by epoch', 'Loss', loss)}${name !== undefined && valid.length > 1 ? curve('Validation by epoch', metricTitle(name), valid) : undefined}</section>
`;
}

function judgementHtml(judgement: Judgement): Markup {
  const { k, gains, model, opened, part } = judgement;
  const main = `ndcg@${k}`;
  const shown = gains.filter(({ against }) => against !== 'random');
  const groups = groupsOf(judgement, main);
  const rows = shown.map(({ against, metric, ratio, low, high }) => ({
    name: `${metricTitle(metric)}, against ${baselineNames[against]}`,
    value: ratio,
    low,
    high,
  }));
  return html`<section>
<h2>By the ${partName(judgement)}</h2>
<p>Lists of ${k} items for ${count(model.ranked)} people, over all items; what a person already had is left out.${part === 'test' ? ` The test part was opened ${count(opened)} ${opened === 1 ? 'time' : 'times'}.` : ''}</p>
<ul>
${gains.filter(({ metric }) => metric === main).map((gain) => html`<li>${metricTitle(main)}: ${gainInWords(gain)}.</li>\n`)}</ul>
${rows.length > 0 ? plot(<IntervalPlot name="Gains with their 95% intervals" rows={rows} width={WIDTH} xTitle="Gain" xTick={percent} />) : undefined}${tableHtml(
  {
    caption: 'Gains with their 95% intervals',
    columns: [
      { name: 'metric', show: 'text' },
      { name: 'against', show: 'text' },
      { name: 'gain', show: 'percent' },
      { name: 'from', show: 'percent' },
      { name: 'to', show: 'percent' },
    ],
    rows: gains.map((gain) => [metricTitle(gain.metric), baselineNames[gain.against], gain.ratio, gain.low, gain.high]),
  },
)}${tableHtml({
  caption: 'All figures, in full',
  columns: [
    { name: 'metric', show: 'text' },
    { name: 'this model', show: 'text' },
    ...baselines.map((name) => ({ name: baselineTitles[name], show: 'text' as const })),
  ],
  rows: figureRows(judgement).map((row) => [
    metricTitle(row.metric),
    String(row.model),
    ...baselines.map((name) => String(row[name])),
  ]),
})}${
  groups
    ? html`${plot(
        <ColumnPlot
          title={`What each popularity group adds to ${metricTitle(main)}`}
          names={groups.items.map((_, at) => String(at + 1))}
          series={[{ name: 'This model', values: groups.model }]}
          width={WIDTH}
          xTitle="Group, from rare to popular"
          yTitle={metricTitle(main)}
        />,
      )}${tableHtml({
        caption: `What each popularity group adds to ${metricTitle(main)}`,
        columns: [
          { name: 'group', show: 'text' },
          { name: 'items', show: 'count' },
          { name: 'this model', show: 'number' },
          ...groups.others.map(({ name }) => ({ name: baselineTitles[name], show: 'number' as const })),
        ],
        rows: groups.items.map((items, at) => [
          String(at + 1),
          items,
          groups.model[at]!,
          ...groups.others.map(({ values }) => values[at]!),
        ]),
      })}`
    : undefined
}</section>
`;
}

function partName({ part }: Judgement): string {
  return part === 'test' ? 'test part' : 'validation part';
}

/** A plot of the page as markup. */
function plot(drawing: ComponentChild): Markup {
  const box = document.createElement('div');
  render(drawing, box);
  const text = box.innerHTML;
  render(null, box);
  return new Markup(`<div class="plot-box">${text}</div>\n`);
}
