import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Current values that a scrape reads from the server. */
export interface MetricSources {
  readonly waiting: () => number;
  readonly ready: () => boolean;
  readonly revision: () => number;
  readonly feedback: () => { readonly users: number; readonly pairs: number };
}

/** Metrics of one server, in a separate registry. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'route' | 'method' | 'status'>;
  readonly #batches: Histogram;
  readonly #scoring: Histogram;
  readonly #reloads: Counter<'outcome'>;
  readonly #feedback: Counter<'kept'>;
  /** One observer for each label set: finding it by labels again for every request costs more than the observation. */
  readonly #observers = new Map<string, (seconds: number) => void>();

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'taurec_http_request_seconds',
      help: 'Time from the head of a request to its answer.',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#batches = new Histogram({
      name: 'taurec_batch_users',
      help: 'Users (or work as dear as one) scored in one batch.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
      registers,
    });
    this.#scoring = new Histogram({
      name: 'taurec_batch_seconds',
      help: 'Time that the scoring thread worked on a batch.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    });
    this.#reloads = new Counter({
      name: 'taurec_reloads_total',
      help: 'Attempts to open a newer model, by outcome: opened, unchanged, failed.',
      labelNames: ['outcome'],
      registers,
    });
    this.#feedback = new Counter({
      name: 'taurec_feedback_events_total',
      help: 'Events of feedback: new ones, and those that the log had already.',
      labelNames: ['kept'],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect: function collect() {
          this.set(value());
        },
      });
    gauge('taurec_waiting_requests', 'Requests that wait to be scored.', sources.waiting);
    gauge('taurec_ready', '1 while a model is served.', () => Number(sources.ready()));
    gauge('taurec_model_revision', 'Models opened since the server started.', sources.revision);
    gauge('taurec_feedback_users', 'Users with feedback in the seen-item filter.', () => sources.feedback().users);
    gauge('taurec_feedback_pairs', 'Pairs of user and item in the seen-item filter.', () => sources.feedback().pairs);
  }

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

  batch(units: number, seconds: number): void {
    this.#batches.observe(units);
    this.#scoring.observe(seconds);
  }

  reload(outcome: string): void {
    this.#reloads.inc({ outcome });
  }

  feedback(added: number, known: number): void {
    this.#feedback.inc({ kept: 'new' }, added);
    this.#feedback.inc({ kept: 'known' }, known);
  }

  /** The text that Prometheus reads, and its media type. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
