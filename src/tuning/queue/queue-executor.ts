import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TaurecError } from '../../errors.ts';
import { writeAtomically } from '../../platform/atomic-file.ts';
import { makeFolder } from '../../platform/write-fault.ts';
import type { TaskBoard, WorkFacts, WorkQueue } from '../../queue/work-queue.ts';
import type { Executor, RunContext, RunTask, TrainingWork } from '../executor.ts';
import { checkpointFolder } from '../local-executor.ts';
import { keyText, type Run, type RunKey, type RunOutcome } from '../study.ts';

/** Milliseconds between two polls of a training. */
const POLL = 300;
/** Milliseconds after which a training is submitted again, which has no effect unless the queue lost it. */
const AGAIN = 30_000;

/** Does trainings through workers: submits them to a queue and waits for their outcomes. A training that is still in the queue from an earlier session is not added again. */
export class QueueExecutor implements Executor {
  readonly capacity: number;
  readonly #queue: WorkQueue<TrainingWork>;
  readonly #facts: WorkFacts;
  readonly #folder: string;
  readonly #again: number;
  /** Names of the workers seen so far. */
  readonly #workers = new Set<string>();

  /** @param jobs trainings in the queue at a time @param folder of the study, for checkpoints @param again milliseconds after which a training is submitted again */
  static async open(
    queue: WorkQueue<TrainingWork>,
    facts: WorkFacts,
    jobs: number,
    folder: string,
    again = AGAIN,
  ): Promise<QueueExecutor> {
    await queue.announce(facts);
    return new QueueExecutor(queue, facts, jobs, folder, again);
  }

  private constructor(queue: WorkQueue<TrainingWork>, facts: WorkFacts, jobs: number, folder: string, again: number) {
    this.#again = again;
    this.capacity = jobs;
    this.#queue = queue;
    this.#facts = facts;
    this.#folder = folder;
  }

  /** An estimate: the mean threads of finished trainings, and one parallel training per worker seen so far. */
  threads(_: number, runs: readonly Run[]) {
    const known = runs.flatMap(({ engine }) => (engine ? [engine.threads] : []));
    const one = known.length === 0 ? 1 : known.reduce((sum, threads) => sum + threads, 0) / known.length;
    return { all: one * Math.min(this.capacity, Math.max(1, this.#workers.size)), one };
  }

  /** Submits a training, then polls until its outcome. */
  async run(task: RunTask, { signal, onNews }: RunContext): Promise<RunOutcome> {
    const id = this.#id(task.key);
    let submitted = -Infinity;
    // Each poll compares the board with the previous one and reports the differences.
    let last: TaskBoard<TrainingWork> = { attempts: [], points: [] };
    for (;;) {
      if (signal.aborted) throw new TaurecError('aborted');
      if (performance.now() - submitted > this.#again) {
        await this.#queue.submit({ id, work: this.#facts.id, task }, this.#facts);
        submitted = performance.now();
      }
      const board = await this.#queue.board(id);
      for (const { worker } of board.attempts) this.#workers.add(worker);
      tell(last, board, onNews);
      last = board;
      if (board.outcome) {
        const path = await this.#fetchCheckpoint(id, task.key);
        if (path !== undefined) onNews({ type: 'checkpoint', path });
        return board.outcome;
      }
      await wait(POLL, undefined, { signal }).catch(() => {});
    }
  }

  /** Removes curve and checkpoint from the queue: the study has them now. */
  async recorded(key: RunKey): Promise<void> {
    await this.#queue.clear(this.#id(key));
  }

  /** Removes the finished study from the queue. */
  async ended(keys: readonly RunKey[]): Promise<void> {
    await this.#queue.withdraw(
      this.#facts,
      keys.map((key) => this.#id(key)),
    );
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  /** The id of a training in the queue: the same in every session, so that a continued study finds its trainings. */
  #id(key: RunKey): string {
    return `${this.#facts.id.slice(0, 32)}-${keyText(key)}`;
  }

  /** Copies a training's checkpoint from the queue to the study's folder; returns its path. */
  async #fetchCheckpoint(id: string, key: RunKey): Promise<string | undefined> {
    const data = await this.#queue.file(id);
    if (!data) return undefined;
    const folder = join(this.#folder, checkpointFolder(key));
    makeFolder(folder);
    const path = join(folder, 'checkpoint.safetensors');
    await writeAtomically(path, (temporary) => writeFile(temporary, data));
    return path;
  }
}

/** Reports the differences between two boards as news. */
function tell(last: TaskBoard<TrainingWork>, board: TaskBoard<TrainingWork>, onNews: RunContext['onNews']): void {
  for (const attempt of board.attempts.slice(last.attempts.length)) onNews({ type: 'begun', ...attempt });
  const known = new Map(last.points.map((point) => [point.epoch, JSON.stringify(point)]));
  for (const point of board.points) {
    if (known.get(point.epoch) !== JSON.stringify(point)) onNews({ type: 'point', point });
  }
  if (board.progress) onNews({ type: 'progress', ...board.progress });
}
