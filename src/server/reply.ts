import { STATUS_CODES } from 'node:http';
import { type ErrorCode, TaurecError } from '../errors.ts';

/** What an endpoint answers; the frame of every request adds the headers that all answers have. */
export interface Reply {
  readonly status?: number;
  /** Default `application/json`. */
  readonly type?: string;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export const jsonReply = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });

/** One wrong field of a request. */
export interface FieldError {
  /** Its path in the body, as `users[3]` or `events[0].time`; a parameter's name. */
  readonly field: string;
  readonly got: string;
  readonly expected: string;
}

/** A problem document (RFC 9457), with taurec's code, the id of the request, and the fields that are wrong. */
interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance: string;
  readonly errors?: readonly FieldError[];
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Every error that a request may cause, by its status. What is not listed is a fault of the server: 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'bad-option': 400,
  'bad-feedback': 400,
  'unknown-name': 400,
  'no-token': 401,
  'reload-closed': 403,
  'unknown-id': 404,
  'no-route': 404,
  'feedback-off': 404,
  'wrong-method': 405,
  'body-timeout': 408,
  'reload-failed': 409,
  'body-too-large': 413,
  'wrong-body-type': 415,
  'wrong-host': 421,
  'fold-in-loss': 422,
  'client-gone': 499,
  'server-fault': 500,
  'feedback-failed': 503,
  overloaded: 503,
  'scoring-ended': 503,
  'server-closing': 503,
  deadline: 504,
};

/** Headers that belong to an error. */
const headersOf: Partial<Record<ErrorCode, (error: TaurecError) => Record<string, string>>> = {
  'no-token': ({ facts }) => ({ 'WWW-Authenticate': `${facts.basic ? 'Basic' : 'Bearer'} realm="taurec"` }),
  'wrong-method': ({ facts }) => ({ Allow: String(facts.expected) }),
  'body-too-large': () => ({ Connection: 'close' }),
  overloaded: () => ({ 'Retry-After': '1' }),
  'scoring-ended': () => ({ 'Retry-After': '1' }),
  'server-closing': () => ({ 'Retry-After': '1', Connection: 'close' }),
  'feedback-failed': () => ({ 'Retry-After': '1' }),
};

/** Whether an error is a fault of the server's own, of which a client learns only that there was one: the log must say the rest. */
export function hidesCause(error: unknown): boolean {
  return !(error instanceof TaurecError) || statuses[error.code] === undefined || error.code === 'feedback-failed';
}

/** The error as a client may see it. */
function shownError(error: unknown): TaurecError {
  if (!(error instanceof TaurecError) || statuses[error.code] === undefined) return new TaurecError('server-fault');
  if (error.code === 'feedback-failed') return new TaurecError('feedback-failed');
  return error.code === 'unknown-id'
    ? new TaurecError('unknown-id', { ...error.facts, remedy: remedyOf(error) })
    : error;
}

/** The library's remedies name its functions; these name what a request can have. */
function remedyOf({ facts }: TaurecError): string {
  if (facts.kind !== 'user') return 'Check the id, or train again on data that has it.';
  return 'Ask with fallback=popular, or give what the person likes: POST /v1/recommendations/for-items.';
}

/** The answer to a request that failed. */
export function problemReply(error: unknown, requestId: string): Reply {
  const shown = shownError(error);
  const document = problemDocument(shown, requestId);
  return {
    status: document.status,
    type: PROBLEM_TYPE,
    body: JSON.stringify(document),
    headers: headersOf[shown.code]?.(shown),
  };
}

function problemDocument(error: TaurecError, requestId: string): ProblemDocument {
  const status = statuses[error.code] ?? 500;
  return {
    type: `urn:taurec:problem:${error.code}`,
    title: status === 499 ? 'Client Closed Request' : (STATUS_CODES[status] ?? 'Error'),
    status,
    detail: error.message,
    code: error.code,
    instance: `urn:taurec:request:${requestId}`,
    errors: fieldErrors(error),
  };
}

function fieldErrors({ code, facts }: TaurecError): readonly FieldError[] | undefined {
  if (code === 'bad-request') return facts.errors as readonly FieldError[] | undefined;
  if (code === 'bad-option') {
    return [{ field: String(facts.option), got: String(facts.got), expected: String(facts.expected) }];
  }
  if (code === 'bad-feedback') {
    const field = `events[${Number(facts.event) - 1}].${facts.field}`;
    return [{ field, got: String(facts.got), expected: String(facts.expected) }];
  }
  return undefined;
}
