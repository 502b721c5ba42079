import { TaurecError } from '../../../src/errors.ts';
import type {
  Control,
  DataRequest,
  DataSummary,
  Found,
  Judgement,
  MapItem,
  Person,
  RunInfo,
  Served,
  Session,
  SessionAbout,
  SessionEvent,
  Source,
  TablePreview,
} from '../../../src/studio/session.ts';
import { fakeObjective, fakeSchema } from './fake-schema.ts';

/** [items] of the fake shop, most popular first. */
const items = Array.from({ length: 40 }, (_, i): MapItem & { genre: string } => ({
  id: `i${i + 1}`,
  title:
    `${['Quiet', 'Red', 'Distant', 'Paper', 'Second'][i % 5]} ${['Harbour', 'Winter', 'Signal', 'Orchard', 'Tide', 'Letter', 'Bridge', 'Lantern'][i >> 3]}`.concat(
      i % 2 ? '' : ' (1994)',
    ),
  popularity: Math.round(400 / (i + 1)),
  genre: ['drama', 'comedy', 'crime'][i % 3]!,
}));
const found = (from: number, to: number): Found[] =>
  items.slice(from, to).map(({ id, title, popularity }) => ({ id, title, interactions: popularity }));
const listed = (shift: number, k = 10) =>
  Array.from({ length: k }, (_, i) => items[(i * 7 + shift * 3) % items.length]!).map(({ id, title }, i) => ({
    id,
    title,
    score: 0.9 - i * 0.05,
  }));

/**
 * A session of made-up answers that come at once, for what real ones cannot show on demand: a call named in `fail` fails, one in `hold` goes on until it is cancelled, and an epoch takes `epochMs`.
 * What it tells is no result of anything.
 */
