// The worker process of lists: takes parts from a queue, makes their files with its copy of the model, and hands the files over.
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#sha256';
import { TaurecError } from '../errors.ts';
import { openModelConfig } from '../model/model-directory.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { removeTemporaryFolder, temporaryFolder } from '../platform/temporary-folder.ts';
import { version } from '../platform/version.ts';
import { type QueueWorkerOptions, serveWork, verdictOn, workerName } from '../queue/serve-work.ts';
import type { Lease, Verdict, WorkQueue } from '../queue/work-queue.ts';
import { Recommender } from '../recommender/recommender.ts';
import { rankPart } from './export-recommendations.ts';
import { listsDigest } from './list-plan.ts';
import type { ListOutcome, ListsWork, ListTask } from './lists-work.ts';
import { openListFormat } from './open-list-format.ts';

/** The events of a worker of lists. */
export type ListWorkerEvent =
  | { readonly type: 'ready'; readonly worker: string; readonly model: string; readonly lists: number }
  /** No lists are announced yet; the worker waits for them. */
  | { readonly type: 'waiting' }
  | { readonly type: 'taken'; readonly part: number; readonly users: number }
  | { readonly type: 'over'; readonly part: number; readonly outcome: ListOutcome }
  /** Another worker has the part, because this one was silent for too long. */
  | { readonly type: 'lost'; readonly part: number };

/** Options of `runListWorker`: queue and resources. The signal gives the part at hand back. */
export interface ListWorkerOptions extends Omit<QueueWorkerOptions, 'jobs'> {
  /** Number of threads. Default: the engine decides. */
  readonly threads?: number;
  /** Receives the events. */
  readonly onEvent?: (event: ListWorkerEvent) => void;
}

/**
 * Takes parts of lists from a queue (`exportRecommendations` with `queue`) and makes them, one at a time, until the signal. The worker's model folder must equal that of the lists, which SHA-256 checks; it needs no data. A
 * dead worker's part is made by another one.
 * @throws TaurecError the errors of `Recommender.open`; `other-data` when all lists are of another model or version; `missing-package`, `queue-unreachable`, `bad-option`; errors of this machine, which leave the part to others
 */
export async function runListWorker(model: string, options: ListWorkerOptions): Promise<void> {
  const { onEvent = () => {} } = options;
  const facts = { kind: 'lists', taurec: version, data: listsDigest(await openModelConfig(model)) } as const;
  const folder = await temporaryFolder();
  const worker = new ListWorker(model, facts.data, folder, options);
  try {
    await serveWork<ListsWork>(facts, options, {
      onWaiting: () => onEvent({ type: 'waiting' }),
      onReady: (lists) => onEvent({ type: 'ready', worker: workerName(), model: facts.data, lists }),
      handle: (lease, queue, signal) => worker.handle(lease, queue, signal),
      otherData: other,
    });
  } finally {
    await worker.close();
    await removeTemporaryFolder(folder);
  }
}

/** What a worker has that has another model. */
const other = {
  what: 'a model with the SHA-256',
  remedy: 'It leaves the lists to other workers. Use a copy of the same model folder, and the same version of taurec.',
};

function otherModel(got: string, expected: string): TaurecError {
  return new TaurecError('other-data', { ...other, got, expected });
}

/** Makes the parts that the queue hands out. */
class ListWorker {
  readonly #model: string;
  readonly #digest: string;
  readonly #folder: string;
  readonly #options: ListWorkerOptions;
  /** The model, opened with the engine of the last part. */
  #opened: { readonly engine: string; readonly recommender: Recommender } | undefined;

  /** @param digest of the model */
  constructor(model: string, digest: string, folder: string, options: ListWorkerOptions) {
    this.#model = model;
    this.#digest = digest;
    this.#folder = folder;
    this.#options = options;
  }

  /** Makes one part. Throws errors of this machine, which leave the part to other workers. */
  async handle(lease: Lease<ListsWork>, queue: WorkQueue<ListsWork>, signal: AbortSignal): Promise<Verdict> {
    const { onEvent = () => {} } = this.#options;
    const { task } = lease.queued;
    const part = task.part.number;
    if (!(await lease.begin())) return 'done';
    onEvent({ type: 'taken', part, users: task.part.to - task.part.from });
    let lost = false;
    const timer = setInterval(() => {
      // A lost sign of life is harmless: the next one follows.
      lease.beat().then(
        (held) => {
          lost ||= !held;
        },
        () => {},
      );
    }, queue.beat);
    // Not by the id, which comes from the queue.
    const path = join(this.#folder, `${randomUUID()}.part`);
    try {
      await lease.addAttempt({ worker: workerName(), started: new Date().toISOString() });
      await this.#make(task, path, () => {
        if (signal.aborted || lost) throw new TaurecError('aborted');
      });
      const outcome = await hand(lease, queue, path);
      onEvent(outcome ? { type: 'over', part, outcome } : { type: 'lost', part });
      return 'done';
    } catch (error) {
      if (lost) {
        onEvent({ type: 'lost', part });
        return 'done';
      }
      return await verdictOn(error, lease);
    } finally {
      clearInterval(timer);
      await rm(path, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#opened?.recommender.close();
  }

  async #make({ part, format, options, users, feedback, engine }: ListTask, path: string, check: () => void) {
    const recommender = await this.#open(engine);
    const files = await openListFormat(format, recommender.hasTitles);
    try {
      const { from, to } = part;
      const whose = users ? { users } : { rows: { from, to } };
      const finish = await rankPart(recommender, files, { ...options, ...whose, feedback }, path, check);
      await finish();
    } finally {
      await files.close();
    }
  }

  /** The recommender with the engine that the lists were planned with. */
  async #open(wanted: string): Promise<Recommender> {
    if (this.#opened?.engine === wanted) return this.#opened.recommender;
    await this.close();
    this.#opened = undefined;
    const [engine, build] = wanted.split(' ') as ['wasm' | 'reference', 'simd' | 'simd-fma'];
    const own = engine === 'wasm' ? { engine, build } : { engine };
    const recommender = await Recommender.open(this.#model, { ...own, threads: this.#options.threads });
    const got = listsDigest(recommender.config as ModelConfig);
    if (got !== this.#digest) {
      // Another model was saved there, or another version published, since the worker began.
      await recommender.close();
      throw otherModel(got, this.#digest);
    }
    this.#opened = { engine: wanted, recommender };
    return recommender;
  }
}

/** Hands the file of a part over; undefined when another worker has the part. */
async function hand(
  lease: Lease<ListsWork>,
  queue: WorkQueue<ListsWork>,
  path: string,
): Promise<ListOutcome | undefined> {
  const data = await readFile(path);
  if (data.length > queue.mostFileBytes) {
    const expected = `at most ${queue.mostFileBytes} bytes, which the queue carries`;
    throw new TaurecError('bad-option', { option: 'k', got: `a part of ${data.length} bytes`, expected });
  }
  const facts = { bytes: data.length, sha256: sha256([data]) };
  const handed = (await lease.putFile({ epoch: 0, ...facts }, data)) && (await lease.finish(facts));
  return handed ? facts : undefined;
}
