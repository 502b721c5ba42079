import { percent } from './figures.ts';

/** What a working screen shows: what goes on, how far it is, and a button that stops it. */
export function Progress({
  label,
  done,
  total,
  cancel,
}: {
  label: string;
  done?: number;
  total?: number;
  cancel?: () => void;
}) {
  const share = done !== undefined && total ? Math.min(1, done / total) : undefined;
  return (
    <div class="progress" aria-busy="true">
      <label>
        <span class="progress-label">
          {label}
          {share !== undefined && <span class="figure"> {percent(share)}</span>}
        </span>
        <progress {...(share !== undefined && { value: share })} max={1} />
      </label>
      {cancel && (
        <button type="button" class="quiet" onClick={cancel}>
          Cancel
        </button>
      )}
    </div>
  );
}
