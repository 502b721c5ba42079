import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TaurecError } from '../../src/errors.ts';
import type { DataRequest, RunInfo, RunState, Session, SessionEvent } from '../../src/studio/session.ts';

/** A session under test, and how to end what it runs on. */
export interface SessionCase {
  readonly session: Session;
  end(): Promise<void>;
}

/** What a session must answer the same wherever it runs: times and pictures left out. */
export interface SessionRecord {
  readonly summary: unknown;
  readonly events: readonly unknown[];
  readonly run: unknown;
  readonly lists: unknown;
  readonly judgement: unknown;
}

export const toyRequest: DataRequest = {
  train: 'sample:toy',
  catalogue: 'sample:toy:items',
  split: 'random',
  validRatio: 0.1,
};
const config = { loss: 'sl', dimension: 8, epochs: 6, validation: { every: 2 }, build: 'simd' } as const;
/** Far longer than any test waits. */
const endless = { ...config, epochs: 1_000_000, validation: { every: 1_000_000 }, neighbors: 'off' } as const;

/** What ends at a run's state. @throws for another end than the wanted one */
export function stateOf(session: Session, run: string, wanted: RunState, after = 0): Promise<RunInfo> {
  return new Promise((resolve, reject) => {
    const stop = session.watch((event) => {
      if (event.type !== 'run' || event.run !== run) return;
      const { info } = event;
      if (info.state !== wanted && !['failed', 'done', 'cancelled'].includes(info.state)) return;
      // A listener may be called before `watch` returns.
      setTimeout(() => stop());
      if (info.state === wanted) resolve(info);
      else reject(new Error(`${run} is ${info.state}: ${info.failure?.message}`));
    }, after);
  });
}

/** The files of a run's model but config.json, which has times. */
async function filesOf(session: Session, run: string): Promise<Record<string, Uint8Array>> {
  const { 'config.json': _, ...files } = unzipSync(new Uint8Array(await (await session.archive(run)).arrayBuffer()));
  return files;
}

/**
 * A run whose session ends in mid-run is there again in the next one, as interrupted, and its model is that of a run without interruption, bit for bit.
 * @param interrupt ends the session, and makes the next one over the same store
 * @param keeps whether the session keeps checkpoints: the run then goes on from the last one, otherwise from the beginning
 */
export async function expectResumed(
  session: Session,
  interrupt: () => Promise<Session>,
  keeps: boolean,
): Promise<void> {
  const epochs = 800;
  const long = { ...config, epochs, validation: { every: 200 }, checkpointEvery: 5 };
  await session.load(toyRequest);
  const { id } = await session.start(long, { name: 'interrupted' });
  await stateOf(session, id, 'running', 0);
  let before = await session.control(id, 'pause');
  expect(before.state).toBe('paused');
  // Epoch by epoch from here: a fast machine would be done before it is asked.
  const stateNow = async () => {
    before = (await session.runs()).find((run) => run.id === id)!;
    return before.state;
  };
  while (before.epoch <= 10) {
    await session.control(id, 'step');
    await expect.poll(stateNow, { timeout: 30_000, interval: 5 }).toBe('paused');
  }
  const next = await interrupt();
  const found = (await next.runs()).find((run) => run.id === id)!;
  expect(found).toMatchObject({ state: 'interrupted', name: 'interrupted', config: long, epochs });
  expect(found.epoch).toBe(keeps ? before.epoch - (before.epoch % 5) : 0);
  expect(found.history).toEqual(before.history.slice(0, found.epoch));
  await next.control(id, 'resume');
  expect(await next.data()).toMatchObject({ request: toyRequest });
  const resumed = await stateOf(next, id, 'done', 0);
  expect(resumed.history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: epochs }, (_, n) => n + 1));
  const whole = await next.start(long, { name: 'whole' });
  await stateOf(next, whole.id, 'done');
  const [own, other] = [await filesOf(next, id), await filesOf(next, whole.id)];
  expect(Object.keys(own)).toEqual(Object.keys(other));
  for (const [name, bytes] of Object.entries(own)) expect(Buffer.compare(bytes, other[name]!), name).toBe(0);
  const info = async (run: string) => (await next.runs()).find((one) => one.id === run)!;
  const losses = async (run: string) => (await info(run)).history.map(({ loss }) => loss);
  expect(await losses(id)).toEqual(await losses(whole.id));
}

