import { useEffect } from 'preact/hooks';
import type { Answer } from '../state/answer.ts';

/**
 * Asks at once and then every `seconds`, while the page is in sight. It waits after a failure, which a person answers by trying again, and while the last question is open.
 * @param key asks anew when it changes
 */
export function usePolling<T>(
  answer: Answer<T>,
  ask: () => void,
  seconds: number,
  running: boolean,
  key?: unknown,
): void {
  useEffect(() => {
    if (!running) return;
    ask();
    const timer = setInterval(() => {
      const { state } = answer.task.state.peek();
      if (state !== 'failed' && state !== 'working' && !document.hidden) ask();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [running, key]);
}
