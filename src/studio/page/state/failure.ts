import { TaurecError } from '../../../errors.ts';
import type { Failure } from '../../session.ts';

/** A failure as the page shows it: what happened, and what to do about it. */
export interface ShownFailure {
  readonly code: string;
  readonly what: string;
  /** The sentences after the first; empty when there is one sentence only. */
  readonly remedy: string;
}

/** Any thrown value as a failure. What is no `TaurecError` is a fault of the page or the browser, and is named so. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TaurecError) return { code: error.code, message: error.message, facts: error.facts };
  // A failure that came over a wire is an object of the same form.
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'unexpected',
    message: `${message.replace(/\.?$/, '.')} Try again; if it stays, reload the page.`,
    facts: {},
  };
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

function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && 'facts' in error;
}