export class FakeSession implements Session {
  readonly fail = new Set<string>();
  readonly hold = new Set<string>();
  /** Every call with its arguments. */
  readonly calls: [name: string, ...args: unknown[]][] = [];
  epochMs = 20;
  kind: SessionAbout['kind'] = 'page';
  unlisted: string | undefined;
  schema: Readonly<Record<string, unknown>> = fakeSchema;
  #data: DataSummary | undefined;
  #sources: Source[] = [
    {
      id: 'sample:toy',
      name: 'Toy',
      kind: 'sample',
      about: 'Twelve items, eight people: small enough to check by hand.',
    },
    {
      id: 'sample:shop',
      name: 'Made-up shop',
      kind: 'sample',
      about: 'Views and purchases of 2,000 people, with a catalogue.',
      catalogue: 'sample:shop-items',
    },
  ];
  #runs: RunInfo[] = [];
  #events: SessionEvent[] = [];
  #listeners = new Set<(event: SessionEvent) => void>();
  #followed: string | undefined;
  /** Ids are never used again. */
  #started = 0;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  async #call<T>(name: string, args: unknown[], value: () => T, control?: Control): Promise<T> {
    this.calls.push([name, ...args]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.hold.has(name)) {
      control?.onProgress?.({ done: 30, total: 100 });
      await new Promise((_, reject) =>
        control?.signal?.addEventListener('abort', () => reject(new TaurecError('aborted'))),
      );
    }
    if (this.fail.has(name))
      throw new TaurecError('empty-data', { file: 'ratings.csv', reason: 'the file has a header and no rows' });
    return value();
  }

  about = () =>
    this.#call(
      'about',
      [],
      (): SessionAbout => ({
        kind: this.kind,
        version: '0.0.0',
        schema: this.schema,
        ...(this.kind === 'server' && { folder: '/home/me/films' }),
      }),
    );
  sources = () =>
    this.#call('sources', [], () => ({
      sources: [...this.#sources],
      ...(this.unlisted && { unlisted: this.unlisted }),
    }));
  add = (file: File, control?: Control) =>
    this.#call(
      'add',
      [file.name],
      () => {
        const source: Source = { id: `file:${file.name}`, name: file.name, kind: 'file', bytes: file.size };
        this.#sources = [...this.#sources.filter(({ id }) => id !== source.id), source];
        return source;
      },
      control,
    );
  preview = (source: string, options: Partial<DataRequest> = {}) =>
    this.#call('preview', [source, options], (): TablePreview => {
      const names = ['user_id', 'item_id', 'rating', 'timestamp'];
      const roles = ['user', 'item', 'rating', 'time'] as const;
      return {
        format: 'CSV, comma',
        columns: names.map((name, at) => {
          const moved = roles.find((role) => options[role] === name);
          const ignored = Object.hasOwn(options, roles[at]!) && options[roles[at]!] !== name;
          return moved ? { name, role: moved } : ignored ? { name } : { name, role: roles[at]! };
        }),
        rows: Array.from({ length: 6 }, (_, i) => [
          `u${i + 1}`,
          `i${i * 2 + 1}`,
          `${(i % 5) + 1}`,
          `${881_250_949 + i * 86_400}`,
        ]),
      };
    });
  measure = (request: DataRequest, control?: Control) =>
    this.#call('measure', [request], () => sizeOf(request), control);
  load = (request: DataRequest, control?: Control) =>
    this.#call('load', [request], () => (this.#data = summaryOf(request)), control);
  data = () => this.#call('data', [], () => this.#data);
  runs = () => this.#call('runs', [], () => [...this.#runs]);

  start: Session['start'] = (config, options = {}) =>
    this.#call('start', [config, options], () => {
      const id = `r${++this.#started}`;
      const info: RunInfo = {
        id,
        name: options.name ?? `Run ${this.#started}`,
        state: 'running',
        config,
        phase: 'search',
        epoch: 0,
        epochs: config.epochs ?? 20,
        history: [],
        opened: 0,
        ...(options.loss !== undefined && { typed: true }),
        ...(this.#data && { request: this.#data.request }),
        users: 943,
        items: items.length,
      };
      this.#runs.push(info);
      this.#send(id, { type: 'run', info });
      this.#next(id);
      return info;
    });
  control: Session['control'] = (run, act) =>
    this.#call('control', [run, act], () => {
      clearTimeout(this.#timers.get(run));
      if (act === 'step') this.#epoch(run);
      const state = act === 'resume' ? 'running' : act === 'cancel' ? 'cancelled' : 'paused';
      const info = this.#change(run, { state: this.#run(run).state === 'done' ? 'done' : state });
      if (act === 'resume') this.#next(run);
      return info;
    });
  discard = (run: string) =>
    this.#call('discard', [run], () => {
      clearTimeout(this.#timers.get(run));
      this.#runs = this.#runs.filter(({ id }) => id !== run);
    });
  sweep: Session['sweep'] = (request) =>
    this.#call('sweep', [request], () => {
      const sweep = `s${this.#runs.length + 1}`;
      let points: Record<string, unknown>[] = [{}];
      for (const { path, values } of request.axes)
        points = points.flatMap((point) => values.map((value) => ({ ...point, [path]: value })));
      return points.map((point, at) => {
        const id = `${sweep}-${at}`;
        const name = Object.entries(point)
          .map((entry) => entry.join(' '))
          .join(', ');
        const info: RunInfo = {
          id,
          name,
          state: 'waiting',
          config: { ...request.config, ...point },
          epoch: 0,
          epochs: 20,
          history: [],
          opened: 0,
          sweep,
          ...(this.#data && { request: this.#data.request }),
        };
        this.#runs.push(info);
        this.#send(id, { type: 'run', info });
        this.#timers.set(
          id,
          setTimeout(
            () => {
              const wave = Math.sin(at * 1.7) / 50;
              this.#change(id, {
                state: 'done',
                epoch: 20,
                seconds: 0.4,
                valid: { 'ndcg@20': 0.32 + wave, 'recall@20': 0.36 + wave },
              });
            },
            this.epochMs * (at + 1),
          ),
        );
        return info;
      });
    });
  watch: Session['watch'] = (listener, after = this.#events.length) => {
    for (const event of this.#events.slice(after)) queueMicrotask(() => listener(event));
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  follow: Session['follow'] = (user) =>
    this.#call('follow', [user], () => {
      this.#followed = user === undefined ? undefined : String(user);
      const run = this.#runs.at(-1);
      if (run && this.#followed !== undefined) this.#sendList(run.id, run.epoch);
    });
  mapItems: Session['mapItems'] = (attribute) =>
    this.#call('mapItems', [attribute], () =>
      items.map(({ genre, ...item }) => (attribute ? { ...item, value: genre } : item)),
    );
  checkLoss: Session['checkLoss'] = (text) =>
    this.#call('checkLoss', [text], () => {
      const passed = !text.includes('wrong');
      const problems = passed ? [] : ['∂value/∂s_j of negative 2: got 0.5, differences give 0.25'];
      return { name: 'typed', gradientError: passed ? 3e-9 : 0.5, passed, problems };
    });

  find: Session['find'] = (run, what, text, k = 10) =>
    this.#call('find', [run, what, text, k], () => {
      const all =
        what === 'item'
          ? found(0, 40)
          : Array.from({ length: 30 }, (_, i) => ({ id: `u${i + 1}`, interactions: 90 - i }));
      const wanted = text.toLowerCase();
      return all.filter((one: Found) => `${one.id} ${one.title ?? ''}`.toLowerCase().includes(wanted)).slice(0, k);
    });
  person: Session['person'] = (run, user) =>
    this.#call('person', [run, user], (): Person => {
      if (!/^u\d+$/.test(String(user))) throw new TaurecError('unknown-id', { kind: 'user', id: user });
      return {
        user: String(user),
        items: found(0, 6).map((item, at) => ({ ...item, part: at < 5 ? 'train' : 'valid' })),
      };
    });
  recommend: Session['recommend'] = (run, who, options = {}) =>
    this.#call('recommend', [run, who, options], () => {
      const shift = 'user' in who ? String(who.user).length : who.items.length;
      // Discovery puts rare items before the others, a little at a time.
      const rare = (id: string) => (options.discover ?? 0) * 0.1 * Number(id.slice(1));
      const ranked = listed(shift, 14).sort((a, b) => b.score + rare(b.id) - a.score - rare(a.id));
      const kept = options.where ? ranked.filter((_, at) => at % 3 === 0) : ranked;
      return kept.slice(0, options.k ?? 10).map((item) => ({ ...item, because: because() }));
    });
  explain: Session['explain'] = (run, who, item, options = {}) =>
    this.#call('explain', [run, who, item, options], () => {
      const of = items.length - 6;
      const place = listed(1, options.k).findIndex(({ id }) => id === item) + 1;
      const basis = 'user' in who ? 'user' : 'items';
      const found = {
        item: String(item),
        basis: basis as never,
        of,
        rank: place || 17,
        score: 0.41,
        because: because(),
      };
      return place ? { ...found, place } : { ...found, absent: [{ cause: 'beyond-k' as const }] };
    });
  similar: Session['similar'] = (run, item, options) => this.#call('similar', [run, item, options], () => listed(4, 8));
  attributes: Session['attributes'] = (run) =>
    this.#call('attributes', [run], () => [
      { name: 'genre', type: 'text', values: ['drama', 'comedy', 'crime'] },
      { name: 'price', type: 'number', from: 1, to: 90 },
    ]);
  judge: Session['judge'] = (run, part, control) =>
    this.#call(
      'judge',
      [run, part],
      () => {
        if (part === 'test') this.#change(run, { opened: this.#run(run).opened + 1 });
        return judgementOf(
          part,
          this.#runs.reduce((sum, { opened }) => sum + opened, 0),
        );
      },
      control,
    );
  compare: Session['compare'] = (a, b, part, control) =>
    this.#call(
      'compare',
      [a, b, part],
      () => ({
        users: 900,
        onlyA: 0,
        onlyB: 0,
        metrics: [
          {
            metric: 'ndcg@20',
            a: 0.31,
            b: 0.34,
            difference: 0.03,
            low: 0.01,
            high: 0.05,
            p: 0.002,
            tTest: { t: 3.1, p: 0.002 } as never,
          },
        ],
      }),
      control,
    );
  archive: Session['archive'] = (run) =>
    this.#call('archive', [run], () => new Blob(['zip'], { type: 'application/zip' }));
  open: Session['open'] = (archive, name) =>
    this.#call('open', [archive.size, name], () => {
      const info: RunInfo = {
        id: `m${this.#runs.length}`,
        name,
        state: 'done',
        config: {},
        epoch: 0,
        epochs: 0,
        history: [],
        opened: 0,
      };
      this.#runs.push(info);
      return info;
    });
  close = async () => {};

  #run(id: string): RunInfo {
    const run = this.#runs.find((one) => one.id === id);
    if (!run) throw new TaurecError('unknown-id', { kind: 'run', id });
    return run;
  }

  #change(id: string, change: Partial<RunInfo>): RunInfo {
    const info = { ...this.#run(id), ...change };
    this.#runs = this.#runs.map((run) => (run.id === id ? info : run));
    this.#send(id, { type: 'run', info });
    return info;
  }

  #send(run: string, event: Record<string, unknown>): void {
    const whole = { number: this.#events.length + 1, run, ...event } as SessionEvent;
    this.#events.push(whole);
    for (const listener of this.#listeners) listener(whole);
  }

  #next(id: string): void {
    this.#timers.set(
      id,
      setTimeout(() => {
        this.#epoch(id);
        if (this.#run(id).state === 'running') this.#next(id);
      }, this.epochMs),
    );
  }

  #epoch(id: string): void {
    const { epoch: before, epochs, history } = this.#run(id);
    if (before >= epochs) return;
    const epoch = before + 1;
    const part = epoch / epochs;
    const validated = epoch % 2 === 0 || epoch === epochs;
    const record = {
      epoch,
      step: epoch * 4,
      loss: 7.6 * Math.exp(-2 * part) + 1,
      learningRate: 0.02 * (1 - part),
      progress: part,
      seconds: epoch / 50,
      ...(validated && {
        valid: { 'ndcg@20': 0.34 * (1 - Math.exp(-4 * part)), 'recall@20': 0.4 * (1 - Math.exp(-3 * part)) },
      }),
    };
    if (this.fail.has('epoch') && epoch === 3) {
      const { code, message, facts } = new TaurecError('diverged', {
        epoch,
        step: 12,
        what: 'the loss',
        value: 'NaN',
        loss: 'sl',
        learningRate: 9,
        temperatures: {},
      });
      this.#change(id, { state: 'failed', failure: { code, message, facts } });
      return;
    }
    this.#send(id, { type: 'train', event: { type: 'epoch', phase: 'search', ...record } });
    const angle = (i: number) => i * 2.4 + (1 - part) * Math.sin(i);
    const xy = (wave: (x: number) => number) =>
      items.map((_, i) => Math.round(wave(angle(i)) * (100 + 850 * part * ((i % 9) / 9 + 0.1))));
    this.#send(id, { type: 'map', epoch, x: xy(Math.cos), y: xy(Math.sin) });
    if (this.#followed !== undefined) this.#sendList(id, epoch);
    const done = epoch === epochs;
    this.#change(id, {
      epoch,
      history: [...history, record],
      ...(done && { state: 'done', seconds: epochs / 50, valid: record.valid }),
    });
  }

  #sendList(run: string, epoch: number): void {
    this.#send(run, { type: 'list', epoch, user: this.#followed, items: listed(Math.floor(Math.log2(epoch + 1)), 10) });
  }
}

