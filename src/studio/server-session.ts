import { TaurecError } from '../errors.ts';
import { controlAt } from './calls.ts';
import type { Control, Failure, RunInfo, Session, SessionEvent, Source } from './session.ts';
import { upload } from './upload.ts';
import { type Call, type CallLine, errorOf, isLong, linesOf, startAgain } from './wire.ts';

/** Milliseconds before the stream of events is asked for again after it broke: doubled each time, up to the second number. */
const [FIRST_WAIT, LONGEST_WAIT] = [250, 5000] as const;

/** Options of `ServerSession`. */
export interface ServerSessionOptions {
  /** Headers of every request. A page needs none: its browser sends the cookie. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The session of `taurec studio`, from a page: every call is a request to the server that the page came from. It runs wherever there is `fetch`.
 * Events come over one stream, which continues after the last event when it breaks.
 */
export class ServerSession implements Session {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closed = new AbortController();

  readonly about = this.#remote('about');
  readonly sources = this.#remote('sources');
  readonly preview = this.#remote('preview');
  readonly measure = this.#remote('measure');
  readonly load = this.#remote('load');
  readonly data = this.#remote('data');
  readonly runs = this.#remote('runs');
  readonly start = this.#remote('start');
  readonly control = this.#remote('control');
  readonly discard = this.#remote('discard');
  readonly sweep = this.#remote('sweep');
  readonly follow = this.#remote('follow');
  readonly mapItems = this.#remote('mapItems');
  readonly checkLoss = this.#remote('checkLoss');
  readonly find = this.#remote('find');
  readonly person = this.#remote('person');
  readonly recommend = this.#remote('recommend');
  readonly explain = this.#remote('explain');
  readonly similar = this.#remote('similar');
  readonly attributes = this.#remote('attributes');
  readonly judge = this.#remote('judge');
  readonly compare = this.#remote('compare');

  /** @param base address of the server: `http://127.0.0.1:8085/` */
  constructor(base: string | URL, { headers = {} }: ServerSessionOptions = {}) {
    this.#base = withSlash(base);
    this.#headers = headers;
  }

  /**
   * Exchanges the token of the printed address for the cookie that requests carry.
   * @throws TaurecError `studio-closed` for another token
   */
  static async join(base: string | URL, token: string): Promise<ServerSession> {
    const response = await new ServerSession(base).#fetch('api/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    // A browser keeps the cookie, and shows it to nobody; elsewhere it is kept here.
    const [cookie] = response.headers.getSetCookie?.() ?? [];
    return new ServerSession(base, cookie === undefined ? {} : { headers: { Cookie: cookie.split(';', 1)[0]! } });
  }

  async add(file: File, control?: Control): Promise<Source> {
    return (await this.#send(`api/files?name=${encodeURIComponent(file.name)}`, file, control)) as Source;
  }

  async archive(run: string): Promise<Blob> {
    return (await this.#fetch(`api/archives/${encodeURIComponent(run)}`, {})).blob();
  }

  async open(archive: Blob, name: string): Promise<RunInfo> {
    return (await this.#send(`api/archives?name=${encodeURIComponent(name)}`, archive)) as RunInfo;
  }

  watch(listener: (event: SessionEvent) => void, after?: number): () => void {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#closed.signal]);
    void this.#events(listener, after, signal);
    return () => stop.abort();
  }

  /** Ends the streams of events. Runs go on. */
  async close(): Promise<void> {
    this.#closed.abort();
  }

  /** The call as a method: its arguments are sent, and a long one's controls stay here. */
  #remote<C extends Call>(call: C): Session[C] {
    const at = isLong(call) ? controlAt[call] : undefined;
    const method = (...args: unknown[]) =>
      at === undefined ? this.#call(call, args) : this.#call(call, args.slice(0, at), args[at] as Control | undefined);
    return method as Session[C];
  }

  /** Sends a call and reads the lines of its answer. */
  async #call(call: Call, args: readonly unknown[], { signal, onProgress }: Control = {}): Promise<unknown> {
    const response = await this.#fetch(`api/calls/${call}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(args),
      signal,
    });
    try {
      for await (const line of linesOf(response.body!)) {
        const answer = JSON.parse(line) as CallLine;
        if ('progress' in answer) onProgress?.(answer.progress);
        else if ('failure' in answer) throw errorOf(answer.failure);
        else return answer.result;
      }
    } catch (error) {
      throw signal?.aborted ? new TaurecError('aborted') : lost(error);
    }
    throw lost(new Error('the answer ended early'));
  }

  /** Sends a file; returns the answer. */
  async #send(path: string, body: Blob, { signal, onProgress }: Control = {}): Promise<unknown> {
    const headers = { ...this.#headers, 'Content-Type': 'application/octet-stream' };
    const sent = upload(this.#base + path, { method: 'POST', headers, body, signal }, onProgress);
    const response = await succeeded(sent, signal);
    return ((await response.json()) as { result: unknown }).result;
  }

  /** The response of a request that succeeded. @throws TaurecError the server's; `aborted`; `session-lost` */
  #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string>) };
    return succeeded(fetch(this.#base + path, { ...init, headers }), init.signal);
  }

  /** Reads the stream of events until it is stopped; asks again where it breaks. */
  async #events(
    listener: (event: SessionEvent) => void,
    after: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let last = after;
    const take = (event: SessionEvent) => {
      last = event.number;
      // In a task of its own: an error of the listener is not one of the stream.
      queueMicrotask(() => signal.aborted || listener(event));
    };
    for (let wait: number = FIRST_WAIT; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        const headers = last === undefined ? undefined : { 'Last-Event-ID': String(last) };
        const { body } = await this.#fetch('api/events', { headers, signal });
        for await (const line of linesOf(body!)) {
          wait = FIRST_WAIT;
          if (line.startsWith('data:')) take(JSON.parse(line.slice(5)) as SessionEvent);
          // The first one says where a stream without `after` begins.
          else if (line.startsWith('id:')) last = Math.max(last ?? 0, Number(line.slice(3)));
        }
      } catch (error) {
        // Another server has taken the place of the one that was joined: its events are others.
        if (error instanceof TaurecError && error.code === 'studio-closed') return;
      }
      await pause(wait, signal);
    }
  }
}

/** The response, if its request succeeded. @throws TaurecError the server's; `aborted`; `session-lost` */
async function succeeded(sent: Promise<Response>, signal: AbortSignal | null | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await sent;
  } catch (error) {
    throw signal?.aborted ? new TaurecError('aborted') : lost(error);
  }
  if (response.ok) return response;
  const text = await response.text();
  throw failureIn(text) ?? lost(new Error(`the answer is ${response.status} ${response.statusText}`));
}

/** The address of a page without query and fragment, as the folder that requests are relative to. */
function withSlash(base: string | URL): string {
  const [path] = String(base).split(/[?#]/, 1);
  return path!.replace(/[^/]*$/, '');
}

/** The failure in the body of an answer; undefined where an answer is none of the studio's. */
function failureIn(text: string): Error | undefined {
  try {
    const { failure } = JSON.parse(text) as { failure?: Failure };
    return failure && errorOf(failure);
  } catch {
    return undefined;
  }
}

/** The error for a connection that broke; errors of taurec stay. */
function lost(error: unknown): unknown {
  if (error instanceof TaurecError) return error;
  return new TaurecError('session-lost', {
    reason: error instanceof Error ? error.message : String(error),
    remedy: startAgain,
  });
}

/** Resolves after so many milliseconds, or when the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
