import { useMemo, useState } from 'preact/hooks';
import type { Comparison } from '../../../evaluation/compare.ts';
import type { RunInfo } from '../../session.ts';
import { judgements } from '../judge/judged.ts';
import { OpenAgain } from '../judge/open-again.tsx';
import { openings } from '../judge/words.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Menu } from '../parts/field.tsx';
import { count, many, metric as metricText, number } from '../parts/figures.ts';
import { metricTitle } from '../parts/metric-names.ts';
import { RunPicker, useRun } from '../parts/run-picker.tsx';
import { Table } from '../parts/table.tsx';
import { TaskView } from '../parts/task-view.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { comparisonInWords } from './words.ts';

/** Whether the difference of two runs is more than luck. */
export function Significance() {
  const studio = useStudio();
  const [a, b] = [useRun(0), useRun(1)];
  const [part, setPart] = useState<'valid' | 'test'>('valid');
  const [asking, setAsking] = useState(false);
  const key = `${a?.id} ${b?.id} ${part}`;
  // Another pair is another question: its answer starts empty.
  const task = useMemo(() => new Task<Comparison>(), [key]);
  if (!a || !b) return null;
  const same = a.id === b.id;
  const opened = openings(studio.runs.value, judgements(studio));
  const compare = () =>
    void task
      .run((control) => studio.session.compare(a.id, b.id, part, control))
      .then((done) => done && studio.say('The two runs are compared.'));
  const working = task.state.value.state === 'working';
  return (
    <section class="card" aria-labelledby="significance">
      <h2 id="significance">Is the difference more than luck?</h2>
      <div class="fields">
        <RunPicker label="First run" position={0} />
        <RunPicker label="Second run" position={1} />
        <Menu
          label="Compared by"
          value={part}
          choices={[
            { value: 'valid', label: 'Validation part' },
            { value: 'test', label: 'Test part, which opens it' },
          ]}
          onChange={(value) => setPart(value === 'test' ? 'test' : 'valid')}
        />
      </div>
      {same && <p class="help">Choose two different runs.</p>}
      {!working && (
        <p class="actions">
          <button
            type="button"
            class="main"
            disabled={same}
            onClick={() => (part === 'test' && opened > 0 ? setAsking(true) : compare())}
          >
            Compare
          </button>
        </p>
      )}
      {asking && <OpenAgain opened={opened} onOpen={compare} onClose={() => setAsking(false)} />}
      <TaskView task={task} working="Measuring both runs for each person">
        {(comparison) => <Answer comparison={comparison} a={a} b={b} />}
      </TaskView>
    </section>
  );
}

type Row = Comparison['metrics'][number];

function Answer({ comparison, a, b }: { comparison: Comparison; a: RunInfo; b: RunInfo }) {
  const { metrics, users, onlyA, onlyB } = comparison;
  const [main] = metrics;
  const names =
    a.name === b.name ? ([`${a.name} (first)`, `${b.name} (second)`] as const) : ([a.name, b.name] as const);
  const text = [
    ['Metric', ...names, 'Difference', 'Low', 'High', 'p', 'p of the t-test'],
    ...metrics.map((row) => [row.metric, row.a, row.b, row.difference, row.low, row.high, row.p, row.tTest.p]),
  ]
    .map((cells) => cells.join('\t'))
    .join('\n');
  return (
    <div class="answer">
      {main && <p class="lead">{comparisonInWords(main, names)}</p>}
      <Table
        caption="The difference, metric by metric"
        hideCaption
        rows={metrics}
        columns={[
          { title: 'Metric', cell: (row: Row) => metricTitle(row.metric), heads: true },
          { title: names[0], cell: (row: Row) => metricText(row.a), numeric: true },
          { title: names[1], cell: (row: Row) => metricText(row.b), numeric: true },
          { title: 'Difference', cell: (row: Row) => number(row.difference, 2), numeric: true },
          {
            title: '95% interval',
            cell: (row: Row) => `${number(row.low, 2)} to ${number(row.high, 2)}`,
            numeric: true,
          },
          { title: 'p', cell: (row: Row) => (row.p < 0.001 ? '< 0.001' : number(row.p, 2)), numeric: true },
        ]}
      />
      <div class="card-head">
        <p class="help">
          Over the same {many(users, 'person', 'people')}
          {onlyA + onlyB > 0 && `; ${count(onlyA + onlyB)} stand in only one of the runs and are left out`}. Intervals
          are by a paired bootstrap between people.
        </p>
        <CopyButton text={text} what="the comparison in full" label="Copy in full" />
      </div>
    </div>
  );
}
