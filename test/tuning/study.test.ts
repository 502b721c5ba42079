import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { winnerOf } from '../../src/search/halving.ts';
import { runStudy, type StudyPlan } from '../../src/tuning/run-study.ts';
import { StudyStore } from '../../src/tuning/study-store.ts';
import { errorOf } from '../support/error-of.ts';
import { contentOf, FakeExecutor, fakePlan, worth } from '../support/fake-study.ts';
import { draws } from '../support/property-seed.ts';

const parent = mkdtempSync(join(tmpdir(), 'taurec-study-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }), 60_000);
let folders = 0;
const newFolder = () => join(parent, `study-${folders++}`);

/** Runs a study to its end; what it holds, and what was begun. */
async function study(plan: StudyPlan, folder = newFolder(), capacity = 1) {
  const store = new StudyStore(folder, { what: 'a test' });
  const executor = new FakeExecutor(folder, capacity);
  await runStudy(store, executor, plan, { folder, keep: 'all' });
  const content = contentOf(store);
  store.close();
  return { ...content, begun: executor.begun };
}

test('every trial runs once on the first rung, and the best third of each rung on the next', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 14 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom<number[]>([1], [0.5, 1], [0.2, 0.5, 1]),
      async (trials, seed, capacity, rungs) => {
        const plan = fakePlan({ trials, seed, halving: { rungs, factor: 3 }, search: 'random' });
        const { trials: tried, runs, begun } = await study(plan, undefined, capacity);
        expect(tried.map(({ number }) => number)).toEqual(Array.from({ length: trials }, (_, i) => i));
        // The same in plain words: who is not diverged, ordered by worth on the rung, is cut to a third, rounded up.
        let who = tried.map(({ number }) => number);
        let size = trials;
        for (const [rung, part] of rungs.entries()) {
          const here = runs.filter((run) => run.rung === rung);
          expect(here.map(({ trial }) => trial).sort((a, b) => a - b)).toEqual([...who].sort((a, b) => a - b));
          const worthHere = (trial: number) => worth({ ...tried[trial]!.point, epochs: Math.round(10 * part) });
          for (const { trial, value, state } of here) {
            if (state === 'done') expect(value).toBeCloseTo(worthHere(trial), 12);
            else expect(tried[trial]!.point.x).toBeGreaterThan(90);
          }
          size = Math.ceil(size / 3);
          const sound = who.filter((trial) => !((tried[trial]!.point.x as number) > 90));
          who = sound.sort((a, b) => worthHere(b) - worthHere(a) || a - b).slice(0, size);
        }
        expect(new Set(begun.map(({ trial, rung }) => `${trial}-${rung}`)).size).toBe(begun.length);
      },
    ),
    draws(20),
  );
});

test('with random search the study is the same however many trainings run at a time', async () => {
  const plan = fakePlan({ search: 'random' });
  const { begun: _, ...alone } = await study(plan);
  for (const capacity of [2, 5]) {
    const { begun: __, ...beside } = await study(plan, undefined, capacity);
    expect(beside).toEqual(alone);
  }
});

describe('a study that is killed', () => {
  const plan = fakePlan({ trials: 6, seed: 4, halving: { rungs: [0.2, 0.4, 1], factor: 3 } });

  test('goes on to the same end, whenever it was killed; nothing that was over is run again', async () => {
    const whole = await study(plan);
    // What lies on the disk at each moment between two changes is what a kill at that moment leaves.
    const folder = newFolder();
    const store = new StudyStore(folder, { what: 'a test' });
    const copies: string[] = [];
    const copy = () => {
      const to = newFolder();
      cpSync(folder, to, { recursive: true });
      copies.push(to);
    };
    copy();
    await runStudy(store, new FakeExecutor(folder), plan, { folder, keep: 'all', onEvent: copy });
    store.close();
    expect(copies.length).toBeGreaterThan(40);
    for (const copied of copies) {
      const before = new StudyStore(copied, { what: 'a test' });
      const over = before.runs.filter(({ state }) => state === 'done' || state === 'failed');
      before.close();
      const { begun, ...content } = await study(plan, copied);
      expect(content).toEqual({ trials: whole.trials, runs: whole.runs });
      for (const { trial, rung } of over) {
        expect(begun.some((one) => one.trial === trial && one.rung === rung)).toBe(false);
      }
      rmSync(copied, { recursive: true });
    }
  });

  test('goes on from the checkpoint of a training, which its attempts show', async () => {
    const folder = newFolder();
    const store = new StudyStore(folder, { what: 'a test' });
    const controller = new AbortController();
    const stopper = new FakeExecutor(folder, 1, ({ trial, rung }, epoch) => {
      if (trial === 1 && rung === 0 && epoch === 2) controller.abort();
    });
    const longer = fakePlan({ halving: { rungs: [1], factor: 3 } });
    const error = await runStudy(store, stopper, longer, { folder, keep: 'all', signal: controller.signal }).catch(
      (e) => e,
    );
    expect(error.code).toBe('aborted');
    await runStudy(store, new FakeExecutor(folder), longer, { folder, keep: 'all' });
    expect(store.attempts({ trial: 1, rung: 0 }).map(({ fromEpoch }) => fromEpoch)).toEqual([0, 2]);
    expect(store.attempts({ trial: 2, rung: 0 }).map(({ fromEpoch }) => fromEpoch)).toEqual([0]);
    store.close();
  });
});

