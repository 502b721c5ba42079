import type { ServerResponse } from 'node:http';
import { TaurecError } from '../errors.ts';
import type { ModelHost } from './model-host.ts';
import type { ScoringJob } from './scoring-protocol.ts';

/** Requests that may wait for the shadow, and the length of their answers in characters; those beyond are dropped. */
const MOST_WAITING = 64;
const MOST_HELD = 2 ** 24;
/** Longest list that is compared, in characters: its text is parsed on the thread that does HTTP. */
const LONGEST = 2 ** 18;
/** Characters that are parsed in one turn of the event loop. */
const TURN = 2 ** 16;

/** Receives what the shadow did. */
export interface ShadowMetrics {
  /** A request that the shadow answered, failed, or was not asked about because too many waited. */
  shadowed(outcome: 'answered' | 'failed' | 'dropped'): void;
  /** The time that the shadow took for a request. */
  shadowSeconds(seconds: number): void;
  /** Items that a list of the shadow and the list that a variant served have in common, as a share of the longer one. */
  overlap(variant: string, overlap: number): void;
}

/** A model that answers nobody. It makes the lists that others served once more, after their answers are out, and they are compared. */
export class Shadow {
  readonly #host: ModelHost;
  readonly #share: number;
  readonly #metrics: ShadowMetrics;
  /** Requests that are owed to the shadow: grows by its share with each, so that exactly the share is taken. */
  #owed = 0;
  #waiting = 0;
  #held = 0;

  /** @param share the share of requests that it is asked about, in (0, 1] */
  constructor(host: ModelHost, share: number, metrics: ShadowMetrics) {
    this.#host = host;
    this.#share = share;
    this.#metrics = metrics;
  }

  /** Asks the shadow for the lists of a job once their answer is out. A client that left before gets no answer, and the shadow no request. */
  follow(outgoing: ServerResponse, variant: string, job: ScoringJob, served: readonly string[]): void {
    this.#owed += this.#share;
    if (this.#owed < 1) return;
    this.#owed--;
    outgoing.once('finish', () => void this.#ask(variant, job, served));
  }

  async #ask(variant: string, job: ScoringJob, served: readonly string[]): Promise<void> {
    const length = served.reduce((sum, { length }) => sum + length, 0);
    const isLong = this.#held + length > MOST_HELD || served.some((text) => text.length > LONGEST);
    if (isLong || this.#waiting >= MOST_WAITING) return this.#metrics.shadowed('dropped');
    this.#waiting++;
    this.#held += length;
    try {
      const started = performance.now();
      const made = await this.#host.scorer.submit(withoutReasons(job), () => false);
      this.#metrics.shadowSeconds((performance.now() - started) / 1000);
      this.#metrics.shadowed('answered');
      await this.#compare(variant, served, made);
    } catch (error) {
      const isFull = error instanceof TaurecError && error.code === 'overloaded';
      this.#metrics.shadowed(isFull ? 'dropped' : 'failed');
    } finally {
      this.#waiting--;
      this.#held -= length;
    }
  }

  async #compare(variant: string, served: readonly string[], made: readonly string[]): Promise<void> {
    let parsed = 0;
    for (const [at, text] of served.entries()) {
      const overlap = overlapOf(idsOf(text), idsOf(made[at]!));
      if (overlap !== undefined) this.#metrics.overlap(variant, overlap);
      parsed += text.length + made[at]!.length;
      if (parsed < TURN) continue;
      parsed = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The number of common items, as a share of the longer list; undefined for two empty lists. */
export function overlapOf(one: readonly string[], other: readonly string[]): number | undefined {
  const longer = Math.max(one.length, other.length);
  if (longer === 0) return undefined;
  const ids = new Set(one);
  return other.filter((id) => ids.has(id)).length / longer;
}

/** The ids of the items of a list. */
function idsOf(text: string): string[] {
  return (JSON.parse(text) as { items: { id: string }[] }).items.map(({ id }) => id);
}

/** The job without reasons: they are dear, and the items are the same. */
function withoutReasons(job: ScoringJob): ScoringJob {
  if (job.type === 'recommend' && job.options.explain) {
    const options = { ...job.options, explain: undefined };
    return { ...job, options, key: JSON.stringify(options) };
  }
  if (job.type === 'for-items') return { ...job, request: { ...job.request, explain: undefined } };
  return job;
}
