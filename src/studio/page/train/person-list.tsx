import { useEffect, useMemo } from 'preact/hooks';
import type { RecommendedItem } from '../../../recommender/recommendation.ts';
import type { LiveItem, Person, RunInfo } from '../../session.ts';
import { MoveMark } from '../explore/move-mark.tsx';
import { movesBetween } from '../explore/moves.ts';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { ItemList } from '../parts/item-list.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { type Studio, useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';

/** Items of the person that are shown. */
const SHOWN = 12;

/** One person's list as it changes from epoch to epoch, beside what they liked. */
export function PersonList({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const user = studio.followed.value;
  const following = useMemo(() => new Task<void>(), []);
  const liked = useMemo(() => new Task<Person>(), []);

  useEffect(() => {
    if (user === undefined) void someone(studio, run.id);
  }, [user, run.id]);
  useEffect(() => {
    if (user !== undefined) void following.run(() => studio.session.follow(user));
  }, [user]);
  useEffect(() => () => void studio.session.follow(undefined).catch(() => {}), []);
  useEffect(() => {
    if (user !== undefined) void liked.run(() => studio.session.person(run.id, user));
  }, [user, run.id]);

  // The list of a finished model is its own answer: with the chosen epoch and the neighbour term, which no epoch before the end had.
  const final = useMemo(() => new Task<readonly RecommendedItem[]>(), []);
  useEffect(() => {
    if (user !== undefined && run.state === 'done')
      void final.run(() => studio.session.recommend(run.id, { user }, { k: SHOWN }));
    else final.reset();
  }, [user, run.id, run.state]);

  const [now, before] = studio.live.lists.value.get(run.id) ?? [];
  const live = now?.user === user ? now : undefined;
  // What the finished model lists has nothing that the person has, so it is compared with the rest of the last epoch's list.
  const list: readonly LiveItem[] | undefined = final.value ?? live?.items;
  const older = final.value
    ? live?.items.filter(({ held }) => !held)
    : before?.user === user
      ? before?.items
      : undefined;
  const moves = list && older && movesBetween(older, list);
  const person = liked.value?.user === user ? liked.value : undefined;
  const wrong = [liked, following].find((task) => task.state.value.state === 'failed');
  return (
    <section class="card person" aria-labelledby="person">
      <div class="card-head">
        <h2 id="person">One person</h2>
        {list && <p class="soft figure">{final.value ? 'the finished model' : `epoch ${live?.epoch}`}</p>}
      </div>
      <SearchBox
        label="Person"
        placeholder={user === undefined ? 'Search by id' : `${user}; search for another`}
        hits={['item', 'items']}
        ask={(text) => studio.session.find(run.id, 'user', text, 8)}
        onPick={({ id }) => {
          studio.followed.value = id;
        }}
      />
      {wrong && <Wrong task={wrong} />}
      <div class="beside">
        <div>
          <h3>What {user ?? 'they'} liked</h3>
          {person ? (
            <ul class="liked">
              {person.items.slice(0, SHOWN).map((item) => (
                <li key={item.id}>
                  {item.title ?? item.id}
                  {item.part === 'valid' && <span class="badge">for validation</span>}
                </li>
              ))}
              {person.items.length > SHOWN && <li class="more">and {person.items.length - SHOWN} more</li>}
            </ul>
          ) : (
            !wrong && <p class="help">Choose a person, and see what they have.</p>
          )}
        </div>
        <div>
          <h3>What the model would show</h3>
          {list ? (
            <ItemList
              label={`List of ${user}`}
              items={list.slice(0, SHOWN)}
              mark={({ held }) => held && <span class="badge">held out, found</span>}
              action={({ id }) => moves && <MoveMark move={moves.of.get(id)} />}
            />
          ) : (
            <p class="help">The list comes with the next epoch.</p>
          )}
        </div>
      </div>
    </section>
  );
}

function Wrong({ task }: { task: Task<unknown> }) {
  const now = task.state.value;
  return now.state === 'failed' ? <FailurePanel failure={now.failure} retry={task.retry} /> : null;
}

/** Chooses somebody to begin with: the most active user. */
async function someone(studio: Studio, run: string): Promise<void> {
  // Where nobody can be found, nobody is chosen, and a person can search.
  const [first] = await studio.session.find(run, 'user', '', 1).catch(() => []);
  if (first) studio.followed.value ??= first.id;
}
