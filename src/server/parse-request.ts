import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { TaurecError } from '../errors.ts';
import type { FieldError } from './reply.ts';

/** Maximum number of invalid fields in a problem document. */
const MOST_ERRORS = 20;
/** Maximum number of characters of an invalid value in a message. */
const SHOWN = 80;

/** Validates a value against a schema and returns the parsed value. Throws `bad-request` with one entry for each invalid field. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => fieldErrors(issue, value));
  throw badFields(errors);
}

/** The error `bad-request`: the message names the first invalid field and counts the others. */
export function badFields(errors: readonly FieldError[]): TaurecError {
  const { field, got, expected } = errors[0]!;
  // A long list is not read beyond its first wrong elements.
  const others =
    errors.length >= MOST_ERRORS ? ' (and more)' : errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const problem = `${field || 'the body'}: got ${got}, expected ${expected}${others}`;
  return new TaurecError('bad-request', { problem, errors: errors.slice(0, MOST_ERRORS) });
}

/** Options from a query such as `k=5&exclude=a&exclude=b`, converted to the types of a JSON body. Lists repeat their name. */
export function queryOptions(query: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, values]) => [name, queryValue(name, values)]));
}

/** Parameters whose values are texts, even where they look like numbers. */
const texts: ReadonlySet<string> = new Set(['fallback', 'by', 'a', 'b', 'time', 'place', 'visitor']);

/** The value of one parameter. Text that cannot be converted stays text, so that the schema names it in its error. */
function queryValue(name: string, values: readonly string[]): unknown {
  if (name === 'exclude' || name === 'allow') return values;
  // A repeated parameter that is no list: the schema refuses the array.
  if (values.length > 1) return values;
  const [text = ''] = values;
  if (name === 'where' || name === 'atMost') return jsonOr(text);
  if (name === 'includeSeen') return text === 'true' ? true : text === 'false' ? false : text;
  return !texts.has(name) && /^-?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : text;
}

/** A parameter that holds JSON; other text stays text. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Decodes an id in segment `segment` of a URL's path, counted from 0. Reads the raw URL, because the router accepts invalid percent-encoding silently. Throws `bad-request`. */
export function pathId(schema: z.ZodType<string>, field: string, url: string, segment: number): string {
  // The parts before the path are `http:`, an empty part and the host.
  const raw = url.split('/', segment + 4)[segment + 3]!.split(/[?#]/, 1)[0]!;
  let id: string;
  try {
    id = decodeURIComponent(raw);
  } catch {
    throw badFields([{ field, got: shown(raw), expected: 'percent-encoded UTF-8' }]);
  }
  const result = schema.safeParse(id);
  if (result.success) return result.data;
  throw badFields([{ field, got: shown(id), expected: result.error.issues[0]!.message }]);
}

/** The invalid fields of a Zod issue: one for each unknown key, otherwise one. */
function fieldErrors(issue: z.core.$ZodIssue, value: unknown): FieldError[] {
  const field = fieldName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST_ERRORS).map((key) => ({
      field: fieldName([...issue.path, key.slice(0, SHOWN)]),
      got: 'an unknown field',
      expected: 'a field described at /docs',
    }));
  }
  const expected = issue.path.length === 0 && issue.code === 'invalid_type' ? 'a JSON object' : issue.message;
  return [{ field, got: shown(valueAt(value, issue.path)), expected }];
}

/** A path as text: `users[3]`, `events[0].time`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, part) =>
      typeof part === 'number' ? `${name}[${part}]` : name === '' ? String(part) : `${name}.${String(part)}`,
    '',
  );
}

/** The value at a path, or undefined where the path ends early. Reads own properties only. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      at !== null && typeof at === 'object' && Object.hasOwn(at, part)
        ? (at as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  );
}

/** A short text for a value in a message; texts are quoted and cut to `SHOWN` characters. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
}

/** Bytes of a body whose parsing gets a turn of the event loop to itself: 10,000 ids take some ten milliseconds. */
const LARGE = 16_384;
let turns: Promise<unknown> = Promise.resolve();

/** Resolves in a later turn of the event loop, one caller in each: between two large bodies the server does other work. */
function turn(): Promise<unknown> {
  turns = turns.then(() => new Promise((resolve) => setImmediate(resolve)));
  return turns;
}

/** Throws on invalid UTF-8 instead of replacing it. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the JSON body of a request of at most `limit` bytes. Throws `wrong-body-type`, `body-too-large`, `client-gone`, and `bad-request` for invalid JSON. */
export async function readJson(incoming: IncomingMessage, limit: number): Promise<unknown> {
  const { 'content-type': type, 'content-encoding': encoding } = incoming.headers;
  // This check also blocks web pages of other origins: they cannot send JSON without a CORS preflight.
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? '')) {
    throw new TaurecError('wrong-body-type', { got: type ?? 'nothing', expected: 'Content-Type: application/json' });
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TaurecError('wrong-body-type', { got: encoding, expected: 'no Content-Encoding' });
  }
  const body = await readBody(incoming, limit);
  if (body.length > LARGE) await turn();
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw badFields([{ field: '', got: `${body.length} bytes that are not JSON in UTF-8`, expected: 'a JSON object' }]);
  }
}

/** Reads the whole body. Throws `body-too-large` once it exceeds the limit, at once if Content-Length announces it; bodies without Content-Length are counted. */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = new TaurecError('body-too-large', { limit });
  if (Number(incoming.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = () => incoming.off('data', take).off('end', end).off('error', lost).off('close', lost);
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      stop();
      // Stop reading: the response closes the connection.
      incoming.pause();
      reject(tooLarge);
    };
    const end = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    };
    // `close` without `end`: the client left in the middle of the body.
    const lost = () => {
      stop();
      reject(new TaurecError('client-gone'));
    };
    incoming.on('data', take).on('end', end).on('error', lost).on('close', lost);
  });
}
