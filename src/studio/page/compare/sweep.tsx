import { useMemo, useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { ChooseData } from '../parts/choose-data.tsx';
import { Empty } from '../parts/empty.tsx';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Check, Menu, NumberField, Options, TextField } from '../parts/field.tsx';
import { many } from '../parts/figures.ts';
import { finished } from '../parts/run-picker.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { expected, type FormField, fieldsInForce, valuesOf } from '../train/options.ts';
import { shownValue } from './differences.ts';
import { baseOf, mostRuns, range, readValues, requestAxes, sweepable } from './grid.ts';
import { HeatMap } from './heat-map.tsx';
import { useFields } from './runs.tsx';

/** What a person chose for an axis. */
interface Chosen {
  readonly path: string;
  readonly how: 'list' | 'range';
  readonly text: string;
  readonly from?: number;
  readonly to?: number;
  readonly count: number;
  readonly by: 'step' | 'factor';
}

const fresh: Chosen = { path: '', how: 'list', text: '', count: 5, by: 'factor' };

/** A grid of one or two options, and the heat maps of the sweeps that are there. */
export function Sweep() {
  const studio = useStudio();
  const runs = studio.runs.value;
  const sweeps = [...new Set(runs.flatMap(({ sweep }) => (sweep === undefined ? [] : [sweep])))];
  return (
    <>
      {studio.data.value ? (
        <NewSweep />
      ) : (
        <Empty title="A sweep needs data" action={<ChooseData />}>
          It trains a run for each value of one or two options, on the data in use.
        </Empty>
      )}
      {sweeps.map((sweep, at) => (
        <HeatMap
          key={sweep}
          title={`Sweep ${sweeps.length - at}`}
          runs={runs.filter((run) => run.sweep === sweep).reverse()}
        />
      ))}
    </>
  );
}

function NewSweep() {
  const studio = useStudio();
  const all = useFields();
  const bases = finished(studio.runs.value).filter(({ typed, sweep }) => !typed && sweep === undefined);
  const [base, setBase] = useState('');
  const chosenBase = bases.find(({ id }) => id === base)?.config;
  const objective = studio.data.value?.objective ?? {};
  const values = valuesOf(chosenBase ?? objective);
  const fields = sweepable(fieldsInForce(values, all));
  const [chosen, setChosen] = useState<readonly [Chosen, Chosen]>([
    { ...fresh, path: fields[0]?.path ?? '' },
    { ...fresh },
  ]);
  const task = useMemo(() => new Task<readonly RunInfo[]>(), []);
  const change = (at: 0 | 1) => (next: Chosen) => setChosen(at === 0 ? [next, chosen[1]] : [chosen[0], next]);
  const axes = chosen.flatMap((one) => {
    const field = fields.find(({ path }) => path === one.path);
    return field ? [{ path: one.path, ...valuesOfAxis(one, field) }] : [];
  });
  const runs = axes.reduce((product, axis) => product * (axis.values?.length ?? 0), axes.length > 0 ? 1 : 0);
  const twice = axes.length === 2 && axes[0]!.path === axes[1]!.path;
  const ready = runs > 0 && runs <= mostRuns && !twice;
  const [tried, setTried] = useState(false);
  const start = async () => {
    setTried(true);
    if (!ready) return;
    const request = requestAxes(axes.map(({ path, values }) => ({ path, values: values! })));
    const config = chosenBase ?? baseOf(axes, objective);
    const started = await task.run(() => studio.session.sweep({ config, axes: request }));
    if (!started) return;
    for (const run of started) studio.live.know(run);
    setTried(false);
    studio.say(`${many(started.length, 'run')} of the sweep are waiting.`);
  };
  const now = task.state.value;
  return (
    <section class="card" aria-labelledby="new-sweep">
      <h2 id="new-sweep">Try many values</h2>
      {bases.length > 0 && (
        <Menu
          label="Everything else as in"
          value={base}
          choices={[{ value: '', label: 'The defaults' }, ...bases.map(({ id, name }) => ({ value: id, label: name }))]}
          onChange={setBase}
        />
      )}
      <div class="pair">
        <AxisForm legend="Option" {...{ fields, tried }} chosen={chosen[0]} change={change(0)} />
        <AxisForm legend="Second option" {...{ fields, tried }} chosen={chosen[1]} change={change(1)} optional />
      </div>
      {twice && <p class="fault">Choose two different options, or only one.</p>}
      {runs > mostRuns && (
        <p class="fault">
          {many(runs, 'run')} are too many: at most {mostRuns}. Give fewer values.
        </p>
      )}
      {now.state === 'failed' && <FailurePanel failure={now.failure} retry={task.retry} />}
      <p class="actions">
        <button type="button" class="main" disabled={now.state === 'working'} onClick={() => void start()}>
          {ready ? `Train ${many(runs, 'run')}` : 'Train the runs'}
        </button>
        <span class="help">They train one after another, and are judged by the validation part.</span>
      </p>
    </section>
  );
}

