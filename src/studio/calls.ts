/** A session on the other side of a port: calls, files, progress, stops and events as messages, for a worker of a page or a thread of Node. */

import { TaurecError } from '../errors.ts';
import { type CarriedError, carryError, rebuildError } from '../platform/carried-error.ts';
import type {
  Control,
  DataRequest,
  DataSize,
  DataSummary,
  Judgement,
  Session,
  SessionEvent,
  Source,
} from './session.ts';

/** The calls that take controls, and their place among the arguments. */
export const controlAt = { add: 1, measure: 1, load: 1, judge: 2, compare: 3 } as const;

/** What `watch` alone has: a listener, which no message can carry. */
type Called = Exclude<keyof Session, 'watch'>;

/** From the client. `call` and `watch` are numbers of its choice. */
export type CallMessage =
  | { readonly call: number; readonly name: Called; readonly args: readonly unknown[] }
  | { readonly abort: number }
  | { readonly watch: number; readonly after?: number }
  | { readonly unwatch: number };

/** From the side of the session. */
export type AnswerMessage =
  | { readonly progress: number; readonly done: number; readonly total?: number }
  | { readonly result: number; readonly value: unknown }
  | { readonly failure: number; readonly error: CarriedError }
  | { readonly watched: number; readonly event: SessionEvent };

/** What both ends need of a port: that of a `MessageChannel`, a worker, or the scope of one. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** Ports of channels begin to deliver by it. */
  start?(): void;
}

/** Answers the calls of a port by a session, until the returned function is called. The session stays open unless the client closes it. */
export function answerCalls(session: Session, port: Port): () => void {
  const stops = new Map<number, AbortController>();
  const watches = new Map<number, () => void>();
  const post = (message: AnswerMessage) => port.postMessage(message);
  const answer = async (call: number, name: Called, args: readonly unknown[]) => {
    const given = name === 'add' ? [namedFile(args)] : [...args];
    if (Object.hasOwn(controlAt, name)) {
      const stop = new AbortController();
      stops.set(call, stop);
      const control: Control = {
        signal: stop.signal,
        onProgress: ({ done, total }) => post({ progress: call, done, total }),
      };
      given[controlAt[name as keyof typeof controlAt]] = control;
    }
    try {
      const method = session[name] as (...all: unknown[]) => Promise<unknown>;
      post({ result: call, value: await method.apply(session, given) });
    } catch (error) {
      post({ failure: call, error: carryError(error) });
    } finally {
      stops.delete(call);
    }
  };
  const listener = ({ data }: MessageEvent<CallMessage>) => {
    if ('name' in data) void answer(data.call, data.name, data.args);
    else if ('abort' in data) stops.get(data.abort)?.abort();
    else if ('unwatch' in data) {
      watches.get(data.unwatch)?.();
      watches.delete(data.unwatch);
    } else
      watches.set(
        data.watch,
        session.watch((event) => post({ watched: data.watch, event }), data.after),
      );
  };
  port.addEventListener('message', listener);
  port.start?.();
  return () => {
    port.removeEventListener('message', listener);
    for (const stop of watches.values()) stop();
    for (const stop of stops.values()) stop.abort();
  };
}

/** The file of a call of `add`. Node clones a `File` as a `Blob` without its name, so that the name comes with it. */
function namedFile([file, , name]: readonly unknown[]): File {
  return file instanceof File ? file : new File([file as Blob], String(name));
}

/** A call that has no answer yet. */
interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress?: Control['onProgress'];
}

/** A session whose calls go through a port to `answerCalls`. */
export class PortSession implements Session {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<number, (event: SessionEvent) => void>();
  readonly #hear = (event: MessageEvent<AnswerMessage>) => this.#take(event.data);
  #next = 1;
  #lost: unknown;

  readonly about = this.#plain('about');
  readonly sources = this.#plain('sources');
  readonly preview = this.#plain('preview');
  readonly data = this.#plain('data');
  readonly runs = this.#plain('runs');
  readonly start = this.#plain('start');
  readonly control = this.#plain('control');
  readonly discard = this.#plain('discard');
  readonly sweep = this.#plain('sweep');
  readonly follow = this.#plain('follow');
  readonly mapItems = this.#plain('mapItems');
  readonly checkLoss = this.#plain('checkLoss');
  readonly find = this.#plain('find');
  readonly person = this.#plain('person');
  readonly recommend = this.#plain('recommend');
  readonly explain = this.#plain('explain');
  readonly similar = this.#plain('similar');
  readonly attributes = this.#plain('attributes');
  readonly archive = this.#plain('archive');
  readonly open = this.#plain('open');

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener('message', this.#hear);
    port.start?.();
  }

  add(file: File, control?: Control): Promise<Source> {
    return this.#call('add', [file, undefined, file.name], control) as Promise<Source>;
  }

  measure(request: DataRequest, control?: Control): Promise<DataSize> {
    return this.#call('measure', [request], control) as Promise<DataSize>;
  }

  load(request: DataRequest, control?: Control): Promise<DataSummary> {
    return this.#call('load', [request], control) as Promise<DataSummary>;
  }

  judge(run: string, part: 'valid' | 'test', control?: Control): Promise<Judgement> {
    return this.#call('judge', [run, part], control) as Promise<Judgement>;
  }

  compare(a: string, b: string, part: 'valid' | 'test', control?: Control): ReturnType<Session['compare']> {
    return this.#call('compare', [a, b, part], control) as ReturnType<Session['compare']>;
  }

  watch(listener: (event: SessionEvent) => void, after?: number): () => void {
    const watch = this.#next++;
    this.#listeners.set(watch, listener);
    this.#port.postMessage({ watch, after } satisfies CallMessage);
    return () => {
      if (this.#listeners.delete(watch)) this.#port.postMessage({ unwatch: watch } satisfies CallMessage);
    };
  }

  async close(): Promise<void> {
    await this.#call('close', []);
    this.fail(new TaurecError('session-lost', { reason: 'it was closed' }));
  }

  /** Ends the session from this side: open calls, and those that follow, fail with the error. */
  fail(error: unknown): void {
    this.#lost ??= error;
    this.#port.removeEventListener('message', this.#hear);
    this.#listeners.clear();
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }

  #plain<N extends Called>(name: N): Session[N] {
    return ((...args: unknown[]) => this.#call(name, args)) as Session[N];
  }

  #call(name: Called, args: readonly unknown[], { signal, onProgress }: Control = {}): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const call = this.#next++;
    const abort = () => this.#port.postMessage({ abort: call } satisfies CallMessage);
    const answered = new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject, onProgress });
      this.#port.postMessage({ call, name, args } satisfies CallMessage);
    });
    if (!signal) return answered;
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return answered.finally(() => signal.removeEventListener('abort', abort));
  }

  #take(message: AnswerMessage): void {
    if ('watched' in message) this.#listeners.get(message.watched)?.(message.event);
    else if ('progress' in message) {
      const { progress, ...rest } = message;
      this.#pending.get(progress)?.onProgress?.(rest);
    } else {
      const call = 'result' in message ? message.result : message.failure;
      const pending = this.#pending.get(call);
      this.#pending.delete(call);
      if ('result' in message) pending?.resolve(message.value);
      else pending?.reject(rebuildError(message.error));
    }
  }
}
