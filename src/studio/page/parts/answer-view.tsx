import type { ComponentChildren } from 'preact';
import type { Answer } from '../state/answer.ts';
import { shownFailure } from '../state/failure.ts';
import { FailurePanel } from './failure-panel.tsx';
import { Progress } from './progress.tsx';

/** Shows an answer that follows its question: the last one stays while the next one is worked on, so that nothing flickers. What takes longer says so, and can be stopped. */
export function AnswerView<T>({
  answer,
  working,
  empty,
  lacking = [],
  children,
}: {
  answer: Answer<T>;
  /** What goes on, in the progressive form: `Ranking the items`. */
  working: string;
  empty?: ComponentChildren;
  /** Codes of failures that are no fault but a fact, such as a model without neighbours: they are told calmly. */
  lacking?: readonly string[];
  children: (value: T) => ComponentChildren;
}) {
  const now = answer.task.state.value;
  const shown = answer.shown.value;
  if (now.state === 'failed' && lacking.includes(now.failure.code)) {
    const { what, remedy } = shownFailure(now.failure);
    return (
      <p class="lacking" data-code={now.failure.code}>
        {what} {remedy}
      </p>
    );
  }
  return (
    <div class="asked" aria-busy={now.state === 'working'} data-has={shown !== undefined}>
      {now.state === 'working' && <Progress label={working} cancel={() => answer.task.cancel()} />}
      {now.state === 'failed' && <FailurePanel failure={now.failure} retry={answer.task.retry} />}
      {shown !== undefined ? children(shown) : now.state === 'empty' && empty}
    </div>
  );
}
