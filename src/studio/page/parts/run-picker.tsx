import type { RunInfo } from '../../session.ts';
import { useStudio } from '../state/studio.ts';
import { ChooseData } from './choose-data.tsx';
import { Empty } from './empty.tsx';
import { Menu } from './field.tsx';
import { metric } from './figures.ts';
import { metricsOf, metricTitle } from './metric-names.ts';

/** The words for a run in a menu: its name, and what it reached. */
export function runLabel(run: RunInfo): string {
  const [name] = metricsOf([run]);
  const value = name === undefined ? undefined : run.valid?.[name];
  const reached = name !== undefined && value !== undefined ? `, ${metricTitle(name)} ${metric(value)}` : '';
  return `${run.name}${run.state === 'done' ? reached : ` (${run.state})`}`;
}

/** The runs whose models can be asked. */
export function finished(runs: readonly RunInfo[]): readonly RunInfo[] {
  return runs.filter(({ state }) => state === 'done');
}

/** The run at a position of the address: the one that it names there, else the latest that is done and stands at no other position. */
export function useRun(position = 0): RunInfo | undefined {
  const { place, runs } = useStudio();
  return runAt(finished(runs.value), place.value.runs, position);
}

/** The run at a position, among those that are done; `named` are the ids of the address. */
export function runAt(done: readonly RunInfo[], named: readonly string[], position: number): RunInfo | undefined {
  const at = (place: number) => done.find(({ id }) => id === named[place]);
  const taken = new Set(named.flatMap((_, place) => at(place)?.id ?? []));
  const free = done.filter(({ id }) => !taken.has(id));
  // Positions before it that the address leaves open take a free run each.
  const before = Array.from({ length: position }, (_, place) => place).filter((place) => !at(place)).length;
  return at(position) ?? free[before];
}

/** A menu of the models that are done; the choice is kept in the address. */
export function RunPicker({ label = 'Model', position = 0 }: { label?: string; position?: number }) {
  const studio = useStudio();
  const run = useRun(position);
  const done = finished(studio.runs.value);
  if (!run) return null;
  const choose = (id: string) => {
    const { runs: named } = studio.place.peek();
    const runs = Array.from({ length: Math.max(named.length, position + 1) }, (_, place) =>
      place === position ? id : (runAt(done, named, place)?.id ?? id),
    );
    studio.go({ runs }, 'replace');
  };
  return (
    <Menu
      label={label}
      value={run.id}
      choices={done.map((one) => ({ value: one.id, label: runLabel(one) }))}
      onChange={choose}
    />
  );
}

/** What a room shows that needs a model while there is none. */
export function NoModel({ what }: { what: string }) {
  const studio = useStudio();
  const busy = studio.runs.value.some(({ state }) => state === 'running' || state === 'waiting' || state === 'paused');
  if (busy)
    return (
      <Empty title="The model is still learning" action={<a href={studio.link({ room: 'train' })}>Watch it train</a>}>
        {what} as soon as the training is done.
      </Empty>
    );
  if (studio.runs.value.some(({ state }) => state === 'interrupted'))
    return (
      <Empty
        title="A training was interrupted"
        action={
          <a class="button" href={studio.link({ room: 'train' })}>
            See what is left of it
          </a>
        }
      >
        {what} once a model is trained.
      </Empty>
    );
  const loaded = studio.data.value !== undefined;
  return (
    <Empty
      title="There is no model yet"
      action={
        loaded ? (
          <a class="button" href={studio.link({ room: 'train' })}>
            Train a model
          </a>
        ) : (
          <ChooseData />
        )
      }
    >
      {what} once a model is trained. {loaded ? 'The data are ready.' : 'First choose data: a sample is enough.'}
    </Empty>
  );
}
