import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FeedbackRow } from '../../src/feedback/feedback-log.ts';
import { GroupCommit } from '../../src/feedback/stored-log.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';

const rowsOf = (count: number): FeedbackRow[] =>
  Array.from({ length: count }, () => ({
    user: 'u',
    item: 'i',
    time: 0,
    kind: 'k',
    weight: 1,
    id: null,
    list: null,
    position: null,
  }));

test('one transaction at a time, appends whole and in order, each told its own count; a failure is that of its transaction alone', async () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.constant('turn' as const));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat({ max: 3 }), async (steps, failing) => {
      const written: number[][] = [];
      let running = 0;
      const commits = new GroupCommit('somewhere', async (appends) => {
        expect(++running).toBe(1);
        await new Promise(setImmediate);
        running--;
        written.push(appends.map((rows) => rows.length));
        if (failing > 0 && written.length % failing === 0) throw new Error(`transaction ${written.length}`);
        return appends.map((rows) => -rows.length);
      });
      const sizes: number[] = [];
      const answers: Promise<unknown>[] = [];
      for (const one of steps) {
        if (one === 'turn') await new Promise(setImmediate);
        else {
          sizes.push(one);
          answers.push(commits.add(rowsOf(one)).catch((error: Error) => error.message));
        }
      }
      const settled = await Promise.all(answers);
      await commits.drained();
      expect(written.flat()).toEqual(sizes);
      const expected = written.flatMap((group, at) =>
        group.map((size) => (failing > 0 && (at + 1) % failing === 0 ? `transaction ${at + 1}` : -size)),
      );
      expect(settled).toEqual(expected);
      for (const group of written) {
        if (group.length > 1) expect(group.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(2000);
      }
    }),
    draws(50),
  );
});

test('appends that arrive while one is written share the next transaction', async () => {
  const groups: number[] = [];
  const commits = new GroupCommit('somewhere', async (appends) => {
    groups.push(appends.length);
    return appends.map(() => 1);
  });
  await Promise.all(Array.from({ length: 100 }, () => commits.add(rowsOf(1))));
  expect(groups).toEqual([1, 99]);
});

test('what waits is bounded, but a large append alone is taken', async () => {
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  const commits = new GroupCommit('somewhere', async (appends) => {
    await held;
    return appends.map((rows) => rows.length);
  });
  const taken = [commits.add(rowsOf(300_000)), commits.add(rowsOf(250_000))];
  expect((await rejectionOf(commits.add(rowsOf(1)))).code).toBe('feedback-overload');
  release();
  expect(await Promise.all(taken)).toEqual([300_000, 250_000]);
  expect(await commits.add(rowsOf(1))).toBe(1);
});