function AxisForm({
  legend,
  fields,
  chosen,
  change,
  tried,
  optional = false,
}: {
  legend: string;
  fields: readonly FormField[];
  chosen: Chosen;
  change: (next: Chosen) => void;
  /** True once a start was tried: an empty field is a fault from then on. */
  tried: boolean;
  optional?: boolean;
}) {
  const field = fields.find(({ path }) => path === chosen.path);
  const { fault } = field ? valuesOfAxis(chosen, field) : {};
  const shown = (tried || chosen.text !== '') && chosen.how === 'list' ? fault : undefined;
  const name = `how-${legend}`;
  return (
    <fieldset class="axis-form">
      <legend class="hidden">{legend}</legend>
      <Menu
        label={legend}
        value={chosen.path}
        choices={[
          ...(optional ? [{ value: '', label: 'None' }] : []),
          ...fields.map(({ path, title }) => ({ value: path, label: title })),
        ]}
        onChange={(path) => change({ ...fresh, path })}
      />
      {field && field.kind !== 'number' && (
        <fieldset class="options">
          <legend>Values</legend>
          {(field.choices ?? ['true', 'false']).map((choice) => {
            const words = chosen.text.split(' ').filter(Boolean);
            return (
              <Check
                key={choice}
                label={field.kind === 'switch' ? shownValue(choice === 'true') : choice}
                checked={words.includes(choice)}
                onChange={(on) =>
                  change({
                    ...chosen,
                    text: (on ? [...words, choice] : words.filter((word) => word !== choice)).join(' '),
                  })
                }
              />
            );
          })}
          {shown && <p class="fault">{shown}</p>}
        </fieldset>
      )}
      {field?.kind === 'number' && (
        <>
          <Options
            legend="Values"
            name={name}
            value={chosen.how}
            choices={[
              { value: 'list', label: 'A list' },
              { value: 'range', label: 'A range' },
            ]}
            onChange={(how) => change({ ...chosen, how })}
          />
          {chosen.how === 'list' ? (
            <TextField
              label={`Values of ${field.title}`}
              help={`With blanks between them: each ${expected(field)}.`}
              placeholder="0.05 0.1 0.2"
              value={chosen.text}
              fault={shown}
              onInput={(text) => change({ ...chosen, text })}
            />
          ) : (
            <Range chosen={chosen} change={change} field={field} />
          )}
        </>
      )}
    </fieldset>
  );
}

function Range({ chosen, change, field }: { chosen: Chosen; change: (next: Chosen) => void; field: FormField }) {
  const { values, fault } = valuesOfAxis(chosen, field);
  return (
    <>
      <div class="fields narrow">
        <NumberField label="From" value={chosen.from} onInput={(from) => change({ ...chosen, from })} />
        <NumberField label="To" value={chosen.to} onInput={(to) => change({ ...chosen, to })} />
        <NumberField
          label="How many"
          value={chosen.count}
          least={2}
          most={mostRuns}
          step={1}
          onInput={(count = 0) => change({ ...chosen, count })}
        />
        <Menu
          label="Apart by"
          value={chosen.by}
          choices={[
            { value: 'factor', label: 'Equal factors' },
            { value: 'step', label: 'Equal steps' },
          ]}
          onChange={(by) => change({ ...chosen, by: by === 'step' ? 'step' : 'factor' })}
        />
      </div>
      {values && <p class="help">These are {values.join(', ')}.</p>}
      {fault && chosen.from !== undefined && chosen.to !== undefined && <p class="fault">{fault}</p>}
    </>
  );
}

/** The values of an axis, or what is wrong with them. */
function valuesOfAxis(chosen: Chosen, field: FormField): ReturnType<typeof readValues> {
  const { how, text, from, to, count, by } = chosen;
  if (field.kind !== 'number' || how === 'list') return readValues(field, text);
  if (from === undefined || to === undefined) return { fault: 'Give both ends.' };
  if (!(count >= 2)) return { fault: 'Give at least two values.' };
  if (by === 'factor' && !(from > 0 && to > 0)) return { fault: 'Equal factors need ends above 0.' };
  const values = range(from, to, Math.min(count, mostRuns), by).map((value) =>
    field.whole ? Math.round(value) : value,
  );
  return readValues(field, values.join(' '));
}
