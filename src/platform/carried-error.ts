import { type ErrorCode, type Facts, TaurecError } from '../errors.ts';

/** An error in a form that can be posted to another thread: code and facts for a `TaurecError`, a clone for any other error. */
export type CarriedError =
  | { readonly code: ErrorCode; readonly facts: Facts; readonly stack?: string; readonly cause?: unknown }
  | { readonly other: unknown };

/** Converts an error for posting to another thread. Parts that cannot be cloned become text. A clone of a `TaurecError` would lose its class, hence code and facts. */
export function carryError(error: unknown): CarriedError {
  if (!(error instanceof TaurecError)) return { other: cloneable(error) };
  const facts = Object.fromEntries(Object.entries(error.facts).map(([name, value]) => [name, cloneable(value)]));
  return { code: error.code, facts, stack: error.stack, cause: cloneable(error.cause) };
}

/** Rebuilds the error in the receiving thread, with the stack of the sender. */
export function rebuildError(carried: CarriedError): unknown {
  if ('other' in carried) return carried.other;
  const { code, facts, stack, cause } = carried;
  const error = new TaurecError(code, facts, cause === undefined ? undefined : { cause });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** A clone of the value, or its text if it cannot be cloned (a function, for example). */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
