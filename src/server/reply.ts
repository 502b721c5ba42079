import { STATUS_CODES } from 'node:http';
import { type ErrorCode, TaurecError } from '../errors.ts';

/** Response of an endpoint. `framed` adds the headers that all responses share. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  /** Media type. Default `application/json`. */
  readonly type?: string;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response with a value as JSON. */
export const jsonReply = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });

/** One invalid field of a request. */
export interface FieldError {
  /** Path in the body, such as `users[3]` or `events[0].time`, or the name of a parameter. */
  readonly field: string;
  readonly got: string;
  readonly expected: string;
}

/** A problem document (RFC 9457) with taurec's error code, the id of the request (`instance`), and the invalid fields. */
interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance: string;
  readonly errors?: readonly FieldError[];
}

/** Media type of problem documents. */
export const PROBLEM_TYPE = 'application/problem+json';

/** HTTP status of each error that a request can cause. All other errors are faults of the server: status 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'bad-option': 400,
  'bad-feedback': 400,
  'unknown-name': 400,
  'no-catalogue': 400,
  'no-token': 401,
  'no-scope': 403,
  'reload-closed': 403,
  'erase-closed': 403,
  'unknown-id': 404,
  'no-versions': 404,
  'no-earlier-version': 409,
  'folder-in-use': 409,
  'no-route': 404,
  'feedback-off': 404,
  'wrong-method': 405,
  'body-timeout': 408,
  'reload-failed': 409,
  'body-too-large': 413,
  'wrong-body-type': 415,
  'file-too-large': 413,
  'studio-closed': 401,
  'foreign-page': 403,
  'wrong-host': 421,
  'fold-in-loss': 422,
  'no-neighbors': 422,
  // Not a registered status; nginx introduced it. No client sees it, but the log and the metrics do.
  'client-gone': 499,
  'server-fault': 500,
  'erase-impossible': 501,
  'edit-impossible': 501,
  'feedback-failed': 503,
  overloaded: 503,
  'scoring-ended': 503,
  'server-closing': 503,
  deadline: 504,
};

/** Additional headers of error responses. */
const headersOf: Partial<Record<ErrorCode, (error: TaurecError) => Record<string, string>>> = {
  'no-token': ({ facts }) => ({ 'WWW-Authenticate': `${facts.basic ? 'Basic' : 'Bearer'} realm="taurec"` }),
  'wrong-method': ({ facts }) => ({ Allow: String(facts.expected) }),
  // The rest of the body is still unread, so the connection cannot carry another request.
  'body-too-large': () => ({ Connection: 'close' }),
  overloaded: ({ facts }) => ({ 'Retry-After': String(Math.max(1, Number(facts.retryAfter ?? 1))) }),
  'scoring-ended': () => ({ 'Retry-After': '1' }),
  'server-closing': () => ({ 'Retry-After': '1', Connection: 'close' }),
  'feedback-failed': () => ({ 'Retry-After': '1' }),
};

/** The HTTP status of an error: of a `TaurecError` that no request of a server can cause it is `otherwise`. */
export function problemStatus(error: unknown, otherwise: number): number {
  return error instanceof TaurecError ? (statuses[error.code] ?? otherwise) : 500;
}

/** Whether the response hides the cause of an error, because it is a fault of the server. The caller must then log the cause. */
export function hidesCause(error: unknown): boolean {
  return !(error instanceof TaurecError) || statuses[error.code] === undefined || error.code === 'feedback-failed';
}

/** The error that the client receives: without the cause of a server fault, and with a remedy that a request can use. */
function shownError(error: unknown): TaurecError {
  if (!(error instanceof TaurecError) || statuses[error.code] === undefined) return new TaurecError('server-fault');
  if (error.code === 'feedback-failed') return new TaurecError('feedback-failed');
  return error.code === 'unknown-id'
    ? new TaurecError('unknown-id', { ...error.facts, remedy: remedyOf(error) })
    : error;
}

/** Remedy for an unknown id. The library's remedy names its functions; this one names fields and routes of the API. */
function remedyOf({ facts }: TaurecError): string {
  if (facts.kind !== 'user') return 'Check the id, or train again on data that contains it.';
  return 'Set fallback=popular, or send items the user likes to POST /v1/recommendations/for-items.';
}

/** The response to a failed request: a problem document with the status and headers of the error. */
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

/** The invalid fields of an error, in the form that all errors about fields share; undefined for other errors. */
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
