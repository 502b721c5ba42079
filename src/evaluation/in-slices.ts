import { TaurecError } from '../errors.ts';

/** Progress and interruption of long work. */
export interface WorkOptions {
  /** Called between two slices of the work, with the finished share, from 0 to 1. */
  readonly onProgress?: (progress: { readonly part: number }) => void;
  /** Stops the work at the end of a slice. */
  readonly signal?: AbortSignal;
}

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 50;

/**
 * Runs a generator to its end and returns its result. The generator yields the finished share of its work; about every 50 ms timers, sockets and abort events
 * get their turn.
 * @throws TaurecError `aborted`, and the errors of the generator
 */
export async function inSlices<T>(work: Generator<number, T>, { onProgress, signal }: WorkOptions): Promise<T> {
  let began = performance.now();
  for (;;) {
    if (signal?.aborted) throw new TaurecError('aborted');
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began < SLICE) continue;
    onProgress?.({ part: value });
    await new Promise((resolve) => setTimeout(resolve));
    began = performance.now();
  }
}
