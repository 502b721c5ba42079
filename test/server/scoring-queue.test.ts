import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ScoringJob } from '../../src/server/scoring-protocol.ts';
import { ScoringQueue } from '../../src/server/scoring-queue.ts';

/** Jobs for some users each; 0 stands for a job that is not for users. */
const jobOf = (users: number, at: number): ScoringJob =>
  users === 0
    ? { type: 'similar', item: `${at}`, k: 1 }
    : {
        type: 'recommend',
        users: Array.from({ length: users }, (_, u) => `${at}-${u}`),
        feedback: [],
        options: { k: 1 },
        key: '',
      };

test('whatever waits, every user is handed out once, and every request gets its answers in order', async () => {
  const sizes = fc.array(fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 2, max: 400 })), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.double({ min: 1e-6, max: 0.1, noNaN: true }), async (sizes, secondsAUnit) => {
      const queue = new ScoringQueue(1000);
      const answers = sizes.map(
        (users, at) =>
          new Promise<readonly string[]>(
            (resolve, reject) => void queue.add(jobOf(users, at), () => false, resolve, reject),
          ),
      );
      while (queue.length > 0) {
        const pieces = queue.take();
        expect(pieces.length).toBeGreaterThan(0);
        const units = pieces.reduce((sum, piece) => sum + piece.units, 0);
        expect(units).toBeLessThanOrEqual(512 + 8);
        queue.learn(pieces, units * secondsAUnit);
        for (const { job, settle } of pieces) settle(job.type === 'recommend' ? job.users : ['similar']);
      }
      const expected = sizes.map((users, at) => {
        const job = jobOf(users, at);
        return job.type === 'recommend' ? job.users : ['similar'];
      });
      expect(await Promise.all(answers)).toEqual(expected);
    }),
  );
});

test('a short request does not wait for the whole of a long one before it', () => {
  const queue = new ScoringQueue(100);
  const settled: string[] = [];
  const add = (name: string, users: number) =>
    queue.add(
      jobOf(users, 0),
      () => false,
      () => settled.push(name),
      () => {},
    );
  add('long', 1000);
  add('short', 1);
  while (queue.length > 0) for (const { job, settle } of queue.take()) if (job.type === 'recommend') settle(job.users);
  expect(settled).toEqual(['short', 'long']);
});

test('requests that nobody waits for are not scored', async () => {
  const queue = new ScoringQueue(10);
  let gone = false;
  const answer = new Promise((resolve, reject) => void queue.add(jobOf(3, 0), () => gone, resolve, reject));
  gone = true;
  expect(queue.take()).toEqual([]);
  await expect(answer).rejects.toMatchObject({ code: 'client-gone' });
  expect(queue.length).toBe(0);
});
