import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Task } from '../state/task.ts';
import { FailurePanel } from './failure-panel.tsx';
import { Progress } from './progress.tsx';

/**
 * A native dialog that says what will happen, and asks. Escape and the second button leave everything as it is. With a task it stays while that is done, and shows its failure.
 * It closes when the caller no longer shows it.
 */
export function Confirm({
  title,
  children,
  act,
  cancel = 'Cancel',
  task,
  onAct,
  onClose,
}: {
  title: string;
  /** What will happen. */
  children: ComponentChildren;
  /** The words of the button: `Serve v3`. */
  act: string;
  cancel?: string;
  task?: Task<unknown>;
  onAct: () => void;
  /** The person thought better of it. */
  onClose: () => void;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    task?.reset();
    dialog.current!.showModal();
  }, []);
  const now = task?.state.value;
  const working = now?.state === 'working';
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        // Escape must not hide what goes on.
        if (working) event.preventDefault();
      }}
      onClose={onClose}
    >
      <h2 id={id}>{title}</h2>
      {children}
      {now?.state === 'failed' && <FailurePanel failure={now.failure} />}
      {working && <Progress label={act} />}
      <div class="actions">
        <button type="button" class="main" disabled={working} onClick={onAct}>
          {now?.state === 'failed' ? 'Try again' : act}
        </button>
        <button type="button" disabled={working} onClick={() => dialog.current?.close()}>
          {cancel}
        </button>
      </div>
    </dialog>
  );
}
