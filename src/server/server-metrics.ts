import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FeedbackEvent } from '../feedback/feedback-log.ts';
import { parseListId } from '../feedback/list-id.ts';
import type { FeedbackSize } from './scoring-protocol.ts';
import type { ShadowMetrics } from './shadow.ts';

/** What is measured about the shadow. */
interface ShadowInstruments {
  readonly requests: Counter<'outcome'>;
  readonly seconds: Histogram;
  readonly overlap: Histogram<'variant'>;
}

/** Current values of one model of the server. */
export interface ModelValues {
  /** Number of requests waiting to be scored. */
  readonly waiting: number;
  /** Number of models opened since the start. */
  readonly revision: number;
  /** Size of the seen-item filter: users, and pairs of a user and an item. */
  readonly feedbackSize: FeedbackSize;
}

/** Functions that return current values of the server. Each scrape calls them. */
export interface MetricSources {
  readonly ready: () => boolean;
  /** The models by name; '' for one without a name, which gets no label. None before they are open. */
  readonly models: () => Iterable<readonly [name: string, values: ModelValues]>;
}

/** Most label sets of events that name a list; further ones are counted as `other`. */
const MOST_SERIES = 500;
const OTHER = { variant: 'other', version: 'other', place: 'other' };

/** Prometheus metrics of one server. Each server has a registry, so that several can run in one process. */
export class Metrics implements ShadowMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'route' | 'method' | 'status'>;
  readonly #batches: Histogram<'variant'>;
  readonly #scoring: Histogram<'variant'>;
  readonly #lists: Counter<'variant'>;
  readonly #reloads: Counter<'outcome' | 'variant'>;
  readonly #feedback: Counter<'kept'>;
  readonly #listEvents: Counter<'kind' | 'variant' | 'version' | 'place'>;
  /** The label sets of `#listEvents`, of which there are at most `MOST_SERIES`. */
  readonly #series = new Set<string>();
  /** One observer for each set of labels, cached: the lookup by labels costs more than the observation. */
  readonly #observers = new Map<string, (seconds: number) => void>();

  readonly #shadow?: ShadowInstruments;

  /** @param named whether models have names, which are labels @param shadowed whether one of them is the shadow of the others */
  constructor(sources: MetricSources, named = false, shadowed = false) {
    const labelNames: 'variant'[] = named ? ['variant'] : [];
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'taurec_http_request_seconds',
      help: 'Time from receiving the headers of a request to its response, in seconds.',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#batches = new Histogram({
      name: 'taurec_batch_users',
      help: 'Size of a batch in units; a unit is the work of ranking for one user.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
      labelNames,
      registers,
    });
    this.#scoring = new Histogram({
      name: 'taurec_batch_seconds',
      help: 'Scoring time of a batch, in seconds.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      labelNames,
      registers,
    });
    this.#lists = new Counter({
      name: 'taurec_lists_total',
      help: 'Lists that were made for requests.',
      labelNames,
      registers,
    });
    this.#reloads = new Counter({
      name: 'taurec_reloads_total',
      help: 'Reloads of the model directory by outcome: opened, unchanged, failed.',
      labelNames: ['outcome', ...labelNames],
      registers,
    });
    this.#feedback = new Counter({
      name: 'taurec_feedback_events_total',
      help: 'Feedback events received: new ones, and known ones that were already stored.',
      labelNames: ['kept'],
      registers,
    });
    this.#listEvents = new Counter({
      name: 'taurec_list_events_total',
      help: 'Feedback events that name a list, by kind and by what its id says: rates of clicks by impressions.',
      labelNames: ['kind', 'variant', 'version', 'place'],
      registers,
    });
    if (shadowed) this.#shadow = shadowInstruments(registers);
    new Gauge({
      name: 'taurec_ready',
      help: '1 while the server is ready for requests, otherwise 0.',
      registers,
      collect() {
        this.set(Number(sources.ready()));
      },
    });
    const gauge = (name: string, help: string, value: (values: ModelValues) => number) =>
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          for (const [variant, values] of sources.models()) this.set(labelsOf(variant), value(values));
        },
      });
    gauge('taurec_waiting_requests', 'Requests waiting to be scored.', ({ waiting }) => waiting);
    gauge('taurec_model_revision', 'Number of models opened since the server started.', ({ revision }) => revision);
    gauge(
      'taurec_feedback_users',
      'Users with feedback in the seen-item filter.',
      ({ feedbackSize }) => feedbackSize.users,
    );
    gauge(
      'taurec_feedback_pairs',
      'Pairs of a user and an item in the seen-item filter.',
      ({ feedbackSize }) => feedbackSize.pairs,
    );
    gauge(
      'taurec_feedback_dropped_users',
      'Users whose feedback was dropped from the seen-item filter to stay within its memory.',
      ({ feedbackSize }) => feedbackSize.dropped,
    );
  }

  /** Counts an answered request. `route` is the pattern of the path, so that ids do not become labels. */
  request(route: string, method: string, status: number, seconds: number): void {
    const key = `${status} ${method} ${route}`;
    let observe = this.#observers.get(key);
    if (!observe) {
      const child = this.#requests.labels({ route, method, status: String(status) });
      observe = (value) => child.observe(value);
      this.#observers.set(key, observe);
    }
    observe(seconds);
  }

  /** Counts a scored batch. */
  batch(variant: string, units: number, seconds: number): void {
    this.#batches.observe(labelsOf(variant), units);
    this.#scoring.observe(labelsOf(variant), seconds);
  }

  /** Counts lists that a model made. */
  lists(variant: string, lists: number): void {
    this.#lists.inc(labelsOf(variant), lists);
  }

  /** Counts a request that the shadow was to follow. */
  shadowed(outcome: 'answered' | 'failed' | 'dropped'): void {
    this.#shadow?.requests.inc({ outcome });
  }

  /** Counts the time that the shadow took. */
  shadowSeconds(seconds: number): void {
    this.#shadow?.seconds.observe(seconds);
  }

  /** Counts a list of the shadow beside the one that a variant served. */
  overlap(variant: string, overlap: number): void {
    this.#shadow?.overlap.observe({ variant }, overlap);
  }

  /** Counts a reload. */
  reload(variant: string, outcome: string): void {
    this.#reloads.inc({ outcome, ...labelsOf(variant) });
  }

  /** Counts received events, of which `added` are new; the others were stored before. */
  feedback(events: readonly FeedbackEvent[], added: number): void {
    this.#feedback.inc({ kept: 'new' }, added);
    this.#feedback.inc({ kept: 'known' }, events.length - added);
    for (const { list, kind = 'interaction' } of events) {
      const origin = list === undefined ? undefined : parseListId(list);
      if (!origin) continue;
      const key = `${kind}\n${origin.variant}\n${origin.version}\n${origin.place}`;
      if (!this.#series.has(key) && this.#series.size < MOST_SERIES) this.#series.add(key);
      // Ids come from clients: whatever they invent, the series stay few.
      const { variant, version, place } = this.#series.has(key) ? origin : OTHER;
      this.#listEvents.inc({ kind: this.#series.has(key) ? kind : 'other', variant, version, place });
    }
  }

  /** All metrics in the text format of Prometheus, and its media type. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** The label of a model; none for one without a name. */
function labelsOf(variant: string): { readonly variant?: string } {
  return variant === '' ? {} : { variant };
}

function shadowInstruments(registers: Registry[]): ShadowInstruments {
  return {
    requests: new Counter({
      name: 'taurec_shadow_requests_total',
      help: 'Requests that the shadow was to follow: answered, failed, or dropped because too many waited.',
      labelNames: ['outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: 'taurec_shadow_seconds',
      help: 'Time that the shadow took for a request, in seconds.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    overlap: new Histogram({
      name: 'taurec_shadow_overlap',
      help: 'Items that a list of the shadow has in common with the one that was served, as a share of the longer list.',
      labelNames: ['variant'],
      buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
      registers,
    }),
  };
}
