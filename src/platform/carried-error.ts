import { type ErrorCode, type Facts, TaurecError } from '../errors.ts';

/** An error in the form that crosses threads: taurec's by code and facts, any other as a clone. */
export type CarriedError =
  | { readonly code: ErrorCode; readonly facts: Facts; readonly stack?: string; readonly cause?: unknown }
  | { readonly other: unknown };

/** Converts an error for posting to another thread; parts that cannot be cloned become text. */
export function carryError(error: unknown): CarriedError {
  if (!(error instanceof TaurecError)) return { other: cloneable(error) };
  const facts = Object.fromEntries(Object.entries(error.facts).map(([name, value]) => [name, cloneable(value)]));
  return { code: error.code, facts, stack: error.stack, cause: cloneable(error.cause) };
}

/** Rebuilds a carried error in the receiving thread. */
export function rebuildError(carried: CarriedError): unknown {
  if ('other' in carried) return carried.other;
  const { code, facts, stack, cause } = carried;
  const error = new TaurecError(code, facts, cause === undefined ? undefined : { cause });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
