import type { Judgement, Served } from '../../session.ts';
import { count, many, metric } from '../parts/figures.ts';
import { ItemList } from '../parts/item-list.tsx';
import { metricTitle } from '../parts/metric-names.ts';

/** The people whom a model serves worst, each with what they wanted and what they got. */
export function Worst({ judgement: { worst, k } }: { judgement: Judgement }) {
  if (worst.length === 0) return null;
  return (
    <section class="card" aria-labelledby="worst">
      <h2 id="worst">The {many(worst.length, 'person', 'people')} it serves worst</h2>
      <p class="help">
        Of those with something to find. Often they have few interactions in training, or want what few others do.
      </p>
      <ol class="worst">
        {worst.map((person) => (
          <li key={person.user}>
            <Person person={person} k={k} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Person({ person: { user, ndcg, interactions, wanted, list }, k }: { person: Served; k: number }) {
  const places = new Map(list.map(({ id }, at) => [id, at + 1]));
  const wants = new Set(wanted.map(({ id }) => id));
  const hits = wanted.filter(({ id }) => places.has(id)).length;
  return (
    <details>
      <summary>
        <span class="worst-user">{user}</span>{' '}
        <span class="soft">
          {many(interactions, 'interaction')} in training; found {count(hits)} of {count(wanted.length)};{' '}
          {metricTitle(`ndcg@${k}`)} {metric(ndcg)}
        </span>
      </summary>
      <div class="pair">
        <div>
          <h3>Wanted</h3>
          <ItemList
            label={`What ${user} wanted`}
            items={wanted}
            mark={({ id, interactions }) => (
              <span class="badge">
                {places.has(id)
                  ? `found at ${places.get(id)}`
                  : interactions === 0
                    ? 'not in training'
                    : `${many(interactions, 'person', 'people')} in training`}
              </span>
            )}
          />
        </div>
        <div>
          <h3>Got</h3>
          <ItemList
            label={`What ${user} got`}
            items={list}
            mark={({ id }) => wants.has(id) && <span class="badge">wanted</span>}
          />
        </div>
      </div>
    </details>
  );
}
