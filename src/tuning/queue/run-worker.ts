// The worker process of a queue: takes trainings, does them from their checkpoints, and reports to the queue.
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '#sha256';
import { removeTemporaryFolder, temporaryFolder } from '../../platform/temporary-folder.ts';
import { version } from '../../platform/version.ts';
import { makeFolder } from '../../platform/write-fault.ts';
import { type QueueWorkerOptions, serveWork, verdictOn, workerName } from '../../queue/serve-work.ts';
import type { Lease, TaskBoard, Verdict, WorkQueue } from '../../queue/work-queue.ts';
import { dataHash } from '../../training/checkpoint.ts';
import type { TrainingData } from '../../training/training.ts';
import type { RunNews, TrainingWork } from '../executor.ts';
import { doRun } from '../local-executor.ts';
import { type CurvePoint, keyText, type RunOutcome } from '../study.ts';

type TrainingLease = Lease<TrainingWork>;
type TrainingQueue = WorkQueue<TrainingWork>;

/** The events of a worker. */
export type WorkerEvent =
  | { readonly type: 'ready'; readonly worker: string; readonly data: string; readonly studies: number }
  /** No study is announced yet; the worker waits for one. */
  | { readonly type: 'waiting' }
  | { readonly type: 'taken'; readonly run: string; readonly trial: number; readonly rung: number }
  | { readonly type: 'news'; readonly run: string; readonly news: RunNews }
  | { readonly type: 'over'; readonly run: string; readonly outcome: RunOutcome }
  /** Another worker has the training, because this one was silent for too long. */
  | { readonly type: 'lost'; readonly run: string };

/** Options of `runWorker`: queue and resources. The signal releases running trainings with their checkpoints. */
export interface WorkerOptions extends QueueWorkerOptions {
  /** Number of threads of all trainings together. Default: the number of cores. */
  readonly threads?: number;
  /** Receives the events. */
  readonly onEvent?: (event: WorkerEvent) => void;
}

/**
 * Takes trainings of studies from a queue and does them, until the signal. The worker's data must equal those of the study in every interaction, which
 * SHA-256 checks. The training of a dead worker continues from its last checkpoint in the queue.
 * @throws TaurecError `other-data` when all studies have different data or are of a different version; `missing-package`, `queue-unreachable`, `bad-option`; errors of this machine, which leave the training to others
 */
export async function runWorker(data: TrainingData, options: WorkerOptions): Promise<void> {
  const { onEvent = () => {} } = options;
  const facts = { taurec: version, data: dataHash(data), kind: undefined };
  const folder = await temporaryFolder();
  const worker = new QueueWorker(data, folder, options);
  try {
    await serveWork<TrainingWork>(facts, options, {
      onWaiting: () => onEvent({ type: 'waiting' }),
      onReady: (studies) => onEvent({ type: 'ready', worker: workerName(), data: facts.data, studies }),
      handle: (lease, queue, signal) => worker.handle(lease, queue, signal),
      otherData: {
        what: 'interactions with the SHA-256',
        remedy:
          'It leaves the trials to other workers. Use the same file, the same options for reading and splitting it, and the same version of taurec.',
      },
    });
  } finally {
    await removeTemporaryFolder(folder);
  }
}

/** Does the trainings that the queue hands out. */
class QueueWorker {
  readonly #data: TrainingData;
  readonly #folder: string;
  readonly #options: WorkerOptions;

  constructor(data: TrainingData, folder: string, options: WorkerOptions) {
    this.#data = data;
    this.#folder = folder;
    this.#options = options;
  }

  /** Does one training from its checkpoint to its outcome. Throws errors of this machine, which leave the training to other workers. */
  async handle(lease: TrainingLease, queue: TrainingQueue, signal: AbortSignal): Promise<Verdict> {
    const { id, task } = lease.queued;
    const { onEvent = () => {} } = this.#options;
    if (!(await lease.begin())) return 'done';
    onEvent({ type: 'taken', run: id, ...task.key });
    // A separate folder per attempt: trainings of two studies can have equal keys, and a lost training may return while its earlier attempt is still ending.
    const directory = join(this.#folder, `${keyText(task.key)}-${randomUUID()}`);
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const reporter = new LeaseReporter(lease, queue, abort);
    try {
      await fetchCheckpoint(lease, directory);
      const { jobs = 1, threads = availableParallelism() } = this.#options;
      const outcome = await doRun(this.#data, task, {
        threads: Math.max(1, Math.floor(threads / jobs)),
        signal: stop.signal,
        directory,
        worker: workerName(),
        onNews: (news) => {
          reporter.take(news);
          onEvent({ type: 'news', run: id, news });
        },
      });
      await reporter.flush();
      if (reporter.lost || !(await lease.finish(outcome))) onEvent({ type: 'lost', run: id });
      else onEvent({ type: 'over', run: id, outcome });
      return 'done';
    } catch (thrown) {
      // If an error of the queue stopped the training, report that error, not the `aborted` it caused.
      const error: unknown = await reporter.flush().then(
        () => thrown,
        (untold) => untold,
      );
      if (reporter.lost) {
        onEvent({ type: 'lost', run: id });
        return 'done';
      }
      return await verdictOn(error, lease);
    } finally {
      reporter.close();
      signal.removeEventListener('abort', abort);
      await rm(directory, { recursive: true, force: true });
    }
  }
}

