import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { Empty } from '../parts/empty.tsx';
import { Options } from '../parts/field.tsx';
import { many } from '../parts/figures.ts';
import { NoModel, RunPicker, useRun } from '../parts/run-picker.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { useStudio } from '../state/studio.ts';
import { DialsCard } from './dials-card.tsx';
import { explorationOf } from './exploration.ts';
import { ItemCards } from './item-cards.tsx';
import { ListCard } from './list-card.tsx';
import { HistoryCard, Likes } from './people.tsx';
import { WhyNot } from './why-not.tsx';

/** The screen that asks a model: lists with reasons, dials, neighbours of an item, and why an item is missing. */
export function ExploreRoom() {
  const run = useRun();
  if (!run) return <NoModel what="Lists, reasons and neighbours can be seen" />;
  return <Explore run={run} />;
}

function Explore({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const exploration = explorationOf(studio);
  const { options } = studio.place.value;
  useEffect(() => {
    // An effect comes after its drawing, and a dial may have moved in between.
    const now = studio.place.peek().options;
    if (Object.keys(now).length === 0) exploration.write();
    else exploration.read(now);
  }, [options]);
  useEffect(() => {
    void exploration.attributes.run(() => studio.session.attributes(run.id));
    const ends = [
      effect(() => exploration.follow(run)),
      effect(() => exploration.followPerson(run)),
      effect(() => exploration.followItem(run)),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [run.id]);
  return (
    <>
      <section class="question" aria-label="What to ask about">
        <RunPicker />
        <Options
          legend="Ask about"
          name="subject"
          value={exploration.subject.value}
          choices={[
            { value: 'person', label: 'A person' },
            { value: 'likes', label: 'What I like' },
            { value: 'item', label: 'An item' },
          ]}
          onChange={(subject) => exploration.turnTo(subject)}
        />
        <div class="subject">
          <Subject run={run} />
        </div>
      </section>
      <Answers run={run} />
    </>
  );
}

/** The search that belongs to the subject. */
function Subject({ run }: { run: RunInfo }) {
  const exploration = explorationOf(useStudio());
  switch (exploration.subject.value) {
    case 'person':
      return (
        <SearchBox
          key="person"
          label="Person"
          placeholder="Search by id"
          hits={['item', 'items']}
          ask={exploration.find(run, 'user')}
          typed={(id) => `Ask about the person ${id}`}
          onPick={(person) => exploration.choosePerson(person)}
        />
      );
    case 'likes':
      return <Likes run={run} />;
    case 'item':
      return (
        <SearchBox
          key="item"
          label="Item"
          placeholder="Search by title or id"
          hits={['person has it', 'people have it']}
          ask={exploration.find(run, 'item')}
          onPick={(item) => exploration.chooseItem(item)}
        />
      );
  }
}

function Answers({ run }: { run: RunInfo }) {
  const exploration = explorationOf(useStudio());
  const subject = exploration.subject.value;
  const [person, item] = [exploration.person.value, exploration.item.value];
  if (subject === 'item')
    return item ? (
      <div class="explore" data-subject="item">
        <div class="about">
          <h2 id="item-title" tabIndex={-1}>
            {item.title ?? item.id}
            {item.title !== undefined && <span class="item-id">{item.id}</span>}
          </h2>
          {item.interactions > 0 && <p class="soft">{many(item.interactions, 'person has it', 'people have it')}</p>}
        </div>
        <DialsCard run={run} />
        <ItemCards />
      </div>
    ) : (
      <Empty title="Choose an item">Its neighbours show what the model has learned about it.</Empty>
    );
  if (!exploration.who.value)
    return subject === 'person' ? (
      <Empty title="Choose a person">You see what they have, what the model would show them, and why.</Empty>
    ) : (
      <Empty title="Pick what you like">The model has never met you: it makes a list from the items alone.</Empty>
    );
  const asker = subject === 'person' ? 'person' : 'me';
  return (
    <div class="explore">
      <DialsCard run={run} />
      <ListCard
        asker={asker}
        title={person && asker === 'person' ? `The list of ${person.title ?? person.id}` : 'Your list'}
      />
      <div class="aside">
        {asker === 'person' && <HistoryCard />}
        <WhyNot run={run} asker={asker} />
      </div>
    </div>
  );
}
