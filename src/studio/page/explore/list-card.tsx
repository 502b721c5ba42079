import { useEffect } from 'preact/hooks';
import type { RecommendedItem } from '../../../recommender/recommendation.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { ItemList } from '../parts/item-list.tsx';
import { useStudio } from '../state/studio.ts';
import type { Asker } from './absence.ts';
import { explorationOf } from './exploration.ts';
import { MoveMark } from './move-mark.tsx';
import { movesText } from './moves.ts';
import { ReasonBars } from './reason-bars.tsx';
import { reasonText } from './reasons.ts';

/** The list of the person who is asked about: each place with its reasons, and with what the last dial changed. */
export function ListCard({ asker, title }: { asker: Asker; title: string }) {
  const studio = useStudio();
  const exploration = explorationOf(studio);
  const moves = exploration.moves.value;
  const settled = exploration.settled.value;
  useEffect(() => {
    if (moves && settled) studio.say(movesText(moves));
  }, [moves, settled]);
  return (
    <section class="card" aria-labelledby="list-title">
      <div class="card-head">
        <h2 id="list-title">{title}</h2>
        {moves && <p class="help">Arrows show what the last change moved.</p>}
      </div>
      <AnswerView answer={exploration.list} working="Ranking the items">
        {(list) =>
          list.length === 0 ? (
            <p>No item passes the filters. Clear one of them.</p>
          ) : (
            <ItemList
              label={title}
              items={list}
              action={(item) => moves && <MoveMark move={moves.of.get(item.id)} />}
              more={(item) => <Why item={item} asker={asker} />}
            />
          )
        }
      </AnswerView>
      {moves && moves.left.length > 0 && (
        <p class="help">No more in the list: {moves.left.map(({ id, title }) => title ?? id).join(', ')}.</p>
      )}
    </section>
  );
}

/** One line that says why, and opens to the parts of the score. */
function Why({ item: { because, score }, asker }: { item: RecommendedItem; asker: Asker }) {
  if (!because) return null;
  return (
    <details class="why">
      <summary>{reasonText(because, asker)}</summary>
      <ReasonBars reasons={because} score={score} />
    </details>
  );
}
