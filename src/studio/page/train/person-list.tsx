import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RecommendedItem } from '../../../recommender/recommendation.ts';
import type { Found, Person, RunInfo } from '../../session.ts';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { TextField } from '../parts/field.tsx';
import { ItemList } from '../parts/item-list.tsx';
import { finished } from '../parts/run-picker.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';

/** Items of the person that are shown. */
const SHOWN = 12;

/** One person's list as it changes from epoch to epoch, beside what they liked. */
export function PersonList({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const user = studio.place.value.options.person ?? '';
  const following = useMemo(() => new Task<void>(), []);
  const liked = useMemo(() => new Task<Person>(), []);
  const [known, setKnown] = useState<readonly string[]>([]);
  // Models name people; while the first one learns, the rows of the log do.
  const model = run.state === 'done' ? run : finished(studio.runs.value)[0];

  useEffect(() => {
    if (user !== '') return;
    void someone(studio, model?.id).then((id) => id !== undefined && studio.setOptions({ person: id }));
  }, [user, model?.id]);
  useEffect(() => {
    if (user !== '') void following.run(() => studio.session.follow(user));
  }, [user]);
  useEffect(() => () => void studio.session.follow(undefined).catch(() => {}), []);
  useEffect(() => {
    if (user !== '' && model) void liked.run(() => studio.session.person(model.id, user));
  }, [user, model?.id]);

  // The list of a finished model is its own answer: with the chosen epoch and the neighbour term, which no epoch before the end had.
  const final = useMemo(() => new Task<readonly RecommendedItem[]>(), []);
  useEffect(() => {
    if (user !== '' && run.state === 'done')
      void final.run(() => studio.session.recommend(run.id, { user }, { k: SHOWN }));
    else final.reset();
  }, [user, run.id, run.state]);

  const search = async (text: string) => {
    if (!model) return;
    const found = await studio.session.find(model.id, 'user', text, 20).catch((): readonly Found[] => []);
    setKnown(found.map(({ id }) => id));
  };
  const [now, before] = studio.live.lists.value.get(run.id) ?? [];
  const live = now?.user === user ? now : undefined;
  const list = final.value ?? live?.items;
  const older = final.value ? live : before;
  const person = liked.value?.user === user ? liked.value : undefined;
  const wrong = [liked, following].find((task) => task.state.value.state === 'failed');
  const was = older?.user === user ? new Map(older.items.map(({ id }, at) => [id, at])) : undefined;
  return (
    <section class="card person" aria-labelledby="person">
      <div class="card-head">
        <h2 id="person">One person</h2>
        {list && <p class="soft figure">{final.value ? 'the finished model' : `epoch ${live?.epoch}`}</p>}
      </div>
      <TextField
        label="Person"
        type="search"
        value={user}
        list={known}
        onInput={(text) => void search(text)}
        onChange={(text) => studio.setOptions({ person: text.trim() })}
      />
      {wrong && <Wrong task={wrong} />}
      <div class="beside">
        <div>
          <h3>What they liked</h3>
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
            !wrong && <p class="help">Shown when the first model is done.</p>
          )}
        </div>
        <div>
          <h3>What the model would show</h3>
          {list ? (
            <ItemList
              label={`List of ${user}`}
              items={list.slice(0, SHOWN)}
              mark={({ id }, at) => {
                if (!was) return null;
                const place = was.get(id);
                if (place === undefined) return <span class="badge">new</span>;
                return place > at ? <span class="moved">↑{place - at}</span> : null;
              }}
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

/** Somebody to begin with: the most active user of a model, else the user of the log's first row. */
async function someone(studio: ReturnType<typeof useStudio>, run: string | undefined): Promise<string | undefined> {
  try {
    if (run !== undefined) return (await studio.session.find(run, 'user', '', 1))[0]?.id;
    const request = studio.data.peek()?.request;
    if (!request) return undefined;
    const { columns, rows } = await studio.session.preview(request.train, request);
    return rows[0]?.[columns.findIndex(({ role }) => role === 'user')];
  } catch {
    // Nobody is chosen yet; the field stays empty, and a person can type an id.
    return undefined;
  }
}
