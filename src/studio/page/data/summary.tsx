import type { DataSummary } from '../../session.ts';
import { Bars } from '../charts/bars.tsx';
import { Curves } from '../charts/curves.tsx';
import { plainTick, type TickText } from '../charts/frame.tsx';
import { count, number, percent } from '../parts/figures.ts';
import { Table } from '../parts/table.tsx';

/** What is in the data: figures, notes and plots. */
export function Summary({ data }: { data: DataSummary }) {
  const { info, parts, notes, longTail, activity, times } = data;
  const facts: readonly (readonly [string, string])[] = [
    ['Users', count(info.users)],
    ['Items', count(info.items)],
    ['Interactions', count(info.interactions)],
    ['Density', percent(info.density)],
    ['For training', count(parts.train)],
    ...(parts.valid === undefined ? [] : [['For validation', count(parts.valid)] as const]),
    ...(parts.test === undefined ? [] : [['For the test', count(parts.test)] as const]),
  ];
  const time = times && timeTick(times.edges);
  return (
    <>
      {notes.length > 0 && (
        <ul class="notes" aria-label="Notes on the data">
          {notes.map((note) => (
            <li key={note} class="note">
              {note}
            </li>
          ))}
        </ul>
      )}
      <section class="card" aria-label="Size of the data">
        <dl class="figures">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <div class="plots">
        <div class="card">
          <Curves
            title="The long tail"
            about={`The ${count(topItems(data))} most popular items have half of all interactions (Gini ${number(info.popularityGini, 2)}).`}
            curves={[
              {
                name: 'Interactions',
                points: longTail.map(({ rank, interactions }) => ({ x: rank, y: Math.max(interactions, 0.5) })),
              },
            ]}
            xTitle="Rank of the item"
            yTitle="Interactions"
            log
          />
        </div>
        <div class="card">
          <Bars
            title="How active users are"
            about={`Half of the users have ${number(info.userDegrees.median)} interactions or fewer; the busiest has ${count(info.userDegrees.max)}.`}
            {...activity}
            equal
            xTitle="Interactions of a user"
            yTitle="Users"
          />
        </div>
        {times && time && (
          <div class="card">
            <Bars
              title="When it happened"
              about={`From ${time(times.edges[0]!)} to ${time(times.edges.at(-1)!)}.`}
              {...times}
              xTitle="Time"
              yTitle="Interactions"
              xTick={time}
            />
          </div>
        )}
      </div>
      <section class="card">
        <Degrees data={data} />
      </section>
    </>
  );
}

function Degrees({ data: { info } }: { data: DataSummary }) {
  const rows = [
    { name: 'Interactions of a user', ...info.userDegrees },
    { name: 'Interactions of an item', ...info.itemDegrees },
  ];
  const columns = (['min', 'p25', 'median', 'mean', 'p75', 'p90', 'p99', 'max'] as const).map((name) => ({
    title: name,
    cell: (row: (typeof rows)[number]) => number(row[name]),
    numeric: true,
  }));
  return (
    <Table
      caption="How interactions are spread"
      columns={[{ title: 'Of', cell: ({ name }) => name, heads: true }, ...columns]}
      rows={rows}
    />
  );
}

/** The number of items that together have half of the interactions, from the points of the long tail. */
function topItems({ longTail, info }: DataSummary): number {
  let sum = 0;
  for (const [at, { rank, interactions }] of longTail.entries()) {
    const next = longTail[at + 1];
    if (!next) break;
    // Between two points the curve is taken as straight.
    const step = ((interactions + next.interactions) / 2) * (next.rank - rank);
    if (sum + step >= info.interactions / 2)
      return Math.round(rank + (info.interactions / 2 - sum) / ((interactions + next.interactions) / 2));
    sum += step;
  }
  return info.items;
}

/** Times as dates where they look like seconds or milliseconds since 1970, else as numbers. */
export function timeTick(edges: readonly number[]): TickText {
  const last = Math.abs(edges.at(-1) ?? 0);
  const scale = last >= 1e8 && last < 1e11 ? 1000 : last >= 1e11 && last < 1e14 ? 1 : undefined;
  if (scale === undefined) return plainTick;
  const span = ((edges.at(-1) ?? 0) - (edges[0] ?? 0)) * scale;
  const day = 86_400_000;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: 'UTC',
    ...(span > 4 * 365 * day
      ? { year: 'numeric' }
      : span > 3 * day
        ? { year: 'numeric', month: 'short', ...(span < 120 * day && { day: 'numeric' }) }
        : { day: 'numeric', hour: 'numeric', minute: '2-digit' }),
  });
  return (value) => format.format(value * scale);
}
