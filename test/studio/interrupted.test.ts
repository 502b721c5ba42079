import { expect, test } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import type { RunInfo } from '../../src/studio/session.ts';
import type { BegunRun, RunStore } from '../../src/studio/workbench/host.ts';
import { memoryStore } from '../../src/studio/workbench/memory-store.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { stateOf, toyRequest } from './session-contract.ts';

const config = { loss: 'sl', dimension: 4, epochs: 3, validation: { every: 3 }, build: 'simd' } as const;
const log = (rows: number) =>
  new File(
    [`user,item\n${Array.from({ length: rows }, (_, n) => `u${n % 9},i${(n * 7) % 11}\n`).join('')}`],
    'log.csv',
  );
const request = { split: 'random', validRatio: 0.2 } as const;

/** A store over runs that an earlier session has begun, and what is begun in it. */
function storeWith(left: readonly BegunRun[] = []) {
  const begun = new Map(left.map((run) => [run.info.id, run]));
  const store: RunStore = {
    ...memoryStore(),
    runs: async () => ({ infos: [], begun: [...begun.values()], problems: [], elsewhere: [] }),
    async begin(run) {
      begun.set(run.info.id, run);
    },
    async remove(run) {
      begun.delete(run);
    },
  };
  return { store, begun };
}

/** A session in which a run on a file of the page was interrupted, and the id of the run. */
async function interrupted(change: (run: BegunRun) => BegunRun = (run) => run) {
  const { store, begun } = storeWith();
  const first = new Workbench(nodeHost({ store }));
  await first.load({ train: (await first.add(log(60))).id, ...request });
  const { id } = await first.start({ ...config, epochs: 1_000_000, validation: { every: 1_000_000 } });
  await stateOf(first, id, 'running', 0);
  await first.close();
  expect((await first.runs())[0]).toMatchObject({ id, state: 'interrupted' });
  const [left] = begun.values();
  const next = storeWith([change({ ...left!, info: { ...left!.info, config, epochs: 3 } })]);
  return { id, session: new Workbench(nodeHost({ store: next.store })), begun: next.begun };
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    ({ code, message }) => `${code}: ${message}`,
  );

test('a run whose file went with the page says which file, and how to load it; it then resumes on it', async () => {
  const { session, id } = await interrupted();
  expect(await failureOf(session.control(id, 'resume'))).toMatch(
    /^run-data: .*log\.csv.* are not here any more\. .*Data.*split random.*validRatio 0\.2/,
  );
  await session.load({ train: (await session.add(log(50))).id, ...request });
  // Another file has the place of the first one.
  expect(await failureOf(session.control(id, 'resume'))).toMatch(/^run-data: .*have changed since it began/);
  await session.load({ train: (await session.add(log(60))).id, ...request, validRatio: 0.1 });
  expect(await failureOf(session.control(id, 'resume'))).toMatch(/^run-data: /);
  expect((await session.runs())[0]).toMatchObject({ id, state: 'interrupted' });
  await session.load({ train: (await session.add(log(60))).id, ...request });
  const both = await Promise.allSettled([session.control(id, 'resume'), session.control(id, 'resume')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await stateOf(session, id, 'done', 0)).toMatchObject({ id, epoch: 3, history: [{}, {}, {}] });
  await session.close();
});

test('a file that cannot be read in the place of the one that went with its page: the run names its own data', async () => {
  const { session, id } = await interrupted();
  await session.add(new File(['no table'], 'other.csv'));
  const error = await session.control(id, 'resume').catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'run-data', message: expect.stringContaining('log.csv') });
  expect(error.cause).toMatchObject({ name: 'TaurecError' });
  await session.close();
});

test('a run that is resumed while other data are in use is judged by its own', async () => {
  const { store } = storeWith();
  const early = new Workbench(nodeHost({ store }));
  await early.load(toyRequest);
  const { id } = await early.start(config);
  await early.close();
  const session = new Workbench(nodeHost({ store }));
  await session.load({ ...toyRequest, seed: 7 });
  await session.control(id, 'resume');
  await stateOf(session, id, 'done', 0);
  expect(await session.judge(id, 'valid')).toMatchObject({ part: 'valid' });
  expect(await session.data()).toMatchObject({ request: { seed: 7 } });
  await session.close();
});

test('a run with a typed loss cannot be resumed, and says what to do', async () => {
  const { session, id } = await interrupted((run) => ({ ...run, info: { ...run.info, typed: true } }));
  await session.load({ train: (await session.add(log(60))).id, ...request });
  // Nor is it offered.
  expect((await session.runs())[0]).not.toHaveProperty('resumable');
  expect(await failureOf(session.control(id, 'resume'))).toMatch(/^typed-loss: .*Own loss/);
  await session.close();
});

