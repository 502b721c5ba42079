import type { RunInfo } from '../../session.ts';
import { AnswerView } from '../parts/answer-view.tsx';
import { count, score as scoreText } from '../parts/figures.ts';
import { SearchBox } from '../parts/search-box.tsx';
import { useStudio } from '../state/studio.ts';
import { type Asker, absenceText, basisText, rankText } from './absence.ts';
import { explorationOf, type Verdict } from './exploration.ts';
import { ReasonBars } from './reason-bars.tsx';

/** "Why not …?": any item, in the list or not, in plain sentences. */
export function WhyNot({ run, asker }: { run: RunInfo; asker: Asker }) {
  const exploration = explorationOf(useStudio());
  const missed = exploration.missed.value;
  return (
    <section class="card" aria-labelledby="why-not-title">
      <h2 id="why-not-title">Why not …?</h2>
      <SearchBox
        label="An item that you expected in the list"
        placeholder="Search by title or id"
        hits={['person', 'people']}
        ask={exploration.find(run, 'item')}
        typed={(id) => `Ask about the id ${id}`}
        onPick={(item) => exploration.chooseMissed(item)}
      />
      {missed && (
        <AnswerView answer={exploration.explanation} working={`Asking about ${missed.title ?? missed.id}`}>
          {(verdict) => <Answer verdict={verdict} asker={asker} />}
        </AnswerView>
      )}
    </section>
  );
}

function Answer({ verdict, asker }: { verdict: Verdict; asker: Asker }) {
  const { item, title, place, score, basis, absent = [], because, k } = verdict;
  const sentences = [
    ...(place === undefined ? [] : [`It is in the list, at place ${count(place)}.`]),
    ...absent.map((one) => absenceText(one, asker, k)),
    rankText(verdict),
    basisText(verdict),
    ...(score === undefined
      ? []
      : [basis === 'popular' ? `${count(score)} people have it.` : `Its score is ${scoreText(score)}.`]),
  ];
  return (
    <div class="answer" role="status">
      <h3>
        {title ?? item}
        {title !== undefined && <span class="item-id">{item}</span>}
      </h3>
      {sentences.map((sentence) => sentence && <p key={sentence}>{sentence}</p>)}
      {because && (
        <details class="why">
          <summary>The parts of its score</summary>
          <ReasonBars reasons={because} score={score} />
        </details>
      )}
    </div>
  );
}
