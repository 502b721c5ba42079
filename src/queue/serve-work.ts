// A worker of a queue, whatever it works on: waits for work that it can serve, takes tasks, and leaves in time.
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { TaurecError } from '../errors.ts';
import { openQueue } from './open-queue.ts';
import type { Lease, Verdict, Work, WorkFacts, WorkQueue } from './work-queue.ts';

/** Number of machine errors after which a task counts as failed. A worker ends at its first one, so they usually come from different machines. */
export const MOST_ERRORS = 3;
/** Milliseconds between two polls for work. */
const POLL = 1000;
/** Milliseconds after the signal in which running tasks are released. A queue that is away is not waited for any longer. */
const GRACE = 5000;

/** The facts that a worker shares with the work that it serves. */
export type WorkerFacts = Pick<WorkFacts, 'taurec' | 'data' | 'kind'>;

/** Options of every worker: queue and resources. */
export interface QueueWorkerOptions {
  /** URL of the queue: `redis://…` or `postgres://…`. */
  readonly queue: string;
  /** Number of parallel tasks. Default 1. */
  readonly jobs?: number;
  /** Whether to end when no work that fits is left, instead of waiting for the next. Default false. */
  readonly untilDone?: boolean;
  /** Seconds of silence after which a worker counts as dead. Default 30. */
  readonly lockSeconds?: number;
  /** Ends the worker: it releases the running tasks. */
  readonly signal?: AbortSignal;
}

/** What a worker does with the queue. */
export interface Service<W extends Work> {
  /** Called once while no work is announced. */
  readonly onWaiting: () => void;
  /** Called before the first task, with the number of pieces of work that fit. */
  readonly onReady: (works: number) => void;
  /** Does one task. `signal` ends the worker. Throws errors of this machine, which leave the task to other workers. */
  readonly handle: (lease: Lease<W>, queue: WorkQueue<W>, signal: AbortSignal) => Promise<Verdict>;
  /** What a worker lacks that has other data, for the error; also its wording of what the worker leaves to others. */
  readonly otherData: Readonly<Record<'what' | 'remedy', string>>;
}

/**
 * Takes tasks from a queue and does them, until the signal.
 * @throws TaurecError `other-data` when all work has different data or is of a different version; `missing-package`, `queue-unreachable`, `bad-option`; errors of `handle`
 */
export async function serveWork<W extends Work>(
  facts: WorkerFacts,
  options: QueueWorkerOptions,
  service: Service<W>,
): Promise<void> {
  const { signal, lockSeconds } = options;
  const queue = await openQueue<W>(options.queue, { lockSeconds });
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    service.onReady(await stopping(waitForWork(queue, facts, stop.signal, service), stop.signal, 0));
    let thrown: { error: unknown } | undefined;
    // Runs in parallel with the tasks; its error ends the worker.
    const fail = (error: unknown) => {
      thrown = { error };
      stop.abort();
    };
    const watching = options.untilDone ? watch(queue, facts, stop).catch(fail) : undefined;
    try {
      const handle = (lease: Lease<W>) => service.handle(lease, queue, stop.signal);
      const work = queue.work(handle, { facts, jobs: options.jobs ?? 1, signal: stop.signal });
      await stopping(work, stop.signal, undefined);
    } finally {
      stop.abort();
      if (watching) await stopping(watching, stop.signal, undefined);
    }
    if (thrown) throw thrown.error;
  } finally {
    signal?.removeEventListener('abort', abort);
    // Closing tells the queue, which may be away: its leases then expire by themselves.
    await stopping(queue.close(), AbortSignal.abort(), undefined);
  }
}

/** A task whose outcome may be a failure. */
interface Failing {
  countError(): Promise<number>;
  finish(outcome: { failed: { code: string; message: string } }): Promise<boolean>;
}

/**
 * What becomes of a task whose handler threw: it is released after the signal, and failed at its error number `MOST_ERRORS`. Otherwise the error is thrown, which leaves the task to other workers. An unreachable queue, or other
 * data of this worker, does not count as an error of the task.
 */
export async function verdictOn(error: unknown, task: Failing): Promise<Verdict> {
  const { code = 'error', message } = error as NodeJS.ErrnoException;
  if (error instanceof TaurecError) {
    if (code === 'aborted') return 'release';
    if (code === 'queue-unreachable' || code === 'other-data') throw error;
  }
  if ((await task.countError()) < MOST_ERRORS) throw error;
  await task.finish({ failed: { code, message } });
  return 'done';
}

/** Host and process of this worker. */
export function workerName(): string {
  return `${hostname()}:${process.pid}`;
}

/** As `work`; from the signal on it waits at most `GRACE` milliseconds, then resolves with `otherwise`. The work's later result is ignored. */
async function stopping<T>(work: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  const over = new AbortController();
  const late = (async () => {
    if (!signal.aborted) await once(signal, 'abort', { signal: over.signal });
    await wait(GRACE, undefined, { signal: over.signal });
    return otherwise;
  })();
  // The promise that loses may reject later: without handlers that would end the process.
  work.catch(() => {});
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** Waits for work that this worker can serve; returns the number of its pieces, or 0 after the signal. @throws TaurecError `other-data` */
async function waitForWork<W extends Work>(
  queue: WorkQueue<W>,
  mine: WorkerFacts,
  signal: AbortSignal,
  { onWaiting, otherData }: Service<W>,
): Promise<number> {
  for (let told = false; !signal.aborted; told = true) {
    const works = (await queue.works()).filter(({ kind }) => kind === mine.kind);
    const fitting = works.filter((work) => fits(work, mine));
    if (fitting.length > 0) return fitting.length;
    const [other] = works;
    if (other) {
      const what = other.data === mine.data ? 'taurec' : 'data';
      const name = what === 'taurec' ? 'version' : otherData.what;
      const { remedy } = otherData;
      throw new TaurecError('other-data', { what: name, got: mine[what], expected: other[what], remedy });
    }
    if (!told) onWaiting();
    await wait(POLL, undefined, { signal }).catch(() => {});
  }
  return 0;
}

/** Whether work is of this worker's kind, and has its data and version. */
function fits(work: WorkFacts, { taurec, data, kind }: WorkerFacts): boolean {
  return work.taurec === taurec && work.data === data && work.kind === kind;
}

/** Ends the worker when no work is left. */
async function watch<W extends Work>(queue: WorkQueue<W>, mine: WorkerFacts, stop: AbortController): Promise<void> {
  while (!stop.signal.aborted) {
    if (!(await queue.works()).some((work) => fits(work, mine))) stop.abort();
    else await wait(POLL, undefined, { signal: stop.signal }).catch(() => {});
  }
}
