import type { Analytics, AnalyticsRow } from '../../../src/analytics/analytics.ts';
import type { Grouping } from '../../../src/analytics/options.ts';
import { TaurecError } from '../../../src/errors.ts';
import type { ModelVersion, Versions } from '../../../src/model/current-version.ts';
import type { Operations, ServedRequests } from '../../../src/studio/operations.ts';

const HOUR = 3600;
const start = Date.parse('2026-05-01T08:00:00Z') / 1000;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** A server of made-up answers, for what real ones cannot show on demand: a call named in `fail` fails. What it tells is no result of anything. */
export class FakeServer {
  readonly calls: [name: string, ...args: unknown[]][] = [];
  readonly fail: Set<string>;
  /** Whether the last token was right. */
  joined = false;
  readonly #token: string;
  #versions: Versions = {
    format: 'taurec-versions',
    current: 'v3',
    versions: [1, 2, 3].map(
      (n): ModelVersion => ({
        name: `v${n}`,
        published: iso(start + n * 24 * HOUR),
        users: 900 + n * 12,
        items: 1650 + n,
        interactions: 80_000 + n * 1200,
        metrics: { test: { protocol: 'clean', values: { 'ndcg@20': 0.33 + n / 200 } } },
        ...(n === 2 && { note: 'With a month of feedback' }),
      }),
    ),
    history: [1, 2, 3].map((n) => ({ version: `v${n}`, at: iso(start + n * 24 * HOUR), by: 'publish' as const })),
  };
  #asked = 0;
  #sequence = 40;

  constructor(token: string, fail: Set<string>) {
    this.#token = token;
    this.fail = fail;
  }

  operations(token: string | undefined): Operations {
    this.joined = token === this.#token;
    const call = async <T>(name: string, args: readonly unknown[], value: () => T): Promise<T> => {
      this.calls.push([name, ...args]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (this.#token && token === undefined) throw new TaurecError('no-token', { got: 'no token' });
      if (this.#token && token !== this.#token)
        throw new TaurecError('no-token', { got: 'a token that the server does not know' });
      if (this.fail.has(name)) throw new TaurecError('feedback-failed', { reason: 'the disk is full' });
      return value();
    };
    return {
      versions: () => call('versions', [], () => ({ model: this.#model(), versions: this.#versions })),
      requests: () => call('requests', [], () => this.#requests()),
      analytics: (options = {}) => call('analytics', [options], () => analyticsBy(options.by ?? 'day')),
      feedback: (after) =>
        call('feedback', [after], () => {
          const from = after ?? this.#sequence - 30;
          this.#sequence += after === undefined ? 0 : 1;
          const events = Array.from({ length: this.#sequence - from }, (_, i) => ({
            sequence: from + i + 1,
            user: `u${((from + i) * 7) % 90}`,
            item: `i${((from + i) * 11) % 40}`,
            time: start + (from + i) * 60,
            kind: ['impression', 'impression', 'click'][i % 3]!,
            ...(i % 3 < 2 && { position: (i % 10) + 1 }),
          }));
          return { events, last: this.#sequence };
        }),
      publish: (version) => call('publish', [version], () => this.#serve(version, 'publish')),
      rollback: () => call('rollback', [], () => this.#serve('v2', 'rollback')),
    };
  }

  #serve(current: string, by: 'publish' | 'rollback'): ModelVersion {
    const history = [...this.#versions.history, { version: current, at: iso(start + 100 * HOUR), by }];
    this.#versions = { ...this.#versions, current, history };
    return this.#versions.versions.find(({ name }) => name === current)!;
  }

  #model() {
    const { users, items, interactions } = this.#versions.versions.find(({ name }) => name === this.#versions.current)!;
    return {
      ...{
        users,
        items,
        interactions,
        dimension: 64,
        titles: true,
        attributes: [],
        backbone: 'mf',
        popularityPrior: 0,
        seed: 1,
      },
      ...{ score: 'cosine' as const, loss: 'bsl', epochs: 50, metrics: {}, version: this.#versions.current },
      ...{ versions: {}, revision: 1, openedAt: iso(start + 80 * HOUR) },
    };
  }

  #requests(): ServedRequests {
    const n = ++this.#asked;
    const route = (path: string, status: number, share: number, p50: number, p99: number) => ({
      ...{ route: path, method: 'GET', status, count: Math.round((2000 + n * 120) * share), mean: p50 * 0.7, p50, p99 },
    });
    return {
      ...{ at: start + n * 5, ready: true, requests: 2000 + n * 120, faults: 3, lists: 1800 + n * 110, waiting: 2 },
      ...{ memory: 412e6, processor: 30 + n * 1.4 },
      routes: [
        route('/v1/users/:user/recommendations', 200, 0.9, 5, 25),
        route('/v1/items/:item/similar', 200, 0.09, 2.5, 10),
        route('/v1/users/:user/recommendations', 404, 0.01, 1, Number.POSITIVE_INFINITY),
      ],
    };
  }
}

function analyticsBy(by: Grouping): Analytics {
  const names =
    by === 'day' ? Array.from({ length: 21 }, (_, i) => iso(start + i * 24 * HOUR).slice(0, 10)) : ['v1', 'v2', 'v3'];
  const row = (name: string, n: number, i: number): AnalyticsRow => {
    const rate = (base: number) => {
      const value = base * (1 + 0.2 * Math.sin(i));
      const half = 1.6 * Math.sqrt((value * (1 - value)) / n);
      return { count: Math.round(value * n), rate: value, low: value - half, high: value + half };
    };
    return {
      ...{ name, impressions: n, people: Math.round(n / 9), items: 600, coverage: 0.36, popular: 0.4, repeated: 0.12 },
      answered: { click: rate(0.06), purchase: rate(0.011) },
    };
  };
  const rows = names.map((name, i) => row(name, 3000 + 400 * Math.round(3 * Math.cos(i)), i));
  return {
    ...{ by, events: 71_000, people: 812, from: iso(start), to: iso(start + 21 * 24 * HOUR) },
    ...{ total: row('', 63_000, 0), rows, bounded: { impressions: 0, people: 0 } },
  };
}