test('a run that failed, was cancelled or discarded is not there in the next session; runs that wait are', async () => {
  const { store, begun } = storeWith();
  const session = new Workbench(nodeHost({ store }));
  await session.load(toyRequest);
  const endless = { ...config, epochs: 1_000_000, validation: { every: 1_000_000 } };
  const diverging = { ...config, learningRate: 1e30, score: 'dot', optimizer: { name: 'sgd' }, epochs: 50 } as const;
  await session.start(diverging);
  await expect.poll(async () => (await session.runs())[0]!.state, { timeout: 20_000 }).toBe('failed');
  const [cancelled, active, dropped, waiting] = await Promise.all([1, 2, 3, 4].map(() => session.start(endless)));
  await stateOf(session, cancelled!.id, 'running', 0);
  await session.control(cancelled!.id, 'cancel');
  await session.discard(dropped!.id);
  await stateOf(session, active!.id, 'running', 0);
  await session.close();
  expect([...begun.keys()].sort()).toEqual([active!.id, waiting!.id].sort());
});

/** A session with an interrupted run that is being resumed, and one that trains and one that waits; `go` lets the store write the resumed one down. */
async function resuming() {
  const { store, begun } = storeWith();
  const early = new Workbench(nodeHost({ store }));
  await early.load(toyRequest);
  const endless = { ...config, epochs: 1_000_000, validation: { every: 1_000_000 } };
  const { id } = await early.start(endless);
  await early.close();
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  let ask!: () => void;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const begin = async (run: BegunRun) => {
    if (run.info.id === id) {
      ask();
      await gate;
    }
    await store.begin(run);
  };
  const session = new Workbench(nodeHost({ store: { ...store, idOf: (number) => `next-${number}`, begin } }));
  await session.load(toyRequest);
  const [trains, waits] = [await session.start(endless), await session.start(endless)];
  await stateOf(session, trains.id, 'running', 0);
  const resumed = session.control(id, 'resume').catch((error) => error);
  await asked;
  const states = async () => Object.fromEntries((await session.runs()).map((run) => [run.id, run.state]));
  return { session, id, trains: trains.id, waits: waits.id, resumed, go, states, begun };
}

test.each(['cancel', 'discard'] as const)(
  '%s of a run that is being resumed takes that run, and no other',
  async (act) => {
    const { session, id, trains, waits, resumed, go, states, begun } = await resuming();
    const taken = act === 'cancel' ? session.control(id, 'cancel') : session.discard(id);
    setTimeout(go, 20);
    await Promise.all([resumed, taken]);
    expect(await states()).toEqual({
      ...(act === 'cancel' && { [id]: 'cancelled' }),
      [trains]: 'running',
      [waits]: 'waiting',
    });
    expect([...begun.keys()].sort()).toEqual([trains, waits].sort());
    await session.close();
  },
);

test('a run that is being resumed while its session ends stays interrupted', async () => {
  const { session, id, trains, waits, resumed, go, states } = await resuming();
  await session.close();
  go();
  await resumed;
  expect(await states()).toEqual({ [id]: 'interrupted', [trains]: 'interrupted', [waits]: 'interrupted' });
});

test('a run that is being discarded is not resumed', async () => {
  const { store, begun } = storeWith();
  const early = new Workbench(nodeHost({ store }));
  await early.load(toyRequest);
  const { id } = await early.start(config);
  await early.close();
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const remove = async (run: string) => {
    await gate;
    await store.remove(run);
  };
  const session = new Workbench(nodeHost({ store: { ...store, remove } }));
  await session.load(toyRequest);
  const gone = session.discard(id);
  expect(await failureOf(session.control(id, 'resume'))).toMatch(/^bad-option: .*discarded/);
  go();
  await gone;
  expect(await session.runs()).toEqual([]);
  expect([...begun.keys()]).toEqual([]);
  await session.close();
});

test('a run that is resumed shows no failure of before, neither while it trains nor in the next session', async () => {
  const { store, begun } = storeWith();
  let fails = true;
  const host = nodeHost({ store });
  const train: typeof host.train = (task, watch) =>
    fails ? Promise.reject(new TaurecError('coordinator-died', { reason: 'killed' })) : host.train(task, watch);
  const session = new Workbench({ ...host, train });
  await session.load(toyRequest);
  const { id } = await session.start({ ...config, epochs: 1_000_000, validation: { every: 1_000_000 } });
  expect(await stateOf(session, id, 'interrupted', 0)).toHaveProperty('failure');
  fails = false;
  const later: RunInfo[] = [];
  session.watch((event) => event.type === 'run' && later.push(event.info));
  expect(await session.control(id, 'resume')).not.toHaveProperty('failure');
  await stateOf(session, id, 'running', 0);
  expect(later.map(({ state }) => state)).toEqual(['waiting', 'running']);
  for (const info of [...later, begun.get(id)!.info]) expect(info).not.toHaveProperty('failure');
  await session.close();
});

