import type { Signal } from '@preact/signals';

/** Stops a card that changes by itself, and lets it go on. */
export function Pause({ running, what }: { running: Signal<boolean>; what: string }) {
  return (
    <button
      type="button"
      onClick={() => {
        running.value = !running.value;
      }}
    >
      {running.value ? 'Pause' : 'Go on'}
      <span class="hidden"> {what}</span>
    </button>
  );
}
