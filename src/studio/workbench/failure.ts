import { TaurecError } from '../../errors.ts';
import type { Failure } from '../session.ts';

/** Any thrown value as a failure. Facts that JSON cannot hold become texts. What is no `TaurecError` is a fault of the program or the browser, and is named so. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TaurecError) {
    const facts = Object.fromEntries(Object.entries(error.facts).map(([name, fact]) => [name, jsonOf(fact)]));
    return { code: error.code, message: error.message, facts };
  }
  // A failure that came over a wire is an object of the same form.
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'unexpected',
    message: `${message.replace(/\.?$/, '.')} Try again; if it stays, reload the page.`,
    facts: {},
  };
}

function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && 'facts' in error;
}

function jsonOf(fact: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(fact) ?? 'null');
  } catch {
    return String(fact);
  }
}