/** Writes the queue's checkpoint to the training's folder; a damaged one is ignored. */
async function fetchCheckpoint(lease: TrainingLease, directory: string): Promise<void> {
  const found = await lease.file();
  await rm(directory, { recursive: true, force: true });
  if (!found || sha256([found.data]) !== found.facts.sha256) return;
  makeFolder(directory);
  await writeFile(join(directory, 'checkpoint.safetensors'), found.data);
}

/**
 * Reports the news of a training to the queue, in order and without blocking the training. News that arrives during a request is collected and sent after
 * it; of several checkpoints only the last is sent. Signs of life go out independently, by a timer. When another worker holds the training, or the queue
 * fails, the reporter calls `onLost` and sends nothing more.
 */
class LeaseReporter {
  readonly #lease: TrainingLease;
  readonly #queue: TrainingQueue;
  readonly #onLost: () => void;
  readonly #timer: NodeJS.Timeout;
  // News that is not sent yet.
  #begun: { worker: string; fromEpoch: number; started: string } | undefined;
  #points: CurvePoint[] = [];
  #progress: TaskBoard['progress'];
  #checkpoint: { path: string; epoch: number } | undefined;
  #epoch = 0;
  /** The request in progress, if any. */
  #telling: Promise<void> | undefined;
  #thrown: { error: unknown } | undefined;
  #lost = false;

  constructor(lease: TrainingLease, queue: TrainingQueue, onLost: () => void) {
    this.#lease = lease;
    this.#queue = queue;
    this.#onLost = onLost;
    this.#timer = setInterval(() => {
      // A lost sign of life is harmless: the next one follows.
      lease.beat().then(
        (held) => this.#check(held),
        () => {},
      );
    }, queue.beat);
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Collects news and starts sending, if no request is in progress. */
  take(news: RunNews): void {
    if (news.type === 'begun') {
      this.#begun = { worker: news.worker, fromEpoch: news.fromEpoch, started: new Date().toISOString() };
      this.#epoch = news.fromEpoch;
    } else if (news.type === 'point') {
      this.#epoch = news.point.epoch;
      this.#points = [...this.#points.filter(({ epoch }) => epoch !== news.point.epoch), news.point];
    } else if (news.type === 'progress') this.#progress = { progress: news.progress, eta: news.eta };
    else if (news.type === 'checkpoint' && news.path !== undefined) {
      this.#checkpoint = { path: news.path, epoch: this.#epoch };
    }
    this.#telling ??= this.#tell()
      .catch((error) => {
        this.#thrown ??= { error };
        // Nobody would learn the outcome, so the training stops.
        this.#onLost();
      })
      .finally(() => {
        this.#telling = undefined;
      });
  }

  /** Resolves when all news is reported. Throws errors of the queue. */
  async flush(): Promise<void> {
    while (this.#telling) await this.#telling;
    if (!this.#thrown && this.#hasNews) await this.#tell();
    if (this.#thrown) throw this.#thrown.error;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #hasNews(): boolean {
    return this.#begun !== undefined || this.#points.length > 0 || this.#checkpoint !== undefined;
  }

  /** Sends the collected news until none is left. */
  async #tell(): Promise<void> {
    while (!this.#lost && this.#hasNews) {
      const begun = this.#begun;
      this.#begun = undefined;
      if (begun) this.#check(await this.#lease.addAttempt(begun));
      const points = this.#points;
      this.#points = [];
      if (points.length > 0) this.#check(await this.#lease.addPoints(points, this.#progress));
      const checkpoint = this.#checkpoint;
      this.#checkpoint = undefined;
      if (checkpoint) await this.#hand(checkpoint);
    }
  }

  /** Sends a checkpoint to the queue. */
  async #hand({ path, epoch }: { path: string; epoch: number }): Promise<void> {
    // Checkpoints are replaced by renaming, so this reads one complete checkpoint. A checkpoint too large for the queue is skipped.
    const data = await readFile(path).catch(() => undefined);
    if (!data || data.length > this.#queue.mostFileBytes) return;
    this.#check(await this.#lease.putFile({ epoch, bytes: data.length, sha256: sha256([data]) }, data));
  }

  /** Stops reporting once another worker holds the training. */
  #check(held: boolean): void {
    if (held || this.#lost) return;
    this.#lost = true;
    this.#onLost();
  }
}