/** Loads the toy, trains, asks, judges, and writes down what does not depend on time or place. */
export async function recordOf(session: Session): Promise<SessionRecord> {
  const { info, ...summary } = await session.load(toyRequest);
  const events: SessionEvent[] = [];
  const stop = session.watch((event) => events.push(event));
  const { id } = await session.start(config, { name: 'recorded' });
  const run = await stateOf(session, id, 'done');
  const lists = await Promise.all([
    session.recommend(id, { user: 'Ada' }, { k: 5 }),
    session.recommend(id, { items: ['Brie', 'Rye'] }, { k: 5, diversity: 0.3 }),
    session.recommend(id, { user: 'Ada' }, { k: 5, prior: -0.2, where: { shelf: 'fruit' } }),
    session.similar(id, 'Brie', { k: 3 }),
    session.explain(id, { user: 'Ada' }, 'Apple'),
    session.find(id, 'item', 'e'),
    session.person(id, 'Ada'),
    session.attributes(id),
  ]);
  const { opened, ...judgement } = await session.judge(id, 'test');
  stop();
  const steady = events.filter(
    ({ type, ...event }) =>
      type !== 'map' && type !== 'list' && !('event' in event && (event.event as { type: string }).type === 'progress'),
  );
  return JSON.parse(
    JSON.stringify(
      { summary: { ...summary, info: { ...info, source: '' } }, events: steady, run, lists, judgement },
      plain,
    ),
  );
}

/** Leaves out what differs between two equal runs: times, numbers and ids. */
function plain(this: unknown, key: string, value: unknown): unknown {
  return ['seconds', 'number', 'run', 'id', 'threads', 'opened'].includes(key) && !/^[A-Z]/.test(String(value))
    ? undefined
    : value;
}

/**
 * What every session does, wherever it runs.
 * @param make makes a session without runs
 * @param expected the record of a session that is known to be right; absent: only that two runs give the same
 */
