import type { Analytics } from '../analytics/analytics.ts';
import { TaurecError } from '../errors.ts';
import type { ModelVersion, Versions } from '../model/current-version.ts';
import type { ModelStatus } from '../server/model-host.ts';
import type { FeedbackPage, Operations, RouteRequests, ServedRequests, ServedVersions } from './operations.ts';
import type { ServedApi } from './served-api.ts';

/** The operations of a server, over its HTTP interface. */
export class ServedOperations implements Operations {
  readonly #api: ServedApi;

  constructor(api: ServedApi) {
    this.#api = api;
  }

  async versions(): Promise<ServedVersions> {
    const model = await this.#api.get<ModelStatus>('v1/model');
    try {
      return { model, versions: await this.#api.get<Versions>('v1/versions') };
    } catch (error) {
      if (error instanceof TaurecError && error.code === 'no-versions') return { model };
      throw error;
    }
  }

  async requests(): Promise<ServedRequests> {
    return requestsIn(samplesOf(await this.#api.text('metrics')), Date.now() / 1000);
  }

  analytics(options: Parameters<Operations['analytics']>[0] = {}): Promise<Analytics> {
    return this.#api.get('v1/analytics', options);
  }

  feedback(after?: number): Promise<FeedbackPage> {
    return this.#api.get('v1/feedback', { after, limit: 100 });
  }

  publish(version: string): Promise<ModelVersion> {
    return this.#api.post(`v1/versions/${encodeURIComponent(version)}/publish`);
  }

  rollback(): Promise<ModelVersion> {
    return this.#api.post('v1/versions/rollback');
  }
}

/** A line of a text for Prometheus. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in Prometheus' format. */
function samplesOf(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)/i.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    const entries = pairs.map(([, label, quoted]) => [
      label!,
      quoted!.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c)),
    ]);
    samples.push({ name, labels: Object.fromEntries(entries), value: value === '+Inf' ? Infinity : Number(value) });
  }
  return samples;
}

const HISTOGRAM = 'taurec_http_request_seconds';

/** The figures of a server in its samples. */
function requestsIn(samples: readonly Sample[], at: number): ServedRequests {
  const sum = (name: string) =>
    samples.filter((sample) => sample.name === name).reduce((all, { value }) => all + value, 0);
  const routes = routesIn(samples);
  const counted = (rows: readonly RouteRequests[]) => rows.reduce((all, { count }) => all + count, 0);
  return {
    at,
    ready: sum('taurec_ready') > 0,
    requests: counted(routes),
    faults: counted(routes.filter(({ status }) => status >= 500)),
    lists: sum('taurec_lists_total'),
    waiting: sum('taurec_waiting_requests'),
    memory: sum('process_resident_memory_bytes'),
    processor: sum('process_cpu_seconds_total'),
    routes,
  };
}

/** The requests by route, method and status, most first. */
function routesIn(samples: readonly Sample[]): RouteRequests[] {
  const keyOf = ({ labels: { route, method, status } }: Sample) => JSON.stringify([route, method, status]);
  const by = (name: string) => samples.filter((sample) => sample.name === name);
  const seconds = new Map(by(`${HISTOGRAM}_sum`).map((sample) => [keyOf(sample), sample.value]));
  const bars = new Map<string, Sample[]>();
  for (const bar of by(`${HISTOGRAM}_bucket`)) bars.set(keyOf(bar), [...(bars.get(keyOf(bar)) ?? []), bar]);
  return by(`${HISTOGRAM}_count`)
    .map((sample) => {
      const { labels, value: count } = sample;
      const key = keyOf(sample);
      // Buckets are cumulative, shortest first.
      const end = (part: number) => {
        const bar = bars.get(key)?.find(({ value }) => value >= part * count);
        return 1000 * Number(bar?.labels.le?.replace('+Inf', 'Infinity'));
      };
      return {
        route: labels.route!,
        method: labels.method!,
        status: Number(labels.status),
        count,
        mean: (1000 * (seconds.get(key) ?? 0)) / count,
        p50: end(0.5),
        p99: end(0.99),
      };
    })
    .sort((a, b) => b.count - a.count);
}
