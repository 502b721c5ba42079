import type { ComponentChildren } from 'preact';
import type { Answer } from '../state/answer.ts';
import { FailurePanel } from './failure-panel.tsx';
import { Progress } from './progress.tsx';

/** Shows an answer that follows its question: the last one stays while the next one is worked on, so that nothing flickers. What takes longer says so, and can be stopped. */
export function AnswerView<T>({
  answer,
  working,
  empty,
  lacking = {},
  children,
}: {
  answer: Answer<T>;
  /** What goes on, in the progressive form: `Ranking the items`. */
  working: string;
  empty?: ComponentChildren;
  /** By code of a failure that is no fault but a fact, such as a model without neighbours, the words that tell it calmly. */
  lacking?: Readonly<Record<string, string>>;
  children: (value: T) => ComponentChildren;
}) {
  const now = answer.task.state.value;
  const shown = answer.shown.value;
  const fact = now.state === 'failed' ? lacking[now.failure.code] : undefined;
  if (fact !== undefined) return <p class="lacking">{fact}</p>;
  return (
    <div class="asked" aria-busy={now.state === 'working'} data-has={shown !== undefined}>
      {now.state === 'working' && <Progress label={working} cancel={() => answer.task.cancel()} />}
      {now.state === 'failed' && <FailurePanel failure={now.failure} retry={answer.task.retry} />}
      {shown !== undefined ? children(shown) : now.state === 'empty' && empty}
    </div>
  );
}
