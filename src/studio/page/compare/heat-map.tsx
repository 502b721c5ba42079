import { useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Menu } from '../parts/field.tsx';
import { duration, many, metric as metricText } from '../parts/figures.ts';
import { metricsOf, metricTitle } from '../parts/metric-names.ts';
import { Progress } from '../parts/progress.tsx';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { shownValue } from './differences.ts';
import { courseOf, type Grid, gridOf, level, reached } from './grid.ts';
import { stateInWords, useFields } from './runs.tsx';

/** The runs of a sweep as a heat map that fills in as they finish. It is a table with coloured cells, so that it reads without colours, too. */
export function HeatMap({ title, runs }: { title: string; runs: readonly RunInfo[] }) {
  const fields = useFields();
  const metrics = metricsOf(runs);
  const [wanted, setWanted] = useState<string>();
  const metric = metrics.find((name) => name === wanted) ?? metrics[0];
  const grid = gridOf(runs, fields);
  const values = runs.flatMap((run) => reached(run, metric) ?? []);
  const best = Math.max(...values);
  const winner = runs.find((run) => reached(run, metric) === best);
  const failed = runs.find(({ state }) => state === 'failed')?.failure;
  const [open, setOpen] = useState(false);
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {metrics.length > 1 && (
          <Menu
            label="Metric"
            value={metric ?? ''}
            choices={metrics.map((name) => ({ value: name, label: metricTitle(name) }))}
            onChange={setWanted}
          />
        )}
      </div>
      <Going runs={runs} />
      {failed && <FailurePanel failure={failed} />}
      {winner && metric !== undefined && (
        <p>
          Best so far: {winner.name}, with {metricTitle(metric)} {metricText(best)} on validation.
        </p>
      )}
      <Cells {...{ grid, metric, values, title, best }} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          As a table<span class="hidden">: {title}</span>
        </summary>
        {open && (
          <Table
            caption={title}
            hideCaption
            rows={runs}
            rowKey={({ id }) => id}
            columns={[
              { title: 'Run', cell: ({ name }) => name, heads: true },
              ...metrics.map((name) => ({
                title: metricTitle(name),
                numeric: true,
                cell: (run: RunInfo) => (run.valid?.[name] === undefined ? '–' : String(run.valid[name])),
              })),
              { title: 'State', cell: (run) => stateInWords(run) },
              {
                title: 'Time',
                cell: ({ seconds }) => (seconds === undefined ? '–' : duration(seconds)),
                numeric: true,
              },
            ]}
          />
        )}
      </details>
    </section>
  );
}

/** How far the sweep is, with a button that stops what is left, and one that takes up what was interrupted. */
function Going({ runs }: { runs: readonly RunInfo[] }) {
  const studio = useStudio();
  const [task] = useState(() => new Task<void>());
  const { done, left, resumable } = courseOf(runs);
  if (left.length === 0 && resumable.length === 0) return null;
  const control = async ({ id }: RunInfo, act: 'cancel' | 'resume') =>
    studio.live.know(await studio.session.control(id, act));
  const stop = () =>
    void task.run(async () => {
      // Those that wait go first, so that none of them starts when the one in work stops.
      for (const run of [...left].sort((a, b) => Number(a.state !== 'waiting') - Number(b.state !== 'waiting')))
        await control(run, 'cancel');
    });
  const resume = () =>
    void task.run(async () => {
      for (const run of resumable) await control(run, 'resume');
      studio.data.value ??= await studio.session.data();
    });
  const now = task.state.value;
  const isFree = now.state !== 'working';
  return (
    <>
      <Progress
        label={`${done} of ${runs.length} runs are done`}
        done={done}
        total={runs.length}
        {...(left.length > 0 && isFree && { cancel: stop })}
      />
      {resumable.length > 0 && (
        <div class="actions">
          <button type="button" disabled={!isFree} onClick={resume}>
            Resume {many(resumable.length, 'interrupted run')}
          </button>
        </div>
      )}
      {now.state === 'failed' && <FailurePanel failure={now.failure} retry={task.retry} />}
    </>
  );
}

function Cells({
  grid,
  metric,
  values,
  title,
  best,
}: {
  grid: Grid;
  metric: string | undefined;
  values: readonly number[];
  title: string;
  best: number;
}) {
  const [rows, columns] = grid.axes.length === 2 ? grid.axes : [undefined, grid.axes[0]];
  if (!columns) return null;
  const cell = (run: RunInfo | undefined) => <Cell {...{ run, metric, values, best }} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard
    <section class="table" aria-label={`${title}: heat map`} tabIndex={0}>
      <table class="heat">
        <caption class="hidden">
          {title}: {metric ? metricTitle(metric) : 'no figures yet'}
        </caption>
        <thead>
          <tr>
            <td />
            <th scope="colgroup" colSpan={columns.values.length}>
              {columns.title}
            </th>
          </tr>
          <tr>
            <th scope={rows ? 'col' : undefined}>{rows?.title ?? ''}</th>
            {columns.values.map((value) => (
              <th key={String(value)} scope="col">
                {shownValue(value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows ? (
            rows.values.map((row) => (
              <tr key={String(row)}>
                <th scope="row">{shownValue(row)}</th>
                {columns.values.map((column) => cell(grid.at(row, column)))}
              </tr>
            ))
          ) : (
            <tr>
              <th scope="row">{metric ? metricTitle(metric) : 'Metric'}</th>
              {columns.values.map((column) => cell(grid.at(column)))}
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

function Cell({
  run,
  metric,
  values,
  best,
}: {
  run: RunInfo | undefined;
  metric: string | undefined;
  values: readonly number[];
  best: number;
}) {
  const studio = useStudio();
  const value = reached(run, metric);
  if (!run) return <td>–</td>;
  if (value === undefined || run.state !== 'done') return <td class="soft">{stateInWords(run)}</td>;
  return (
    <td data-level={level(value, values)}>
      <a href={studio.link({ room: 'judge', runs: [run.id] })}>
        {metricText(value)}
        {value === best && <span class="hidden"> (best)</span>}
      </a>
    </td>
  );
}