test('more trials go on with a study that was over', async () => {
  const folder = newFolder();
  await study(fakePlan({ trials: 5 }), folder);
  const { trials, runs, begun } = await study(fakePlan({ trials: 12 }), folder);
  const whole = await study(fakePlan({ trials: 12 }));
  expect(trials).toEqual(whole.trials);
  expect(begun.filter(({ rung }) => rung === 0)).toHaveLength(7);
  for (const run of whole.runs) expect(runs).toContainEqual(run);
});

test('an outcome is taken once; a later one changes nothing', () => {
  const store = new StudyStore(newFolder(), {});
  store.addTrial({ number: 0, point: { x: 1 } }, { config: {}, seed: 1, epochs: 3 });
  const outcome = (value: number) => ({
    value,
    epoch: 3,
    popularityPrior: 0,
    seconds: { train: 1, validate: 1 },
    engine: { name: 'fake', build: 'none', threads: 1 },
    curve: [],
  });
  expect(store.finish({ trial: 0, rung: 0 }, outcome(0.5))).toBe(true);
  expect(store.finish({ trial: 0, rung: 0 }, outcome(0.6))).toBe(false);
  expect(store.finish({ trial: 0, rung: 0 }, { failed: { code: 'diverged', message: '' } })).toBe(false);
  store.setState({ trial: 0, rung: 0 }, 'waiting');
  expect(store.runs[0]).toMatchObject({ state: 'done', value: 0.5 });
  store.close();
});

test('a folder with another study is refused, by what differs', () => {
  const folder = newFolder();
  new StudyStore(folder, { data: 'abc', space: { x: 1 } }).close();
  const error = errorOf(() => new StudyStore(folder, { data: 'abd', space: { x: 1 } }));
  expect(error).toMatchObject({ code: 'study-mismatch', facts: { what: 'data', got: 'abc', expected: 'abd' } });
});

test('keep best leaves one checkpoint of those that are over', async () => {
  const folder = newFolder();
  const store = new StudyStore(folder, {});
  await runStudy(store, new FakeExecutor(folder), fakePlan(), { folder, keep: 'best' });
  const kept = store.runs.filter(({ checkpoint }) => checkpoint !== undefined);
  expect(kept.map(({ trial, rung }) => [trial, rung])).toEqual([[winnerOf(store.runs)!.trial, 2]]);
  store.close();
});

test('trials that fail all leave no winner', async () => {
  const { runs } = await study(fakePlan({ space: { x: { uniform: [91, 99] }, y: { choice: ['a'] } } }));
  expect(runs.every(({ state, rung }) => state === 'failed' && rung === 0)).toBe(true);
  expect(winnerOf(runs)).toBeUndefined();
});

test('a time budget trains the best two in full, however few were tried; without one the best eighth', async () => {
  const plan = fakePlan({ trials: 5, seed: 1, halving: { rungs: [0.2, 1], factor: 8 }, search: 'random' });
  const wholes = (runs: readonly { rung: number }[]) => runs.filter(({ rung }) => rung === 1).length;
  expect(wholes((await study(plan)).runs)).toBe(1);
  expect(wholes((await study({ ...plan, timeBudget: 1e6 })).runs)).toBe(2);
});
