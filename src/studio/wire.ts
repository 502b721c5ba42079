/** What a page and a server of the studio say to each other: the calls of a session, errors, and lines of streams. Nothing here needs Node or a page. */

import { type ErrorCode, type Facts, TaurecError } from '../errors.ts';
import { controlAt } from './calls.ts';
import type { Failure, Session } from './session.ts';
import { failureOf } from './workbench/failure.ts';

/** The calls whose arguments and results are JSON. */
export const calls = [
  ...(['about', 'sources', 'preview', 'measure', 'load', 'data'] as const),
  ...(['runs', 'start', 'control', 'discard', 'sweep', 'follow', 'mapItems', 'checkLoss'] as const),
  ...(['find', 'person', 'recommend', 'explain', 'similar', 'attributes', 'judge', 'compare'] as const),
] as const satisfies readonly (keyof Session)[];
/** The name of a call. */
export type Call = (typeof calls)[number];
/** Those that report progress and can be stopped. */
export type LongCall = Call & keyof typeof controlAt;

/** Whether a name is that of a call. */
export function isCall(name: string): name is Call {
  return (calls as readonly string[]).includes(name);
}

/** Whether a call is a long one: its controls come after `controlAt[call]` arguments. */
export function isLong(call: Call): call is LongCall {
  return Object.hasOwn(controlAt, call);
}

/**
 * The arguments of a call, from the list in its body. JSON has no undefined and writes null in its place; no call takes a null of its own.
 */
export function argumentsIn(body: readonly unknown[]): readonly unknown[] {
  return body.map((argument) => argument ?? undefined);
}

/** What helps when a server does not answer. */
export const startAgain = 'If the server has ended, start it again.';

/** A line of the answer to a long call. The last one holds the result or the failure. */
export type CallLine =
  | { readonly progress: { readonly done: number; readonly total?: number } }
  | { readonly result?: unknown }
  | { readonly failure: Failure };

/** An error as JSON. An error that is none of taurec's is a fault of the server, whose reason stays there. */
export function shownFailure(error: unknown): Failure {
  return failureOf(error instanceof TaurecError ? error : new TaurecError('server-fault'));
}

/** The error that a failure was made of. */
export function errorOf({ code, message, facts }: Failure): Error {
  try {
    return new TaurecError(code as ErrorCode, facts as Facts);
  } catch {
    // A code, or facts, of another version of taurec.
    return new Error(message);
  }
}

/** Texts of a stream, one for each line, without empty ones. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : lines.pop()!;
      for (const line of lines) if (line !== '') yield line;
      if (done) return;
    }
  } finally {
    // Also where the reader of the lines has enough: the connection is not kept for what follows.
    await reader.cancel().catch(() => {});
  }
}