function because() {
  return {
    items: found(2, 5).map(({ id, title }, i) => ({
      id,
      title,
      part: 0.2 - i * 0.05,
      neighbor: 0.1 - i * 0.03,
      embedding: 0.1 - i * 0.02,
    })),
    others: 0.04,
    embedding: 0,
    bias: 0.01,
  };
}

function sizeOf({ minRating = 0, kCore = 0 }: DataRequest) {
  const core = typeof kCore === 'number' ? kCore : kCore.users;
  const interactions = Math.max(0, 100_000 - minRating * 9000 - core * 500);
  return { users: 943 - core * 3, items: 1682 - core * 30, interactions };
}

function summaryOf(request: DataRequest): DataSummary {
  const size = sizeOf(request);
  const degrees = { min: 1, p25: 6, median: 27, mean: 59, p75: 80, p90: 169, p99: 379, max: 583 };
  const test = request.split ? Math.round(size.interactions * (request.testRatio ?? 0.2)) : undefined;
  return {
    request,
    info: {
      source: 'ratings.csv',
      sha256: '',
      ...size,
      density: size.interactions / (size.users * size.items),
      userDegrees: { ...degrees, min: 20, max: 737 },
      itemDegrees: degrees,
      popularityGini: 0.63,
      rows: 100_000,
      duplicates: 12,
      skipped: 0,
      belowMinRating: 100_000 - size.interactions,
      times: { from: 874_724_710, to: 893_286_638 },
    },
    parts: { train: size.interactions - (test ?? 0), valid: 8000, ...(test && { test }) },
    // The toy has too few people to choose a prior by.
    objective: request.train === 'sample:toy' ? {} : fakeObjective,
    notes: ['12 rows repeat a pair of user and item and were merged.'],
    longTail: Array.from({ length: 200 }, (_, i) => ({ rank: i * 8 + 1, interactions: Math.round(583 / (1 + i / 6)) })),
    activity: {
      edges: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
      counts: [0, 0, 0, 0, 60, 310, 240, 180, 120, 33],
    },
    times: {
      edges: Array.from({ length: 31 }, (_, i) => 874_724_710 + i * 618_731),
      counts: Array.from({ length: 30 }, (_, i) => 2000 + Math.round(1500 * Math.sin(i / 4))),
    },
    attributes: ['genre', 'year'],
    hasTitles: true,
  };
}

