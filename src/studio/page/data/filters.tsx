import { useEffect, useMemo } from 'preact/hooks';
import type { DataSize } from '../../session.ts';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { NumberField, Options } from '../parts/field.tsx';
import { count, percent } from '../parts/figures.ts';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { requestOf, type Setup, type SplitName } from './setup.ts';

/** Milliseconds after the last change before what is left is counted. */
const PATIENCE = 250;

/** The filters, with what they leave. */
export function Filters({ setup, change }: { setup: Setup; change: (setup: Setup) => void }) {
  return (
    <section class="card" aria-labelledby="filters">
      <h2 id="filters">Filters</h2>
      <div class="fields">
        <NumberField
          label="Lowest rating"
          help="Rows with a lower rating are dropped."
          value={setup.minRating}
          placeholder="none"
          onInput={(minRating) => change({ ...setup, minRating })}
        />
        <NumberField
          label="Interactions of a user"
          help="Users with fewer are dropped."
          value={setup.kCoreUsers}
          least={0}
          step={1}
          placeholder="any"
          onInput={(kCoreUsers) => change({ ...setup, kCoreUsers })}
        />
        <NumberField
          label="Interactions of an item"
          help="Items with fewer are dropped, and again until all have enough."
          value={setup.kCoreItems}
          least={0}
          step={1}
          placeholder="any"
          onInput={(kCoreItems) => change({ ...setup, kCoreItems })}
        />
      </div>
      <Left setup={setup} />
    </section>
  );
}

/** What the choices leave, counted a moment after each change; an outdated count is stopped. */
function Left({ setup }: { setup: Setup }) {
  const studio = useStudio();
  const task = useMemo(() => new Task<DataSize>(), []);
  const request = requestOf(setup);
  const key = JSON.stringify(request);
  useEffect(() => {
    if (!request) return;
    const timer = setTimeout(() => void task.run((control) => studio.session.measure(request, control)), PATIENCE);
    return () => clearTimeout(timer);
  }, [key]);
  useEffect(() => () => task.reset(), []);
  const now = task.state.value;
  // Before a person has said which column is which, that is no fault.
  if (now.state === 'failed' && now.failure.code === 'unclear-columns')
    return <p class="note">Say above the first rows which column holds the user, and which the item.</p>;
  if (now.state === 'failed') return <FailurePanel failure={now.failure} retry={task.retry} label="Count again" />;
  const size = task.value;
  return (
    <div class="left" aria-live="polite" aria-busy={now.state === 'working'}>
      {size ? (
        <dl class="figures">
          {(['users', 'items', 'interactions'] as const).map((what) => (
            <div key={what}>
              <dt>{what[0]!.toUpperCase() + what.slice(1)} left</dt>
              <dd>{count(size[what])}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p class="soft">Counting what is left…</p>
      )}
    </div>
  );
}

const splits: readonly { readonly value: SplitName; readonly label: string; readonly about: string }[] = [
  {
    value: 'random',
    label: 'Random',
    about:
      'Does the model find what people like, in a log that stays as it is? A share of each user’s items is hidden.',
  },
  {
    value: 'leave-last-out',
    label: 'Last one out',
    about: 'Would it have found the next thing each user did? Needs times.',
  },
  {
    value: 'temporal',
    label: 'Temporal',
    about: 'Would it have worked from a day on, as it would in use? Everything after that day is hidden. Needs times.',
  },
  {
    value: 'debiased',
    label: 'Debiased',
    about: 'Does it find rare items as well? Hidden items are drawn as if all were equally popular.',
  },
  { value: 'none', label: 'No test part', about: 'Everything is for training; nothing is left to judge the model by.' },
];

/** How the test part is held out, and what each way answers. */
export function Splits({ setup, change }: { setup: Setup; change: (setup: Setup) => void }) {
  const own = setup.files.test !== undefined;
  return (
    <section class="card" aria-labelledby="splits">
      <h2 id="splits">What to judge by</h2>
      {own ? (
        <p>The test part is a file of its own.</p>
      ) : (
        <Options
          legend="Test part"
          name="split"
          value={setup.split}
          choices={splits}
          onChange={(split) => change({ ...setup, split })}
        />
      )}
      <div class="fields">
        {!own && setup.split !== 'none' && setup.split !== 'leave-last-out' && (
          <NumberField
            label="Share for the test"
            help={percent(setup.testRatio)}
            value={setup.testRatio}
            least={0.01}
            most={0.9}
            step={0.05}
            onInput={(testRatio = 0.2) => change({ ...setup, testRatio })}
          />
        )}
        {setup.files.valid === undefined && (
          <NumberField
            label="Share for validation"
            help={
              setup.validRatio > 0
                ? `${percent(setup.validRatio)}, to choose the best epoch`
                : 'None: no epoch is chosen'
            }
            value={setup.validRatio}
            least={0}
            most={0.5}
            step={0.05}
            onInput={(validRatio = 0) => change({ ...setup, validRatio })}
          />
        )}
      </div>
    </section>
  );
}
