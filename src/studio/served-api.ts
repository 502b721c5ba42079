import { TaurecError } from '../errors.ts';
import { startAgain } from './wire.ts';

/** A problem document, as far as it is read here. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly got: string; readonly expected: string }[];
}

/** Requests to the HTTP interface of `taurec serve`, with the token that a person typed, if any. */
export class ServedApi {
  readonly #base: string;
  /** The bearer token of the requests that follow. It is kept in memory only. */
  token: string | undefined;

  /** @param base address of the server: `http://127.0.0.1:8080/` */
  constructor(base: string | URL, token?: string) {
    this.#base = String(base).replace(/\/?$/, '/');
    this.token = token;
  }

  /** @throws TaurecError the server's; `session-lost` */
  async get<T>(path: string, query: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return JSON.parse(await this.text(path, query)) as T;
  }

  /** The answer as a text. @throws TaurecError as `get` */
  async text(path: string, query: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      const values = Array.isArray(value) ? value : [value];
      for (const one of values) parameters.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one));
    }
    const text = parameters.toString();
    return this.#send(path + (text && `?${text}`), {});
  }

  /** @throws TaurecError as `get` */
  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    return JSON.parse(await this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) })) as T;
  }

  async #send(path: string, init: RequestInit): Promise<string> {
    const token: Record<string, string> = this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#base + path, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), ...token },
        // A browser would otherwise ask for a password by itself, and send one that it knows.
        credentials: 'omit',
      });
      text = await response.text();
    } catch (error) {
      throw new TaurecError('session-lost', { reason: (error as Error).message, remedy: startAgain });
    }
    if (response.ok) return text;
    throw problemIn(text, response.status);
  }
}

/** The error of a problem document: it has the code and the message, but not all the facts that the message was made of. */
function problemIn(text: string, status: number): TaurecError {
  let problem: Problem;
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    problem = {};
  }
  const { code, detail = `the answer is ${status}`, errors } = problem;
  const error = new TaurecError('session-lost', { reason: detail, remedy: startAgain });
  if (code === undefined) return error;
  const facts = { status, ...(errors && { errors }) };
  return Object.defineProperties(error, { code: { value: code }, message: { value: detail }, facts: { value: facts } });
}
