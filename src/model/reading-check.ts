import { createHash, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FiniteSearch, type FloatRange, type TensorElement } from '../array/finite.ts';
import { sharedInt32 } from '../array/shared.ts';
import { workerFlags } from '../platform/worker-flags.ts';
import { type DataPart, viewsOf } from './tensor-memory.ts';

/** Files that have fewer bytes together are checked in the thread that reads them: a thread would take longer to start. On a machine with one core all are. */
const FEW_BYTES = 1 << 22;

/** What to check in a file. */
export interface Checks {
  /** Compute the SHA-256. */
  readonly hash: boolean;
  /** Where to look for NaN and infinity. */
  readonly finite: readonly FloatRange[];
}

/** The result of the checks of one file. */
export interface Found {
  readonly sha256?: string;
  /** A float that is not finite; absent: all are finite. */
  readonly notFinite?: TensorElement;
}

/** A file that is being read. */
export interface Reading {
  /** The first `end` bytes of the data have been read. */
  read(end: number): void;
  /** The results, once all of the data have been read. */
  result(): Promise<Found>;
  /** Gives up: the file could not be read. */
  abandon(): void;
}

/** A file as it is posted to the thread. */
export interface CheckTask {
  readonly id: number;
  readonly head: Uint8Array;
  readonly parts: readonly DataPart[];
  /** [1] progress of the reading in units of `PROGRESS_BYTES`; DONE or ABANDONED at the end. */
  readonly progress: Int32Array;
  readonly checks: Checks;
}

/** Bytes that are read, and checked, at a time (4 MiB). */
export const PIECE_BYTES = 1 << 22;
/** Bytes per unit of the progress that the thread sees. */
export const PROGRESS_BYTES = 4096;
export const DONE = -1;
export const ABANDONED = -2;

/** Computes digests of files, and looks for floats that are not finite, while the files are read: in a thread of its own if they are large. */
export class ReadingCheck {
  #worker?: Worker;
  readonly #waiting = new Map<number, { settle(found: Found): void; fail(error: unknown): void }>();
  #files = 0;

  /** @param bytes expected size of all files together */
  constructor(bytes: number) {
    if (bytes < FEW_BYTES || availableParallelism() < 2) return;
    this.#worker = new Worker(new URL('./reading-check-worker.js', import.meta.url), {
      name: 'taurec-check',
      execArgv: workerFlags(),
    });
    this.#worker.unref();
    this.#worker.on('message', ({ id, found }: { id: number; found: Found }) => {
      this.#waiting.get(id)?.settle(found);
      this.#waiting.delete(id);
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The thread that checks the files of a model ended.')));
  }

  /** Starts the checks of a file: `head` is its beginning, `parts` hold the rest, which the caller fills. */
  begin(head: readonly Uint8Array[], parts: readonly DataPart[], checks: Checks): Reading {
    if (!checks.hash && checks.finite.length === 0)
      return { read: () => {}, result: async () => ({}), abandon: () => {} };
    return this.#worker ? this.#inThread(this.#worker, Buffer.concat(head), parts, checks) : here(head, parts, checks);
  }

  /** Ends the thread. */
  close(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #inThread(worker: Worker, head: Uint8Array, parts: readonly DataPart[], checks: Checks): Reading {
    const bytes = lengthOf(parts);
    const id = this.#files++;
    const progress = sharedInt32(1);
    const found = new Promise<Found>((settle, fail) => this.#waiting.set(id, { settle, fail }));
    found.catch(() => {});
    worker.postMessage({ id, head, parts, progress, checks } satisfies CheckTask);
    const tell = (value: number) => {
      Atomics.store(progress, 0, value);
      Atomics.notify(progress, 0);
    };
    if (bytes === 0) tell(DONE);
    return {
      read: (end) => tell(end === bytes ? DONE : Math.floor(end / PROGRESS_BYTES)),
      result: () => found,
      abandon: () => tell(ABANDONED),
    };
  }

  #fail(error: unknown): void {
    for (const { fail } of this.#waiting.values()) fail(error);
    this.#waiting.clear();
  }
}

/** The checks of a file in this thread, piece by piece. */
function here(head: readonly Uint8Array[], parts: readonly DataPart[], checks: Checks): Reading {
  const pieces = new PieceCheck(head, parts, checks);
  return { read: (end) => pieces.advance(end), result: async () => pieces.found(), abandon: () => {} };
}

/** The number of bytes in all parts. */
export const lengthOf = (parts: readonly DataPart[]): number => parts.at(-1)?.end ?? 0;

/** The checks of the data of one file, in order. */
export class PieceCheck {
  readonly #hash?: Hash;
  readonly #parts: readonly DataPart[];
  readonly #search: FiniteSearch;
  #done = 0;

  constructor(head: readonly Uint8Array[], parts: readonly DataPart[], { hash, finite }: Checks) {
    this.#parts = parts;
    if (hash) this.#hash = createHash('sha256');
    for (const part of head) this.#hash?.update(part);
    this.#search = new FiniteSearch(finite);
  }

  /** The first `end` bytes can be read. */
  advance(end: number): void {
    // In pieces that stay in the processor's cache: a thread that has fallen behind finds much at once, and a hash takes less than 2 GiB.
    while (this.#done < end) {
      const next = Math.min(end, this.#done + PIECE_BYTES);
      if (this.#hash) for (const view of viewsOf(this.#parts, this.#done, next)) this.#hash.update(view);
      this.#search.advance(next);
      this.#done = next;
    }
  }

  found(): Found {
    const { found } = this.#search;
    return {
      ...(this.#hash && { sha256: this.#hash.digest('hex') }),
      ...(found !== undefined && { notFinite: found }),
    };
  }
}
