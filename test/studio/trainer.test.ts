import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { Studio } from '../../src/studio/page/state/studio.ts';
import { configOf } from '../../src/studio/page/train/options.ts';
import { fieldsOf } from '../../src/studio/page/train/schema-fields.ts';
import { isActive, Trainer } from '../../src/studio/page/train/trainer.ts';
import type { RunInfo, Session } from '../../src/studio/session.ts';
import { fakeObjective, fakeSchema } from './page/fake-schema.ts';

const address = { hash: '#/train', search: '' };
beforeAll(() => {
  vi.stubGlobal('location', address);
  vi.stubGlobal('history', { replaceState: () => {} });
});
afterAll(() => void vi.unstubAllGlobals());

/** Runs of a session whose answers come when `wait` lets them. */
class SlowRuns {
  runs: RunInfo[] = [];
  readonly discarded: RunInfo[] = [];
  readonly #wait: (call: string) => Promise<unknown>;
  #started = 0;

  constructor(wait: (call: string) => Promise<unknown> = async () => {}) {
    this.#wait = wait;
  }

  add(change: Partial<RunInfo>): RunInfo {
    const id = `r${++this.#started}`;
    const run: RunInfo = {
      ...{ id, name: id, state: 'running', config: {}, epoch: 0, epochs: 9, history: [], opened: 0, ...change },
    };
    this.runs.push(run);
    return run;
  }

  /** Ends a run that is in work, unnoticed by the page. */
  finish(): void {
    const run = this.runs.find(isActive);
    if (run) this.#change(run.id, { state: 'done' });
  }

  readonly session = {
    about: async () => ({ kind: 'page', schema: fakeSchema }),
    data: async () => undefined,
    runs: async () => this.runs,
    watch: () => () => {},
    start: async (config: RunInfo['config'], { name }: { name: string }) => {
      await this.#wait('start');
      const run = this.add({ config, name });
      await this.#wait('started');
      return run;
    },
    control: async (id: string, act: string) => {
      await this.#wait(act);
      const run = this.#find(id);
      if (!isActive(run)) throw new TaurecError('bad-option', { option: act, got: id, expected: 'a run that trains' });
      const changed = this.#change(id, { state: act === 'cancel' ? 'cancelled' : 'paused' });
      await this.#wait(`${act}ed`);
      return changed;
    },
    discard: async (id: string) => {
      await this.#wait('discard');
      this.discarded.push(this.#find(id));
      this.runs = this.runs.filter((run) => run.id !== id);
      await this.#wait('discarded');
    },
  } as unknown as Session;

  #find(id: string): RunInfo {
    const run = this.runs.find((one) => one.id === id);
    if (!run) throw new TaurecError('unknown-name', { kind: 'run', got: id, known: [] });
    return run;
  }

  #change(id: string, change: Partial<RunInfo>): RunInfo {
    const changed = { ...this.#find(id), ...change };
    this.runs = this.runs.map((run) => (run.id === id ? changed : run));
    return changed;
  }
}

async function trainerOf(slow: SlowRuns): Promise<{ trainer: Trainer; studio: Studio }> {
  const studio = new Studio(async () => slow.session, address);
  await studio.open();
  const trainer = new Trainer(studio);
  trainer.restarts.value = false;
  return { trainer, studio };
}

const fieldOf = ({ fields }: Trainer, path: string, loss?: string) =>
  fields.value.find((field) => field.path === path && field.of?.name === loss)!;

