import type { RecommendedItem } from '../../../recommender/recommendation.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { ItemList } from '../parts/item-list.tsx';
import type { Answer } from '../state/answer.ts';
import { useStudio } from '../state/studio.ts';
import { explorationOf } from './exploration.ts';

const lacking = {
  'no-neighbors':
    'This model was trained without neighbours. Train one with neighbours to see what the same people have.',
};

/** The neighbours of the chosen item: by embeddings, and by the people who have both. */
export function ItemCards() {
  const exploration = explorationOf(useStudio());
  return (
    <>
      <Neighbours
        title="Most alike"
        about="Items whose embeddings point the same way; 1 is the same direction."
        answer={exploration.similar}
        none="No item passes the filters. Clear one of them."
      />
      <Neighbours
        title="Bought together"
        about="Items that the same people have, by the weights of the neighbour term."
        answer={exploration.together}
        none="No item is a neighbour of this one."
      />
    </>
  );
}

function Neighbours({
  title,
  about,
  answer,
  none,
}: {
  title: string;
  about: string;
  answer: Answer<readonly RecommendedItem[]>;
  none: string;
}) {
  const studio = useStudio();
  const exploration = explorationOf(studio);
  const goTo = (item: RecommendedItem) => {
    exploration.chooseItem({ id: item.id, title: item.title, interactions: 0 });
    studio.say(`Now at ${item.title ?? item.id}.`);
    document.getElementById('item-title')?.focus();
  };
  return (
    <section class="card" aria-label={title}>
      <div>
        <h2>{title}</h2>
        <p class="help">{about}</p>
      </div>
      <AnswerView answer={answer} working="Comparing items" lacking={lacking}>
        {(items) =>
          items.length === 0 ? (
            <p>{none}</p>
          ) : (
            <ItemList
              label={title}
              items={items}
              action={(item) => (
                <button type="button" class="quiet" onClick={() => goTo(item)}>
                  Go<span class="hidden"> to {item.title ?? item.id}</span>
                </button>
              )}
            />
          )
        }
      </AnswerView>
    </section>
  );
}
