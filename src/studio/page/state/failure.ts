import type { Failure } from '../../session.ts';

/** A failure as the page shows it: what happened, and what to do about it. */
export interface ShownFailure {
  readonly code: string;
  readonly what: string;
  /** The sentences after the first; empty when there is one sentence only. */
  readonly remedy: string;
}

/** Splits taurec's words: the first sentence says what happened, the rest is the remedy. */
export function shownFailure({ code, message }: Failure): ShownFailure {
  const cut = /^(.+?[.!?:])\s+(?=[A-Z'"`{[])/s.exec(message);
  return { code, what: cut?.[1] ?? message, remedy: cut ? message.slice(cut[0].length) : '' };
}

/** True for what a person stopped: it is no failure. */
export function isStopped(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'aborted'));
}