describe('the trainer of the page', () => {
  test('any interleaving of changes, answers and ends of runs leaves one training, of the last options', async () => {
    const moves = fc.array(fc.oneof(fc.integer({ min: 100, max: 199 }), fc.constant('finish' as const)), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: 100, max: 199 }), fc.scheduler(), async (first, last, scheduler) => {
        const slow = new SlowRuns((call) => scheduler.schedule(Promise.resolve(), call));
        const { trainer } = await trainerOf(slow);
        const field = fieldOf(trainer, 'dimension');
        const asked: Promise<unknown>[] = [];
        scheduler.scheduleSequence(
          [...first, last].map((move) => ({
            label: String(move),
            builder: async () => {
              if (move === 'finish') return slow.finish();
              trainer.set(field, move);
              asked.push(trainer.start());
            },
          })),
        );
        await scheduler.waitIdle();
        await Promise.all(asked);
        expect(trainer.starting.state.value.state).toBe('done');
        const active = slow.runs.filter(isActive);
        expect(active.map(({ config }) => config)).toEqual([configOf({ dimension: last }, trainer.fields.value)]);
        expect(trainer.run.value?.id).toBe(active[0]!.id);
        // No model that was done went.
        expect(slow.discarded.map(({ state }) => state).filter((state) => state !== 'cancelled')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('the form begins with the objective of the data and follows other data; what was changed stays', async () => {
    const slow = new SlowRuns();
    const { trainer, studio } = await trainerOf(slow);
    const started = async () => {
      await trainer.start();
      return [slow.runs.at(-1)!.config, slow.runs.at(-1)!.name];
    };
    const declared = { name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } };
    expect(await started()).toEqual([{ loss: declared }, 'bsl']);
    const use = (objective: object) => {
      studio.data.value = { parts: { train: 1 }, objective } as never;
    };
    use(fakeObjective);
    expect(await started()).toEqual([fakeObjective, 'bsl']);
    trainer.set(fieldOf(trainer, 'loss.options.negativeWeight', 'bsl'), 1.2);
    expect(studio.place.value.options).toMatchObject({ 'loss.options.negativeWeight': '1.2' });
    const loss = { name: 'bsl', options: { tau1: 1, negativeWeight: 1.2 } };
    expect(await started()).toEqual([{ ...fakeObjective, loss }, 'bsl, λ 1.2']);
    // There it is the default.
    use({});
    expect(await started()).toEqual([{ loss: declared }, 'bsl']);
    use(fakeObjective);
    expect(await started()).toEqual([{ ...fakeObjective, loss }, 'bsl, λ 1.2']);
    trainer.set(fieldOf(trainer, 'loss.options.negativeWeight', 'bsl'), undefined);
    trainer.set(fieldOf(trainer, 'loss.name'), 'sl');
    expect(await started()).toEqual([{ ...fakeObjective, loss: { name: 'sl' } }, 'sl']);
  });

  test.each([
    ['aim', 'discovery'],
    ['batch.negatives', 'all'],
  ])('%s %s has the declared defaults beside it, as for taurec train', async (path, value) => {
    const { trainer, studio } = await trainerOf(new SlowRuns());
    studio.data.value = { parts: { train: 1 }, objective: fakeObjective } as never;
    trainer.set(fieldOf(trainer, path), value);
    expect(trainer.objective.value).toEqual({});
    expect(configOf(trainer.values.value, trainer.fields.value)).toEqual(
      configOf({ [path]: value }, fieldsOf(fakeSchema)),
    );
    trainer.set(fieldOf(trainer, path), undefined);
    expect(configOf(trainer.values.value, trainer.fields.value)).toEqual(fakeObjective);
  });

  test('what was changed stays while the defaults equal it, whatever is changed meanwhile', async () => {
    const { trainer, studio } = await trainerOf(new SlowRuns());
    studio.data.value = { parts: { train: 1 }, objective: fakeObjective } as never;
    const weight = () => trainer.values.value['loss.options.negativeWeight'];
    const inAddress = () => studio.place.value.options['loss.options.negativeWeight'] ?? '';
    trainer.set(fieldOf(trainer, 'loss.options.negativeWeight', 'bsl'), 1.2);
    expect([weight(), inAddress()]).toEqual([1.2, '1.2']);
    trainer.set(fieldOf(trainer, 'aim'), 'discovery');
    expect([weight(), inAddress()]).toEqual([undefined, '']);
    trainer.set(fieldOf(trainer, 'dimension'), 16);
    trainer.set(fieldOf(trainer, 'aim'), undefined);
    expect([weight(), inAddress()]).toEqual([1.2, '1.2']);
  });

  test('an address keeps what it names, beside the defaults of the data', async () => {
    const studio = new Studio(async () => new SlowRuns().session, {
      hash: '#/train?loss.name=bsl&loss.options.tau1=1&loss.options.tau=0.3&batch.pool=uniform',
      search: '',
    });
    await studio.open();
    studio.data.value = { parts: { train: 1 }, objective: fakeObjective } as never;
    const trainer = new Trainer(studio);
    expect(trainer.values.value).toEqual({ 'loss.options.tau': 0.3, 'batch.pool': 'uniform' });
    expect(configOf(trainer.values.value, trainer.fields.value)).toEqual({
      loss: { name: 'bsl', options: { tau: 0.3, tau1: 1, negativeWeight: 1 } },
      batch: { pool: 'uniform' },
    });
  });

  test('runs of a sweep, of another page and those that are done go on', async () => {
    const slow = new SlowRuns();
    slow.add({ sweep: 'sweep-1' });
    slow.add({ state: 'waiting' });
    slow.add({ state: 'done' });
    const before = [...slow.runs];
    const { trainer, studio } = await trainerOf(slow);
    for (const { id } of before) {
      studio.go({ runs: [id] }, 'replace');
      await trainer.start();
    }
    expect(slow.runs.slice(0, 3)).toEqual(before);
    expect(slow.runs.slice(3).map(({ id }) => id)).toEqual(['r6']);
    expect(slow.discarded.map(({ id }) => id)).toEqual(['r4', 'r5']);
  });

  test('a person is asked before a model, or a run that was started elsewhere, is deleted', async () => {
    const slow = new SlowRuns();
    slow.add({ state: 'done' });
    slow.add({});
    const { trainer, studio } = await trainerOf(slow);
    expect(studio.runs.value.map((run) => trainer.asksFirst(run))).toEqual([true, true]);
    await trainer.start();
    expect(trainer.asksFirst(trainer.run.value!)).toBe(false);
    expect(trainer.asksFirst({ ...trainer.run.value!, state: 'done' })).toBe(true);
  });

  test('a failure of the session is shown, and the next start is made', async () => {
    let broken = true;
    const slow = new SlowRuns(async (call) => {
      if (broken && call === 'start') throw new TaurecError('session-lost', { reason: 'a test' });
    });
    const { trainer } = await trainerOf(slow);
    await trainer.start();
    expect(trainer.starting.state.value).toMatchObject({ state: 'failed', failure: { code: 'session-lost' } });
    broken = false;
    await trainer.start();
    expect(slow.runs).toHaveLength(1);
  });
});

test('an opening that finds its session dead makes another one', async () => {
  const dead = {
    ...new SlowRuns().session,
    runs: () => Promise.reject(new TaurecError('session-lost', { reason: 'its worker cannot be started' })),
  };
  const made = [dead, new SlowRuns().session] as Session[];
  const studio = new Studio(async () => made.shift()!, { hash: '', search: '' });
  await studio.open();
  expect(studio.opening.state.value).toMatchObject({ state: 'failed', failure: { code: 'session-lost' } });
  await studio.open();
  expect(studio.opening.state.value.state).toBe('done');
});
