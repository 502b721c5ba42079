import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '#sha256';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import { openQueue } from '../queue/open-queue.ts';
import { MOST_ERRORS } from '../queue/serve-work.ts';
import type { WorkFacts, WorkQueue } from '../queue/work-queue.ts';
import type { ListPlan, PlanPart } from './list-plan.ts';
import type { ListOutcome, ListsWork, ListTask } from './lists-work.ts';
import type { PartWork } from './part-folder.ts';

/** Parts in the queue at a time: their files wait in its memory until they are fetched. */
const MOST_PARTS = 32;
/** Milliseconds between two looks at the parts. */
const POLL = 300;
/** Milliseconds after which a part is submitted again, which has no effect unless the queue lost it. */
const AGAIN = 30_000;

/** Has workers make parts: puts them into a queue, and fetches their files. Parts that are there from an earlier call are not added again. @throws TaurecError `lists-failed`, `aborted`, those of the queue */
export async function makeByWorkers(url: string, work: PartWork): Promise<void> {
  const queue = await openQueue<ListsWork>(url);
  try {
    const { facts } = work.plan;
    const { id } = work.folder;
    await new QueuedParts(queue, work, { id, kind: 'lists', taurec: facts.taurec, data: facts.model }).make();
  } finally {
    await queue.close();
  }
}

/** The parts of a plan in a queue. */
class QueuedParts {
  readonly #queue: WorkQueue<ListsWork>;
  readonly #work: PartWork;
  readonly #facts: WorkFacts;
  /** When each waiting part was submitted last. */
  readonly #waiting = new Map<PlanPart, number>();

  constructor(queue: WorkQueue<ListsWork>, work: PartWork, facts: WorkFacts) {
    this.#queue = queue;
    this.#work = work;
    this.#facts = facts;
  }

  async make(): Promise<void> {
    const { missing, plan, onProgress, signal } = this.#work;
    let { done } = this.#work;
    await this.#queue.announce(this.#facts);
    const left = missing.values();
    for (;;) {
      while (this.#waiting.size < MOST_PARTS) {
        const { value } = left.next();
        if (!value) break;
        this.#waiting.set(value, -Infinity);
      }
      if (this.#waiting.size === 0) break;
      for (const part of [...this.#waiting.keys()]) {
        if (signal?.aborted) throw new TaurecError('aborted');
        if (!(await this.#fetched(part))) continue;
        this.#waiting.delete(part);
        done += part.to - part.from;
        onProgress?.(done, plan.total);
      }
      await wait(POLL, undefined, { signal }).catch(() => {});
    }
    await this.#queue.withdraw(
      this.#facts,
      plan.parts.map((part) => this.#id(part)),
    );
  }

  /** Looks at a part: submits it where it is due, fetches its file once it is there. */
  async #fetched(part: PlanPart): Promise<boolean> {
    const { folder, plan } = this.#work;
    const id = this.#id(part);
    const since = performance.now() - this.#waiting.get(part)!;
    if (since > AGAIN) {
      // A failure of an earlier call: its cause may be gone.
      if (since === Infinity && isFailed((await this.#queue.board(id)).outcome))
        await this.#queue.forget(this.#facts, id);
      await this.#queue.submit({ id, work: this.#facts.id, task: taskOf(plan, part) }, this.#facts);
      this.#waiting.set(part, performance.now());
    }
    const { outcome } = await this.#queue.board(id);
    if (!outcome) return false;
    if (isFailed(outcome)) {
      // A further run tries again.
      await this.#queue.forget(this.#facts, id);
      const { message: reason } = outcome.failed;
      const facts = { part: part.number + 1, parts: plan.parts.length, times: MOST_ERRORS, reason };
      throw new TaurecError('lists-failed', { ...facts, folder: folder.folder });
    }
    const bytes = await this.#queue.file(id);
    if (!bytes || sha256([bytes]) !== outcome.sha256) {
      await this.#queue.forget(this.#facts, id);
      this.#waiting.set(part, -Infinity);
      return false;
    }
    await writeAtomically(folder.pathOf(part), (temporary) => writeFile(temporary, bytes));
    await this.#queue.clear(id);
    return true;
  }

  /** The id of a part in the queue: the same in every call. */
  #id({ number }: PlanPart): string {
    return `${this.#facts.id}-${number}`;
  }
}

type Failed = Extract<ListOutcome, { failed: unknown }>;

const isFailed = (outcome: ListOutcome | undefined): outcome is Failed => outcome !== undefined && 'failed' in outcome;

function taskOf({ facts, users, feedback }: ListPlan, part: PlanPart): ListTask {
  const { format, options, engine } = facts;
  const own = users?.slice(part.from, part.to);
  const wanted = new Set(own);
  return {
    ...{ part, format, options, engine },
    ...(own && { users: own }),
    ...(feedback && { feedback: own ? feedback.filter(({ user }) => wanted.has(user)) : feedback }),
  };
}
