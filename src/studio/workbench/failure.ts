import { TaurecError } from '../../errors.ts';
import type { Failure } from '../session.ts';

/** An error as a page shows it. Facts that JSON cannot hold become texts. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TaurecError) {
    const facts = Object.fromEntries(Object.entries(error.facts).map(([name, fact]) => [name, jsonOf(fact)]));
    return { code: error.code, message: error.message, facts };
  }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error), facts: {} };
}

function jsonOf(fact: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(fact) ?? 'null');
  } catch {
    return String(fact);
  }
}
