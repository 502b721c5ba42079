import { useMemo, useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { DeleteRun } from '../parts/delete-run.tsx';
import { Empty } from '../parts/empty.tsx';
import { Menu } from '../parts/field.tsx';
import { count, duration, metric as metricText } from '../parts/figures.ts';
import { metricsOf, metricTitle } from '../parts/metric-names.ts';
import { finished } from '../parts/run-picker.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { fieldsOf } from '../train/schema-fields.ts';
import { differences, shownValue } from './differences.ts';
import { Significance } from './significance.tsx';

/** Metrics of a run in the table at most. */
const METRICS = 3;

/** The fields of a training, from the schema of the session. */
export function useFields() {
  const schema = useStudio().about.value?.schema;
  return useMemo(() => fieldsOf(schema ?? {}), [schema]);
}

/** The runs side by side, and the difference of two. */
export function Runs() {
  const studio = useStudio();
  const all = studio.runs.value;
  const [which, setWhich] = useState('all');
  if (all.length === 0)
    return (
      <Empty
        title="There are no runs yet"
        action={
          <a class="button" href={studio.link({ room: 'train' })}>
            Train a model
          </a>
        }
      >
        Each training becomes a run, and the runs stand here side by side.
      </Empty>
    );
  const sweeps = [...new Set(all.flatMap(({ sweep }) => (sweep === undefined ? [] : [sweep])))];
  const shown = all.filter(
    ({ sweep }) => which === 'all' || (which === 'single' ? sweep === undefined : sweep === which),
  );
  return (
    <>
      <section class="card" aria-labelledby="runs">
        <div class="card-head">
          <h2 id="runs">Side by side</h2>
          {sweeps.length > 0 && (
            <Menu
              label="Show"
              value={which}
              choices={[
                { value: 'all', label: 'All runs' },
                { value: 'single', label: 'Runs outside of sweeps' },
                ...sweeps.map((sweep, at) => ({ value: sweep, label: `Sweep ${sweeps.length - at}` })),
              ]}
              onChange={setWhich}
            />
          )}
        </div>
        <RunTable runs={shown} />
      </section>
      {finished(all).length > 1 ? (
        <Significance />
      ) : (
        <p class="soft">With two runs that are done, you can ask here whether their difference is more than luck.</p>
      )}
    </>
  );
}

function RunTable({ runs }: { runs: readonly RunInfo[] }) {
  const studio = useStudio();
  const fields = useFields();
  const differing = differences(
    runs.map(({ config }) => config),
    fields,
  );
  const metrics = metricsOf(runs).slice(0, METRICS);
  const best = new Map(
    metrics.map((name) => [name, Math.max(...runs.map(({ valid }) => valid?.[name] ?? Number.NEGATIVE_INFINITY))]),
  );
  const [asked, setAsked] = useState<RunInfo>();
  const deleting = useMemo(() => new Task<boolean>(), []);
  const drop = async ({ id, name }: RunInfo) => {
    const gone = await deleting.run(async () => {
      await studio.discard(id);
      return true;
    });
    if (!gone) return;
    setAsked(undefined);
    studio.say(`${name} is deleted.`);
  };
  const columns: Column<RunInfo>[] = [
    {
      title: 'Run',
      heads: true,
      cell: (run) => (
        <>
          {run.state === 'done' ? <a href={studio.link({ room: 'judge', runs: [run.id] })}>{run.name}</a> : run.name}
          {run.state !== 'done' && <span class="badge">{stateInWords(run)}</span>}
          {run.typed && <span class="badge">typed loss</span>}
        </>
      ),
    },
    ...differing.map(({ title, values }) => ({
      title,
      cell: (_: RunInfo, at: number) => shownValue(values[at]),
      numeric: values.every((value) => value === undefined || typeof value === 'number'),
    })),
    ...metrics.map((name) => ({
      title: metricTitle(name),
      numeric: true,
      cell: ({ valid }: RunInfo) => {
        const value = valid?.[name];
        if (value === undefined) return '–';
        return runs.length > 1 && value === best.get(name) ? (
          <strong>
            {metricText(value)}
            <span class="hidden"> (best)</span>
          </strong>
        ) : (
          metricText(value)
        );
      },
    })),
    { title: 'Epochs', cell: ({ epoch }) => count(epoch), numeric: true },
    { title: 'Time', cell: ({ seconds }) => (seconds === undefined ? '–' : duration(seconds)), numeric: true },
    { title: 'Test opened', cell: ({ opened }) => count(opened), numeric: true },
    {
      title: 'Act',
      cell: (run) => (
        <button type="button" class="quiet" aria-label={`Delete ${run.name}`} onClick={() => setAsked(run)}>
          Delete
        </button>
      ),
    },
  ];
  return (
    <>
      <Table caption="Runs" hideCaption rows={runs} columns={columns} rowKey={({ id }) => id} />
      <p class="help">
        {runs.length < 2
          ? 'With a second run, the options in which the two differ stand here, too.'
          : differing.length === 0
            ? 'All options are equal.'
            : 'Only options that differ are shown; a dash stands where a run does not have the option, or where its loss sets it.'}{' '}
        Figures are by the validation part.
      </p>
      {asked && (
        <DeleteRun run={asked} task={deleting} onAct={() => void drop(asked)} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

/** The state of a run in a few words. */
export function stateInWords({ state, epoch, epochs }: RunInfo): string {
  return state === 'running' && epochs > 0 ? `running, ${epoch} of ${epochs}` : state;
}
