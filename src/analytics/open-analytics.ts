import { existsSync } from 'node:fs';
import { type EventOptions, type EventTable, servedKinds } from '../data/event-kinds.ts';
import type { Source } from '../data/source/source-name.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { feedbackPlace, openFeedback } from '../feedback/open-feedback.ts';
import { type Analytics, analyze } from './analytics.ts';
import { compareVariants, type VariantOptions, type VariantReport } from './compare-variants.ts';
import { EventStore, type KnownModel } from './event-store.ts';
import type { AnalyticsOptions } from './options.ts';
import { type Replayed, type ReplayOptions, type ReplayResult, replay } from './replay.ts';

/** Options of `openAnalytics`. */
export interface OpenAnalyticsOptions {
  /** The kinds of events, each with what it counts for. Default: `impression` is an impression, `click` and `purchase` are successes. */
  readonly events?: EventOptions['events'];
  /** A model, whose ids tell what it cannot know. Its popularity tells how popular the shown items are. */
  readonly model?: KnownModel;
}

/**
 * Opens the events of a log for analytics (docs/analytics.md): a feedback log in a database (`sqlite:PATH`, `postgres://…`, a path that ends in .db), an open one, or files (CSV, JSON lines, Parquet) with columns for user, item, time and kind, and
 * `list` and `position`, if there are any. The events are read into DuckDB, which computes all figures.
 * @throws TaurecError `missing-column`, `unclear-columns`, `bad-row`, `missing-package`, and the errors of files and databases
 */
export async function openAnalytics(
  source: Source | FeedbackLog,
  { events, model }: OpenAnalyticsOptions = {},
): Promise<LogAnalytics> {
  const kinds = servedKinds(events);
  const place = typeof source === 'string' ? feedbackPlace(source) : undefined;
  // Opening would create it.
  if (place?.kind === 'sqlite' && !existsSync(place.path))
    throw new TaurecError('file-not-found', { file: place.path });
  const own = place && (await openFeedback(source as string));
  const store = await EventStore.open();
  try {
    const log = own ?? (isLog(source) ? source : undefined);
    await (log ? store.follow(log) : store.read(source as Source));
    if (model) await store.know(model);
    return new LogAnalytics(store, kinds);
  } catch (error) {
    await store.close();
    throw error;
  } finally {
    await own?.close();
  }
}

const isLog = (source: Source | FeedbackLog): source is FeedbackLog =>
  typeof source === 'object' && 'append' in source && 'read' in source;

/** The analytics of a log, as it was when it was opened. */
export class LogAnalytics {
  readonly #store: EventStore;
  readonly #kinds: EventTable;

  constructor(store: EventStore, kinds: EventTable) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** Impressions, and the rates at which they were answered. @throws TaurecError `bad-option` */
  analyze(options?: AnalyticsOptions): Promise<Analytics> {
    return analyze(this.#store, this.#kinds, options);
  }

  /** Compares two variants of a split by a test that may be looked at every day. @throws TaurecError `bad-option` */
  compare(options: VariantOptions): Promise<VariantReport> {
    return compareVariants(this.#store, this.#kinds, options);
  }

  /** Judges a model by the logged lists. @throws TaurecError `bad-option`; `empty-data` where nothing can be judged */
  replay(model: Replayed, options?: ReplayOptions): Promise<ReplayResult> {
    return replay(this.#store, this.#kinds, model, options);
  }

  /** Closes the store. */
  close(): Promise<void> {
    return this.#store.close();
  }
}