/** A session whose trainings end by an error. */
function failingWith(error: unknown) {
  const { store, begun } = storeWith();
  return { begun, session: new Workbench(nodeHost({ store, train: () => Promise.reject(error) })) };
}

const engineSize = { users: 1, items: 1, dimension: 4, bytes: 1e9 };
test.each([
  ['memory-refused', new TaurecError('memory-refused', engineSize)],
  ['engine-thread', new TaurecError('engine-thread', { thread: 1, reason: 'out of memory' })],
  ['cannot-write', new TaurecError('cannot-write', { path: 'x', reason: 'the disk is full', remedy: 'Make room.' })],
  ['damaged-file', new TaurecError('damaged-file', { path: 'x', problem: 'another digest' })],
  ['unexpected', new TypeError('not a function')],
])(
  'after an error that need not come again (%s) a run can be resumed, and is there in the next session',
  async (code, error) => {
    const { session, begun } = failingWith(error);
    await session.load(toyRequest);
    const { id } = await session.start(config);
    expect(await stateOf(session, id, 'interrupted', 0)).toMatchObject({ failure: { code } });
    // Resumed, it fails again: its files stay for the next time.
    await session.control(id, 'resume');
    await expect.poll(async () => (await session.runs())[0]!.state).toBe('interrupted');
    expect([...begun.keys()]).toEqual([id]);
    await session.close();
  },
);

test.each([
  ['memory-limit', new TaurecError('memory-limit', { ...engineSize, limit: 1e8, bytesPerRow: 16 })],
  ['unknown-name', new TaurecError('unknown-name', { kind: 'loss', got: 'x', known: [] })],
])('after an error that would come again (%s) a run has failed, and nothing of it is kept', async (code, error) => {
  const { session, begun } = failingWith(error);
  await session.load(toyRequest);
  const { id } = await session.start(config);
  expect(await stateOf(session, id, 'failed', 0)).toMatchObject({ failure: { code } });
  expect([...begun.keys()]).toEqual([]);
  await session.close();
});

test('runs that another session trains are looked for again: they come as models, or as interrupted', async () => {
  const { store, begun } = storeWith();
  const early = new Workbench(nodeHost({ store }));
  await early.load(toyRequest);
  const [first, second] = [await early.start(config), await early.start(config)];
  await early.close();
  let stored = { infos: [] as RunInfo[], begun: [] as BegunRun[], problems: [], elsewhere: ['one', 'two'] };
  const session = new Workbench(nodeHost({ store: { ...store, runs: async () => stored } }));
  expect(await session.about()).toMatchObject({ elsewhere: ['one', 'two'] });
  expect(await session.runs()).toEqual([]);
  stored = { ...stored, begun: [...begun.values()], elsewhere: ['still'] };
  expect((await session.runs()).map(({ id, state }) => [id, state])).toEqual(
    [first, second].map(({ id }) => [id, 'interrupted']),
  );
  stored = {
    ...stored,
    infos: [{ ...begun.get(first.id)!.info, state: 'done' }],
    begun: [begun.get(second.id)!],
    elsewhere: [],
  };
  expect(await session.about()).not.toHaveProperty('elsewhere');
  expect((await session.runs()).map(({ state }) => state)).toEqual(['done', 'interrupted']);
  await session.close();
});

test('a run that is interrupted while its session lives has the epochs that the store keeps, and their time', async () => {
  const { store } = storeWith();
  const host = nodeHost({ store });
  const kept: { epoch: number; history: RunInfo['history']; seconds: number }[] = [];
  // It dies after its third epoch, of which the store keeps the first.
  const train: typeof host.train = (task, watch) =>
    host.train(task, {
      ...watch,
      onEvent(event) {
        watch.onEvent(event);
        if (event.type === 'epoch' && event.epoch === 3)
          throw new TaurecError('coordinator-died', { reason: 'killed' });
      },
    });
  const letGo: RunStore['letGo'] = async ({ info }) => {
    expect(info.epoch).toBe(3);
    kept.push({ epoch: 1, history: info.history.slice(0, 1), seconds: 0.5 });
    return kept[0]!;
  };
  const session = new Workbench({ ...host, train, store: { ...store, letGo } });
  await session.load(toyRequest);
  const { id } = await session.start({ ...config, epochs: 9 });
  const info = await stateOf(session, id, 'interrupted', 0);
  expect(info).toMatchObject({ ...kept[0]!, resumable: true });
  await session.close();
});
