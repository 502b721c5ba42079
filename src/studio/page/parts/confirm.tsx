import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Task } from '../state/task.ts';
import { FailurePanel } from './failure-panel.tsx';
import { Progress } from './progress.tsx';

/** A native dialog that says what will happen, and does it when a person says so. It stays while that is done, and shows a failure. */
export function Confirm<T>({
  title,
  children,
  act,
  task,
  work,
  close,
}: {
  title: string;
  /** What will happen. */
  children: ComponentChildren;
  /** The words of the button: `Serve v3`. */
  act: string;
  task: Task<T>;
  work: () => Promise<T>;
  /** Called once with the result, or without one when the person thought better of it. */
  close: (result?: T) => void;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    task.reset();
    dialog.current!.showModal();
  }, []);
  const now = task.state.value;
  const working = now.state === 'working';
  const go = async () => {
    const result = await task.run(work);
    if (result !== undefined) close(result);
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        // Escape must not hide what goes on.
        if (working) event.preventDefault();
      }}
      onClose={() => close()}
    >
      <h2 id={id}>{title}</h2>
      {children}
      {now.state === 'failed' && <FailurePanel failure={now.failure} />}
      {working && <Progress label={act} />}
      <div class="actions">
        <button type="button" class="main" disabled={working} onClick={() => void go()}>
          {now.state === 'failed' ? 'Try again' : act}
        </button>
        <button type="button" disabled={working} onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
