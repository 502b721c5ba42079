import type { Judgement, RunInfo } from '../../session.ts';
import { Columns } from '../charts/columns.tsx';
import { Intervals } from '../charts/intervals.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { count, metric as metricText, number, percent } from '../parts/figures.ts';
import { metricAbout, metricTitle } from '../parts/metric-names.ts';
import { Table } from '../parts/table.tsx';
import { type FigureRow, figureRows, figuresText, groupsOf } from './figures.ts';
import { baselineNames, baselines, baselineTitles, gainInWords } from './words.ts';
import { Worst } from './worst.tsx';

/** How good a model is by one part of the data. */
export function JudgementView({ judgement, run }: { judgement: Judgement; run: RunInfo }) {
  return (
    <div class="judgement">
      <Head judgement={judgement} />
      <div class="pair">
        <Gains judgement={judgement} />
        <Groups judgement={judgement} />
      </div>
      <Figures judgement={judgement} model={run.name} />
      <Worst judgement={judgement} />
    </div>
  );
}

/** The figures that matter most, rounded. */
function Head({ judgement: { model, k } }: { judgement: Judgement }) {
  const shown = ['ndcg', 'recall', 'hitrate', 'coverage', 'novelty'].map((name) => `${name}@${k}`);
  return (
    <section class="card" aria-label="In short">
      <dl class="figures wide">
        {shown.map((name) => {
          const value = model.metrics[name];
          return (
            value !== undefined && (
              <div key={name}>
                <dt>{metricTitle(name)}</dt>
                <dd>{shownMetric(name, value)}</dd>
                <dd class="help">{metricAbout(name)}</dd>
              </div>
            )
          );
        })}
      </dl>
      <p class="help">
        Lists of {k} items for {count(model.ranked)} people, over all items; what a person already had is left out.
      </p>
    </section>
  );
}

/** Against the simple rankers: in words, and as a chart. */
function Gains({ judgement: { gains, k } }: { judgement: Judgement }) {
  const main = `ndcg@${k}`;
  const close = gains.filter(({ against }) => against !== 'random');
  return (
    <section class="card" aria-labelledby="gains">
      <h2 id="gains">Against simple lists</h2>
      <ul class="sentences">
        {gains
          .filter(({ metric }) => metric === main)
          .map((gain) => (
            <li key={gain.against}>{sentence(gainInWords(gain))}</li>
          ))}
      </ul>
      <Intervals
        title="Gains with their 95% intervals"
        about={`The sentences above are by ${metricTitle(main)}. An interval says how far the gain would move with other people; right of the line the model is better.`}
        rows={close.map(({ against, metric, ratio, low, high }) => ({
          name: `${metricTitle(metric)}, against ${baselineNames[against]}`,
          value: ratio,
          low,
          high,
        }))}
        xTitle="Gain"
        xTick={percent}
        cell={percent}
      />
    </section>
  );
}

/** What items of different popularity add to the metric. */
function Groups({ judgement }: { judgement: Judgement }) {
  const name = `ndcg@${judgement.k}`;
  const groups = groupsOf(judgement, name);
  if (!groups) return null;
  return (
    <section class="card" aria-labelledby="groups">
      <h2 id="groups">By popularity of the items</h2>
      <Columns
        title={`What each group adds to ${metricTitle(name)}`}
        about={`Each group has about the same number of interactions, so the first has many rare items (${count(groups.items[0] ?? 0)}) and the last a few popular ones (${count(groups.items.at(-1) ?? 0)}). All columns of a colour add up to its ${metricTitle(name)}.`}
        names={groups.items.map((_, at) => String(at + 1))}
        series={[
          { name: 'This model', values: groups.model },
          ...groups.others.map((other) => ({
            name: baselineTitles[other.name],
            values: other.values,
            past: true,
            hidden: other.name !== 'item-knn',
          })),
        ]}
        xTitle="Group, from rare to popular"
        yTitle={metricTitle(name)}
      />
    </section>
  );
}

/** All figures: rounded where they are compared, and in full. */
function Figures({ judgement, model }: { judgement: Judgement; model: string }) {
  const rows = figureRows(judgement);
  return (
    <section class="card" aria-labelledby="figures">
      <div class="card-head">
        <h2 id="figures">All figures</h2>
        <CopyButton text={figuresText(rows, model)} what="all figures in full" label="Copy in full" />
      </div>
      <Table
        caption="Figures, rounded"
        hideCaption
        rows={rows}
        columns={figureColumns((name, value) => shownMetric(name, value))}
      />
      <details>
        <summary>In full</summary>
        <Table caption="Figures in full" hideCaption rows={rows} columns={figureColumns((_, value) => String(value))} />
      </details>
    </section>
  );
}

function figureColumns(show: (metric: string, value: number) => string) {
  const cell = (of: 'model' | (typeof baselines)[number]) => (row: FigureRow) => show(row.metric, row[of]);
  return [
    {
      title: 'Metric',
      heads: true,
      cell: ({ metric }: FigureRow) => <span title={metricAbout(metric)}>{metricTitle(metric)}</span>,
    },
    { title: 'This model', cell: cell('model'), numeric: true },
    ...baselines.map((name) => ({ title: baselineTitles[name], cell: cell(name), numeric: true })),
  ];
}

/** A share as a metric, other figures by their size. */
function shownMetric(name: string, value: number): string {
  return /^(popularity|novelty)@/.test(name) ? number(value, 4) : metricText(value);
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
