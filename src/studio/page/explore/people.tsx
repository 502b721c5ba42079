import type { Found, Person, RunInfo } from '../../session.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { many } from '../parts/figures.ts';
import { ItemList } from '../parts/item-list.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { useStudio } from '../state/studio.ts';
import { explorationOf } from './exploration.ts';

/** Items of a history that are shown before it is opened. */
const FIRST = 12;

/** What the chosen person has done. */
export function HistoryCard() {
  const exploration = explorationOf(useStudio());
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">What they have</h2>
      <AnswerView answer={exploration.history} working="Reading their history">
        {(person) => <History person={person} />}
      </AnswerView>
    </section>
  );
}

function History({ person: { items } }: { person: Person }) {
  const mark = ({ part }: Person['items'][number]) =>
    part === 'valid' && <span class="badge">held out for validation</span>;
  const rest = items.slice(FIRST);
  return (
    <>
      <ItemList label="What they have" items={items.slice(0, FIRST)} mark={mark} />
      {rest.length > 0 && (
        <details>
          <summary>{many(rest.length, 'more item')}</summary>
          <ItemList label="What they have, continued" items={rest} mark={mark} start={FIRST} />
        </details>
      )}
    </>
  );
}

/** "I like …": a search, and the items that were picked. */
export function Likes({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const exploration = explorationOf(studio);
  const likes = exploration.likes.value;
  const left = 3 - likes.length;
  const add = (item: Found) => {
    exploration.chooseLikes([...likes, item]);
    studio.say(`Added ${item.title ?? item.id}. ${many(likes.length + 1, 'item')} picked.`);
  };
  const remove = (item: Found) => {
    exploration.chooseLikes(likes.filter(({ id }) => id !== item.id));
    studio.say(`Removed ${item.title ?? item.id}.`);
    // The button is gone: the focus would fall back to the page.
    document.querySelector<HTMLElement>('.question input[role=combobox]')?.focus();
  };
  return (
    <>
      <SearchBox
        label="I like …"
        placeholder="Search by title or id"
        help={
          likes.length === 0
            ? 'Pick three to five items; the list comes with the first.'
            : left > 0
              ? `${left === 1 ? 'One more makes' : 'Two more make'} a better list.`
              : 'Three to five are enough.'
        }
        hits={['person has it', 'people have it']}
        ask={exploration.find(run, 'item')}
        keepOut={likes.map(({ id }) => id)}
        onPick={add}
      />
      {likes.length > 0 && (
        <ul class="picked" aria-label="Items that you like">
          {likes.map((item) => (
            <li key={item.id}>
              <span>{item.title ?? item.id}</span>
              <button
                type="button"
                class="quiet"
                aria-label={`Remove ${item.title ?? item.id}`}
                onClick={() => remove(item)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
