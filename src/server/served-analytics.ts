import { type Analytics, analyze } from '../analytics/analytics.ts';
import { compareVariants, type VariantOptions, type VariantReport } from '../analytics/compare-variants.ts';
import { EventStore } from '../analytics/event-store.ts';
import type { AnalyticsOptions } from '../analytics/options.ts';
import type { EventTable } from '../data/event-kinds.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { failed } from './feedback-fault.ts';
import { Turns } from './turns.ts';
import type { Variants } from './variants.ts';

/** Memory of DuckDB before it spills to disk. */
const MEMORY = '512MB';
/** Equal requests within this time, in milliseconds, get one answer. */
const KEPT_MS = 5000;

/**
 * The analytics of a running server: a copy of its feedback log in DuckDB, which follows the log. It is made at the first request, and each request takes in what is new. One request is computed at a time.
 */
export class ServedAnalytics {
  readonly #log: FeedbackLog;
  readonly #kinds: EventTable;
  readonly #variants: Variants;
  #store: Promise<EventStore> | undefined;
  /** Number of the model whose ids the store has. */
  #known = -1;
  readonly #turns = new Turns();
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(log: FeedbackLog, kinds: EventTable, variants: Variants) {
    this.#log = log;
    this.#kinds = kinds;
    this.#variants = variants;
  }

  /** What came of the lists. @throws TaurecError `bad-option`, `feedback-failed` */
  analyze(options: AnalyticsOptions): Promise<Analytics> {
    return this.#answer(`analyze ${JSON.stringify(options)}`, (store) => analyze(store, this.#kinds, options));
  }

  /** Compares two variants. @throws TaurecError `bad-option`, `feedback-failed` */
  compare(options: VariantOptions): Promise<VariantReport> {
    return this.#answer(`compare ${JSON.stringify(options)}`, (store) => compareVariants(store, this.#kinds, options));
  }

  /** Removes the events of a user. */
  async forget(user: string): Promise<void> {
    if (!this.#store) return;
    this.#kept.clear();
    await this.#turns.take(async () => (await this.#store)?.forget(user));
  }

  /** Closes the store, after the request that runs. */
  close(): Promise<void> {
    return this.#turns.take(async () => (await this.#store)?.close());
  }

  #answer<T>(key: string, compute: (store: EventStore) => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept) return kept as Promise<T>;
    const answer = this.#turns.take(async () => compute(await this.#current()));
    this.#kept.set(key, answer);
    const drop = () => this.#kept.delete(key);
    answer.then(() => setTimeout(drop, KEPT_MS).unref(), drop);
    return answer;
  }

  /** The store with all events of the log and the ids of the model that is served. */
  async #current(): Promise<EventStore> {
    const { folder, host } = this.#variants.first;
    const { revision } = host;
    if (revision !== this.#known && this.#store) {
      // Made anew with each model: another program may have erased people meanwhile.
      await (await this.#store).close();
      this.#store = undefined;
    }
    this.#store ??= EventStore.open(MEMORY);
    const store = await this.#store.catch((error) => {
      this.#store = undefined;
      throw error;
    });
    await store.follow(this.#log).catch((cause) => {
      throw failed(cause);
    });
    if (revision !== this.#known) {
      // The scoring threads hold the model; its ids are read from the folder, which most servers never need.
      const { openModel } = await import('../model/model-directory.ts');
      await store.know(await openModel(folder));
      this.#known = revision;
    }
    return store;
  }
}
