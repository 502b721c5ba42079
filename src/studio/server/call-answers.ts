import { TaurecError } from '../../errors.ts';
import { controlAt } from '../calls.ts';
import type { Control, Session } from '../session.ts';
import { type Call, type CallLine, type LongCall, shownFailure } from '../wire.ts';

/** Milliseconds between lines of progress: a page draws no faster. */
const PROGRESS_MS = 50;
/** Milliseconds after which an empty line keeps the connection of a call that says nothing. */
const BEAT_MS = 15_000;

/** The running calls of a server, and their answers as streams of JSON lines. */
export class CallAnswers {
  readonly #session: Session;
  readonly #fault: (error: unknown) => void;
  readonly #running = new Set<() => void>();

  /** @param fault is told of every error that is no `TaurecError` */
  constructor(session: Session, fault: (error: unknown) => void) {
    this.#session = session;
    this.#fault = fault;
  }

  /** The result of a call that is not long. @throws what the session throws */
  short(call: Call, args: readonly unknown[]): Promise<unknown> {
    return this.#method(call)(...checkedArguments(call, args));
  }

  /** The lines of a long call. The call is stopped when their reader leaves. */
  long(call: LongCall, args: readonly unknown[]): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const stop = new AbortController();
    const at = controlAt[call];
    const checked = checkedArguments(call, args);
    let leave = () => {};
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        let open = true;
        const write = (text: string) => {
          // A reader that has left needs no lines.
          if (open) controller.enqueue(encoder.encode(`${text}\n`));
        };
        const beat = setInterval(() => write(''), BEAT_MS);
        leave = () => {
          open = false;
          clearInterval(beat);
          this.#running.delete(breakOff);
          stop.abort();
        };
        const end = (line: CallLine) => {
          if (!open) return;
          write(JSON.stringify(line));
          controller.close();
          leave();
        };
        const breakOff = () => {
          end({ failure: shownFailure(new TaurecError('session-lost', { reason: 'it is shutting down' })) });
        };
        this.#running.add(breakOff);
        let told = -Infinity;
        const control: Control = {
          signal: stop.signal,
          onProgress: (progress) => {
            const now = performance.now();
            if (now - told < PROGRESS_MS) return;
            told = now;
            write(JSON.stringify({ progress } satisfies CallLine));
          },
        };
        this.#method(call)(...Array.from({ length: at }, (_, i) => checked[i]), control).then(
          (result) => end({ result }),
          (error: unknown) => {
            if (!(error instanceof TaurecError)) this.#fault(error);
            end({ failure: shownFailure(error) });
          },
        );
      },
      cancel: () => leave(),
    });
  }

  /** Stops the running calls. Their readers get `session-lost`. */
  close(): void {
    for (const breakOff of this.#running) breakOff();
  }

  #method(call: Call): (...args: unknown[]) => Promise<unknown> {
    const session = this.#session as unknown as Record<Call, (...args: unknown[]) => Promise<unknown>>;
    return (...args) => session[call](...args);
  }
}

/** What a page may not say, by the name of the option, and what it may say instead. */
const refused: Readonly<Record<string, string>> = {
  module: 'the name of a built-in one: the studio loads no modules',
  rejectsDirectory: 'no folder: the studio chooses it',
  checkpointDirectory: 'no folder: the studio chooses it',
  resume: 'no such option',
};

/**
 * The arguments, which come from a page: nothing in them may make the server load a module, or read and write where it was not told to.
 * @throws TaurecError `bad-option`
 */
function checkedArguments(call: Call, args: readonly unknown[]): readonly unknown[] {
  // The kinds of events, and the columns of data, have names of their own.
  const names = Object.keys(refused).filter((name) => name !== 'module' || call === 'start' || call === 'sweep');
  const waiting: unknown[] = [args];
  // No recursion: a body can nest deeper than the stack.
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (value === null || typeof value !== 'object') continue;
    // An axis of a sweep names an option by its path.
    const path = 'path' in value && typeof value.path === 'string' ? value.path.split('.') : [];
    const name = names.find((one) => Object.hasOwn(value, one) || path.includes(one));
    if (name !== undefined) {
      const got = JSON.stringify((value as Record<string, unknown>)[name] ?? path.join('.')).slice(0, 100);
      throw new TaurecError('bad-option', { option: name, got, expected: refused[name] });
    }
    for (const inner of Object.values(value)) if (inner !== undefined) waiting.push(inner);
  }
  return args;
}