function judgementOf(part: 'valid' | 'test', opened: number): Judgement {
  const evaluation = (ndcg: number, rare: number) =>
    ({
      protocol: 'clean',
      ks: [20],
      users: 900,
      ranked: 900,
      metrics: {
        'ndcg@20': ndcg,
        'recall@20': ndcg * 1.2,
        'hitrate@20': Math.min(1, ndcg * 2.1),
        'coverage@20': rare * 4,
        'novelty@20': 3 + rare * 10,
      },
      groups: {
        by: 'interactions',
        items: [400, 210, 130, 90, 60, 40, 28, 19, 12, 6],
        interactions: Array.from({ length: 10 }, () => 1000),
        contributions: {
          'ndcg@20': Array.from({ length: 10 }, (_, g) => (ndcg * (rare + (g / 9) ** 2)) / (10 * rare + 3.5)),
        },
        spread: {},
      },
    }) as never;
  const against = ['popular', 'item-knn', 'random'] as const;
  return {
    part,
    k: 20,
    model: evaluation(0.34123456789, 0.2),
    baselines: { popular: evaluation(0.25, 0.01), 'item-knn': evaluation(0.31, 0.15), random: evaluation(0.02, 1) },
    gains: against.flatMap((name, i) =>
      ['ndcg@20', 'recall@20', 'hitrate@20'].map((metric, m) => ({
        against: name,
        metric,
        ratio: [0.31, 0.1, 16][i]! * (1 - m / 5),
        low: [0.27, -0.01, 14][i]! * (1 - m / 5),
        high: [0.35, 0.21, 18][i]! * (1 - m / 5),
      })),
    ),
    worst: Array.from(
      { length: 20 },
      (_, i): Served => ({
        user: `u${i + 1}`,
        ndcg: i / 1000,
        interactions: 12,
        wanted: found(8, 11),
        list: listed(i, 5),
      }),
    ),
    opened,
  };
}