export function describeSession(
  name: string,
  make: () => Promise<SessionCase>,
  expected?: () => Promise<SessionRecord>,
): void {
  describe(name, () => {
    let own: SessionCase;
    let session: Session;
    beforeAll(async () => {
      own = await make();
      session = own.session;
    });
    afterAll(() => own.end());

    const failure = async (promise: Promise<unknown>) => {
      const error = (await promise.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )) as TaurecError | undefined;
      return { name: error?.name, code: error?.code };
    };

    let kept: Promise<string> | undefined;
    /** A run that is done, over the toy, which is in use. */
    const trained = async () => {
      await session.load(toyRequest);
      kept ??= session.start(config, { name: 'kept' }).then(async ({ id }) => {
        await stateOf(session, id, 'done');
        return id;
      });
      return kept;
    };

    test('says what it is, and which options a configuration has', async () => {
      const { kind, schema, version } = await session.about();
      expect(['page', 'server']).toContain(kind);
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      expect(schema).toMatchObject({ properties: { epochs: { default: 100, 'x-taurec': { flag: '--epochs' } } } });
    });

    test('needs data before it trains', async () => {
      expect(await failure(session.start(config))).toEqual({ name: 'TaurecError', code: 'no-data-loaded' });
      expect(await session.data()).toBeUndefined();
    });

    test('takes a file, shows its first rows, and measures it', async () => {
      const text = 'user;item;stars\nu1;i1;5\nu1;i2;4\nu2;i1;1\nu3;i3;2\n';
      const source = await session.add(new File([text], 'ratings.csv'));
      expect(source).toMatchObject({ name: expect.stringContaining('ratings'), kind: 'file', bytes: text.length });
      expect((await session.sources()).sources).toContainEqual(source);
      const preview = await session.preview(source.id);
      expect(preview).toEqual({
        format: 'CSV, semicolon',
        columns: [
          { name: 'user', role: 'user' },
          { name: 'item', role: 'item' },
          { name: 'stars', role: 'rating' },
        ],
        rows: [
          ['u1', 'i1', '5'],
          ['u1', 'i2', '4'],
          ['u2', 'i1', '1'],
          ['u3', 'i3', '2'],
        ],
      });
      expect(await session.measure({ train: source.id })).toEqual({ users: 3, items: 3, interactions: 4 });
      expect(await session.measure({ train: source.id, minRating: 2 })).toEqual({
        users: 2,
        items: 3,
        interactions: 3,
      });
      // The request was only measured.
      expect(await session.data()).toBeUndefined();
    });

    test('refuses what does not exist by the errors of the library', async () => {
      expect(await failure(session.measure({ train: 'file:nothing' }))).toEqual({
        name: 'TaurecError',
        code: 'unknown-name',
      });
      expect(await failure(session.load({ ...toyRequest, user: 'nobody' }))).toEqual({
        name: 'TaurecError',
        code: 'missing-column',
      });
      expect(await failure(session.load({ ...toyRequest, kCore: 50 }))).toEqual({
        name: 'TaurecError',
        code: 'empty-data',
      });
      expect(await failure(session.control('run-0', 'pause'))).toEqual({ name: 'TaurecError', code: 'unknown-name' });
      await session.load(toyRequest);
      expect(await failure(session.start({ epochs: 0 }))).toEqual({ name: 'TaurecError', code: 'bad-option' });
      expect(await failure(session.start({ loss: { module: './loss.js' } }))).toEqual({
        name: 'TaurecError',
        code: 'bad-option',
      });
      expect(await failure(session.mapItems('colour'))).toEqual({ name: 'TaurecError', code: 'unknown-name' });
    });

    test('the same configuration and seed give the same events but for times, and the same lists', async () => {
      const first = await recordOf(session);
      expect(first.events.length).toBeGreaterThan(10);
      expect(await recordOf(session)).toEqual(first);
      if (expected) expect(first).toEqual(await expected());
    });

    test('numbers its events without gaps, and repeats those after a number that are not replaced', async () => {
      await session.load(toyRequest);
      const live: SessionEvent[] = [];
      const stop = session.watch((event) => live.push(event));
      await session.follow('Ada');
      const { id } = await session.start(config);
      await stateOf(session, id, 'done');
      stop();
      const own = live.filter(({ run }) => run === id);
      for (const [at, event] of own.entries()) expect(event.number).toBe(own[0]!.number + at);
      expect(own.some(({ type }) => type === 'map') && own.some(({ type }) => type === 'list')).toBe(true);
      const middle = own[Math.floor(own.length / 2)]!.number;
      const again: SessionEvent[] = [];
      await new Promise<void>((resolve) => {
        const end = session.watch((event) => {
          if (event.run === id) again.push(event);
          if (event.run !== id || event.number !== own.at(-1)!.number) return;
          // A listener may be called before `watch` returns.
          setTimeout(() => {
            end();
            resolve();
          });
        }, middle);
      });
      const late = own.filter(({ number }) => number > middle);
      const last = (type: string) => late.findLast((event) => event.type === type);
      const replaced = (event: SessionEvent) => event.type !== 'train' && event !== last(event.type);
      expect(again.filter(({ type }) => type !== 'train')).toEqual(
        late.filter((event) => event.type !== 'train' && !replaced(event)),
      );
      const epochs = (events: readonly SessionEvent[]) =>
        events.filter((event) => event.type === 'train' && event.event.type !== 'progress');
      expect(epochs(again)).toEqual(epochs(late));
      await session.follow(undefined);
    });

    test('a map has a place for each item, and follows the most popular ones first', async () => {
      const id = await trained();
      const items = await session.mapItems('shelf');
      expect(items).toHaveLength(12);
      expect(items.map(({ popularity }) => popularity)).toEqual(
        items.map(({ popularity }) => popularity).sort((a, b) => b - a),
      );
      expect(new Set(items.map(({ value }) => value))).toEqual(new Set(['cheese', 'fruit', 'bread']));
      const maps: Extract<SessionEvent, { type: 'map' }>[] = [];
      const stop = session.watch((event) => event.type === 'map' && event.run === id && maps.push(event), 0);
      await expect.poll(() => maps.length, { timeout: 30_000 }).toBeGreaterThan(0);
      stop();
      for (const { x, y } of maps) expect([x.length, y.length]).toEqual([12, 12]);
    });

    test('pauses a run, lets it go by one epoch, resumes and cancels it; others wait', async () => {
      await session.load(toyRequest);
      const { id } = await session.start(endless, { name: 'endless' });
      await stateOf(session, id, 'running');
      const next = await session.start(config, { name: 'next' });
      expect(next.state).toBe('waiting');
      const paused = await session.control(id, 'pause');
      expect(paused.state).toBe('paused');
      expect(await failure(session.control(id, 'pause'))).toEqual({ name: 'TaurecError', code: 'bad-option' });
      const infoOf = async () => (await session.runs()).find((run) => run.id === id)!;
      const before = (await infoOf()).epoch;
      await session.control(id, 'step');
      await expect.poll(async () => (await infoOf()).state, { timeout: 30_000 }).toBe('paused');
      expect((await infoOf()).epoch).toBe(before + 1);
      expect((await infoOf()).history).toHaveLength(before + 1);
      expect((await session.control(id, 'resume')).state).toBe('running');
      await expect.poll(async () => (await infoOf()).epoch, { timeout: 30_000 }).toBeGreaterThan(before + 2);
      expect((await session.control(id, 'cancel')).state).toBe('cancelled');
      expect(await failure(session.recommend(id, { user: 'Ada' }))).toEqual({
        name: 'TaurecError',
        code: 'bad-option',
      });
      expect((await stateOf(session, next.id, 'done')).name).toBe('next');
    });

    test('a run that trains answers who is there from its data, as its model does later', async () => {
      await session.load(toyRequest);
      const { id } = await session.start(endless);
      await stateOf(session, id, 'running');
      const ask = (run: string) =>
        Promise.all([session.find(run, 'user', ''), session.find(run, 'item', 'e'), session.person(run, 'Ada')]);
      const early = await ask(id);
      expect(await failure(session.person(id, 'nobody'))).toEqual({ name: 'TaurecError', code: 'unknown-id' });
      await session.control(id, 'cancel');
      await session.discard(id);
      expect(early).toEqual(await ask(await trained()));
    });

    test('a live list marks what was held out and found, and has nothing of training', async () => {
      await session.load(toyRequest);
      const people = await session.find(await trained(), 'user', '');
      let held = 0;
      for (const { id: user } of people.slice(0, 2)) {
        await session.follow(user);
        const { id } = await session.start(config);
        const lists: Extract<SessionEvent, { type: 'list' }>[] = [];
        const stop = session.watch((event) => event.type === 'list' && event.run === id && lists.push(event), 0);
        await stateOf(session, id, 'done', 0);
        await expect.poll(() => lists.length, { timeout: 30_000 }).toBeGreaterThan(0);
        stop();
        const { items } = await session.person(id, user);
        const partOf = new Map(items.map((item) => [item.id, item.part]));
        for (const list of lists)
          for (const item of list.items) {
            expect(partOf.get(item.id)).not.toBe('train');
            expect(item.held).toBe(partOf.get(item.id) === 'valid' ? true : undefined);
            if (item.held) held++;
          }
      }
      // Lists of 20 have all items of the toy.
      expect(held).toBeGreaterThan(0);
      await session.follow(undefined);
    });

    test('a run that diverges fails with the words of the error', async () => {
      await session.load(toyRequest);
      const { id } = await session.start({
        ...config,
        learningRate: 1e30,
        score: 'dot',
        optimizer: { name: 'sgd' },
        epochs: 50,
      });
      await expect
        .poll(async () => (await session.runs()).find((run) => run.id === id)!.state, { timeout: 30_000 })
        .toBe('failed');
      const { failure: told } = (await session.runs()).find((run) => run.id === id)!;
      expect(told).toMatchObject({ code: 'diverged', message: expect.stringContaining('Try a smaller learning rate') });
      await session.discard(id);
      expect((await session.runs()).map((run) => run.id)).not.toContain(id);
    });

    test('runs a grid, and compares two runs between the same people', async () => {
      await session.load(toyRequest);
      const runs = await session.sweep({
        config: { ...config, epochs: 2 },
        axes: [
          { path: 'loss.options.tau', values: [0.1, 0.5] },
          { path: 'dimension', values: [4, 6] },
        ],
      });
      expect(runs.map(({ name }) => name)).toEqual([
        'loss.tau 0.1, dimension 4',
        'loss.tau 0.1, dimension 6',
        'loss.tau 0.5, dimension 4',
        'loss.tau 0.5, dimension 6',
      ]);
      expect(new Set(runs.map(({ sweep }) => sweep)).size).toBe(1);
      for (const { id } of runs) await stateOf(session, id, 'done');
      const [a, b] = [runs[0]!.id, runs[3]!.id];
      const { metrics, users } = await session.compare(a, b, 'valid');
      expect(users).toBeGreaterThan(1);
      const judged = { a: await session.judge(a, 'valid'), b: await session.judge(b, 'valid') };
      for (const { metric, a: ofA, b: ofB } of metrics) {
        expect(ofA).toBeCloseTo(judged.a.model.metrics[metric]!, 12);
        expect(ofB).toBeCloseTo(judged.b.model.metrics[metric]!, 12);
      }
    });

    test('counts each opening of the test part, for the run and for the data', async () => {
      const id = await trained();
      const before = (await session.judge(id, 'valid')).opened;
      const runBefore = (await session.runs()).find((run) => run.id === id)!.opened;
      expect((await session.judge(id, 'test')).opened).toBe(before + 1);
      expect((await session.judge(id, 'test')).opened).toBe(before + 2);
      expect((await session.runs()).find((run) => run.id === id)!.opened).toBe(runBefore + 2);
    });

    test('a model goes out as an archive, and comes back with the same lists', async () => {
      const id = await trained();
      const archive = await session.archive(id);
      const back = await session.open(archive, 'came back');
      expect(back).toMatchObject({ state: 'done', name: 'came back' });
      expect(await session.recommend(back.id, { user: 'Ada' })).toEqual(await session.recommend(id, { user: 'Ada' }));
      expect((await session.judge(back.id, 'valid')).model).toEqual((await session.judge(id, 'valid')).model);
      expect(await failure(session.open(new Blob(['no zip']), 'wrong'))).toEqual({
        name: 'TaurecError',
        code: 'no-model',
      });
    });

    test('data other than those of a model do not judge it, and the error says which do', async () => {
      const back = await session.open(await session.archive(await trained()), 'of the toy');
      await session.load({ ...toyRequest, seed: 7 });
      const same = await session.judge(back.id, 'valid').catch((error) => error);
      const { objective } = await session.load({ train: 'sample:shop', split: 'random' });
      expect(objective).toEqual({});
      const error = await session.judge(back.id, 'valid').catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'other-training-data', message: expect.stringContaining('under Data') });
      expect(same.code).not.toBe('other-training-data');
      await session.load(toyRequest);
    });

    test('data with a validation part of enough people tell the objective that training takes of itself', async () => {
      const { objective } = await session.load({ train: 'sample:shop', validRatio: 0.1 });
      expect(objective).toMatchObject({
        loss: { name: 'bsl' },
        batch: { pool: 'popularity' },
        popularityPrior: 'auto',
      });
      expect((await session.data())!.objective).toEqual(objective);
      // The toy has too few people.
      expect((await session.load(toyRequest)).objective).toEqual({});
    });

    test('a long call can be stopped', async () => {
      const control = { signal: AbortSignal.abort() };
      expect(await failure(session.load(toyRequest, control))).toEqual({ name: 'TaurecError', code: 'aborted' });
      const id = await trained();
      expect(await failure(session.judge(id, 'valid', control))).toEqual({ name: 'TaurecError', code: 'aborted' });
    });
  });
}
