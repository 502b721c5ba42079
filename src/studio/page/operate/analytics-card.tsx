import { useEffect } from 'preact/hooks';
import type { Analytics } from '../../../analytics/analytics.ts';
import type { Grouping } from '../../../analytics/options.ts';
import { intervalText, Rates } from '../charts/rates.tsx';
import { AnswerView } from '../parts/answer-view.tsx';
import { DateField, Menu } from '../parts/field.tsx';
import { count, many, percent } from '../parts/figures.ts';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { operatingOf, withoutFeedback } from './operating.ts';

/** The groupings in the words of the menu, and of one of their rows. */
const groupings: Readonly<Record<Grouping, string>> = {
  day: 'Day',
  version: 'Version',
  variant: 'Variant',
  place: 'Place',
  position: 'Position',
};

/** What came of the lists: rates of answered impressions with their intervals. */
export function AnalyticsCard() {
  const studio = useStudio();
  const operating = operatingOf(studio);
  const { by: asked = 'day', from = '', to = '' } = studio.place.value.options;
  const by = asked in groupings ? (asked as Grouping) : 'day';
  useEffect(
    () => operating.analyze({ by, ...(from && { from }), ...(to && { to }) }),
    [by, from, to, operating.token.value],
  );
  return (
    <section class="card" aria-labelledby="analytics-title">
      <div>
        <h2 id="analytics-title">What came of the lists</h2>
        <p class="help">The share of shown items that people answered, with 95% intervals between people.</p>
      </div>
      <div class="period">
        <Menu
          label="By"
          value={by}
          choices={Object.entries(groupings).map(([value, label]) => ({ value, label }))}
          onChange={(next) => studio.setOptions({ by: next === 'day' ? '' : next })}
        />
        <DateField label="From" value={from} onChange={(next) => studio.setOptions({ from: next })} />
        <DateField label="Before" value={to} onChange={(next) => studio.setOptions({ to: next })} />
      </div>
      <AnswerView answer={operating.analytics} working="Counting impressions and answers" lacking={withoutFeedback}>
        {(analytics) => <Figures analytics={analytics} />}
      </AnswerView>
    </section>
  );
}

function Figures({ analytics }: { analytics: Analytics }) {
  const { total, rows, events, people, bounded } = analytics;
  const kinds = Object.keys(total.answered);
  const title = groupings[analytics.by];
  if (total.impressions === 0)
    return (
      <p class="soft">
        {events === 0
          ? 'No feedback is stored yet.'
          : `${many(events, 'event is', 'events are')} stored, but none says that an item was shown (kind impression) in this period.`}
      </p>
    );
  return (
    <>
      <dl class="figures">
        {[
          ['Impressions', count(total.impressions)],
          ['People', count(people)],
          ...kinds.map((kind) => [`Answered by ${kind}`, percent(total.answered[kind]!.rate)]),
          ...(total.coverage === undefined ? [] : [['Items shown', percent(total.coverage)]]),
          ['Shown before', percent(total.repeated)],
        ].map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {bounded.impressions > 0 && (
        <p class="note">
          {many(bounded.impressions, 'impression')} of {many(bounded.people, 'person', 'people')} are left out: no one
          looks at so many in a day.
        </p>
      )}
      <div class="charts">
        {kinds.map((kind) => (
          <Rates
            key={kind}
            title={`Answered by ${kind}`}
            xTitle={title}
            yTitle="Share"
            rows={rows.map(({ name, answered }) => ({ name: name || 'not said', ...answered[kind]! }))}
          />
        ))}
      </div>
      <details>
        <summary>All figures as a table</summary>
        <Table
          caption={`Figures by ${title.toLowerCase()}`}
          hideCaption
          rows={rows}
          rowKey={({ name }) => name}
          columns={[
            { title, cell: ({ name }) => name || 'not said', heads: true },
            { title: 'Impressions', cell: ({ impressions }) => count(impressions), numeric: true },
            { title: 'People', cell: (row) => count(row.people), numeric: true },
            ...kinds.flatMap((kind) => [
              { title: kind, cell: ({ answered }: Analytics['total']) => percent(answered[kind]!.rate), numeric: true },
              {
                title: `${kind}, 95% interval`,
                cell: ({ answered }: Analytics['total']) => intervalText(answered[kind]!),
                numeric: true,
              },
            ]),
            { title: 'Items', cell: ({ items }) => count(items), numeric: true },
            { title: 'Shown before', cell: ({ repeated }) => percent(repeated), numeric: true },
          ]}
        />
      </details>
    </>
  );
}
