import { TaurecError } from '../../src/errors.ts';
import type { Control, Session, SessionEvent } from '../../src/studio/session.ts';

/** An event of a run that starts. */
type Unnumbered = { readonly run: string; readonly epoch: number };

/**
 * A session that computes nothing: it keeps events, remembers the calls that it got with their arguments, and answers with what a test put into `answers`. A call without an answer fails with `unknown-name`.
 */
export class FakeSession {
  readonly events: SessionEvent[] = [];
  readonly got: { readonly call: string; readonly args: readonly unknown[] }[] = [];
  readonly answers: Record<string, (...args: never[]) => unknown> = {};
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  /** The listeners that have not left. */
  get listening(): number {
    return this.#listeners.size;
  }

  emit({ run, epoch }: Unnumbered): void {
    const event: SessionEvent = { number: this.events.length + 1, run, type: 'map', epoch, x: [epoch], y: [-epoch] };
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  watch(listener: (event: SessionEvent) => void, after?: number): () => void {
    if (after !== undefined) for (const event of this.events) if (event.number > after) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The session, whose other methods are answered by `answers`. */
  get session(): Session {
    return new Proxy(this, {
      get: (fake, call: string) => {
        if (call === 'watch') return fake.watch.bind(fake);
        return async (...args: never[]) => {
          fake.got.push({ call, args });
          const answer = fake.answers[call];
          if (!answer) throw new TaurecError('unknown-name', { kind: 'call', got: call, known: [] });
          return answer(...args);
        };
      },
    }) as unknown as Session;
  }
}

/** A long call that reports `steps` steps and then waits until it is stopped; `stopped` is called once it is. */
export function endless(steps: number, stopped: () => void) {
  return (...args: never[]): Promise<never> => {
    const control = args.at(-1) as unknown as Control;
    for (let done = 1; done <= steps; done++) control.onProgress?.({ done, total: steps });
    return new Promise((_, reject) => {
      control.signal!.addEventListener('abort', () => {
        stopped();
        reject(new TaurecError('aborted'));
      });
    });
  };
}
