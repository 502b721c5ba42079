import type { ComponentChildren } from 'preact';
import type { Task } from '../state/task.ts';
import { FailurePanel } from './failure-panel.tsx';
import { Progress } from './progress.tsx';

/** Shows a task in its four states. `children` draws the value; `empty` is shown before the first call. */
export function TaskView<T>({
  task,
  working,
  empty,
  children,
}: {
  task: Task<T>;
  /** What goes on, in the progressive form: `Reading ratings.csv`. */
  working: string;
  empty?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}) {
  const now = task.state.value;
  if (now.state === 'working')
    return <Progress label={working} done={now.done} total={now.total} cancel={() => task.cancel()} />;
  if (now.state === 'failed') return <FailurePanel failure={now.failure} retry={task.retry} />;
  if (now.state === 'empty') return <>{empty}</>;
  return <>{children(now.value)}</>;
}
