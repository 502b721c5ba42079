import type { RunInfo } from '../../session.ts';
import type { Task } from '../state/task.ts';
import { Confirm } from './confirm.tsx';

/** Asks before a run is deleted, and says what goes with it. */
export function DeleteRun({
  run,
  task,
  onAct,
  onClose,
}: {
  run: RunInfo;
  /** The deletion, where the dialog shows it. */
  task?: Task<unknown>;
  onAct: () => void;
  onClose: () => void;
}) {
  return (
    <Confirm
      title={`Delete ${run.name}?`}
      act="Delete it"
      cancel="Keep it"
      {...(task && { task })}
      onAct={onAct}
      onClose={onClose}
    >
      <p>{goneWords(run)}</p>
    </Confirm>
  );
}

function goneWords({ state, epoch }: RunInfo): string {
  if (state === 'done') return 'Its model, its curves and its lists go, and cannot be brought back.';
  if (state === 'failed' || state === 'cancelled') return 'Its curves go.';
  if (state !== 'interrupted') return 'It stops, and its curves go.';
  return epoch > 0
    ? 'Its curves and its last checkpoint go: it cannot be resumed any more.'
    : 'It cannot be resumed any more.';
}
