import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type WorkKind, workOf } from '../../src/server/request-cost.ts';
import type { RecommendJob, ScoringJob } from '../../src/server/scoring-protocol.ts';
import { type Piece, ScoringQueue } from '../../src/server/scoring-queue.ts';

const sizes = { items: 1000, dimension: 64 };

const listsOf = (users: number, at: number, options: RecommendJob['options'] = { k: 1 }): ScoringJob => ({
  type: 'recommend',
  users: Array.from({ length: users }, (_, u) => `${at}-${u}`),
  options,
  key: '',
});
/** Jobs for some users each; 0 stands for a job that is not for users. */
const jobOf = (users: number, at: number): ScoringJob =>
  users === 0 ? { type: 'similar', item: `${at}`, k: 1 } : listsOf(users, at);
const dearJob = (users: number, at = 0) => listsOf(users, at, { k: 1000, diversity: 0.5 });
const foldIn = (items: number): ScoringJob => ({
  type: 'for-items',
  items: Array.from({ length: items }, (_, i) => `${i}`),
  request: { k: 10 },
});

const queueOf = (limit = 1000, deadline = 10, now?: () => number) => new ScoringQueue({ limit, sizes, deadline, now });
const workIn = (pieces: readonly Piece[]) => pieces.reduce((sum, { work }) => sum + work, 0);
const add = (queue: ScoringQueue, job: ScoringJob, gone = () => false) => {
  const state: { answer?: readonly string[]; error?: unknown } = {};
  queue.add(
    job,
    gone,
    (json) => {
      state.answer = json;
    },
    (error) => {
      state.error = error;
    },
  );
  return state;
};
const answerOf = (job: ScoringJob) => (job.type === 'recommend' ? job.users : ['other']);

test('whatever waits, every user is handed out once, and every request gets its answers in order', async () => {
  const requests = fc.array(
    fc.record({
      users: fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 2, max: 400 })),
      dear: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(requests, fc.double({ min: 1e-12, max: 1e-7, noNaN: true }), async (given, secondsAProduct) => {
      const queue = queueOf(1000, 1e6);
      const jobs = given.map(({ users, dear }, at) => (dear && users > 0 ? dearJob(users, at) : jobOf(users, at)));
      const answers = jobs.map((job) => add(queue, job));
      while (queue.length > 0) {
        for (const lane of ['light', 'dear'] as const) {
          const pieces = queue.take(lane);
          expect(pieces.reduce((sum, piece) => sum + piece.units, 0)).toBeLessThanOrEqual(
            lane === 'light' ? 512 : 2048,
          );
          const seconds = workIn(pieces) * secondsAProduct;
          queue.learn(lane, pieces, seconds, seconds);
          for (const { job, settle } of pieces) settle(answerOf(job));
        }
      }
      expect(answers.map(({ answer }) => answer)).toEqual(jobs.map(answerOf));
    }),
  );
});

test('a short request does not wait for the whole of a long one before it', () => {
  const queue = queueOf();
  const long = add(queue, dearJob(100));
  const short = add(queue, jobOf(1, 1));
  const folded = add(queue, foldIn(10));
  for (const { job, settle } of queue.take('light')) settle(answerOf(job));
  expect(short.answer).toBeDefined();
  for (const { job, settle } of queue.take('dear')) settle(answerOf(job));
  // The fold-in came later, but costs less.
  expect(folded.answer).toBeDefined();
  expect(long.answer).toBeUndefined();
  let batches = 1;
  for (; queue.length > 0; batches++) for (const { job, settle } of queue.take('dear')) settle(answerOf(job));
  expect(long.answer).toHaveLength(100);
  // A list costs 19 ms at .3 ns a product: every piece is one list, and the first batch had one too.
  expect(batches).toBe(100);
});

test('requests that nobody waits for are not scored', async () => {
  for (const job of [jobOf(3, 0), dearJob(3)]) {
    const queue = queueOf();
    let gone = false;
    const { ...before } = add(queue, job, () => gone);
    expect(before).toEqual({});
    const state = add(queue, job, () => gone);
    gone = true;
    expect([...queue.take('light'), ...queue.take('dear')]).toEqual([]);
    expect(state.error).toMatchObject({ code: 'client-gone' });
    expect(queue.length).toBe(0);
  }
});

describe('admission', () => {
  test('the dear lane takes half of the deadline of work, and says when to come back; the other lane is open', () => {
    const queue = queueOf(1000, 10);
    // 165 lists of 19.4 ms: 3.2 s each, of 5 s.
    expect(add(queue, dearJob(165)).error).toBeUndefined();
    expect(add(queue, dearJob(165)).error).toMatchObject({ code: 'overloaded', facts: { retryAfter: 4 } });
    expect(add(queue, dearJob(66)).error).toBeUndefined();
    expect(add(queue, jobOf(1, 0)).error).toBeUndefined();
  });

  test('a request that cannot be answered in time is refused after its first piece, which measures; when that is faster, it is answered', () => {
    const queue = queueOf(1000, 5);
    // 50 lists of 64.6 ms at 1 ns a product: 3.2 s, and 6.5 s at 2.
    const answered = (nanoseconds: number) => {
      const state = add(queue, dearJob(50));
      for (let pieces = queue.take('dear'); pieces.length > 0; pieces = queue.take('dear')) {
        const seconds = workIn(pieces) * nanoseconds * 1e-9;
        queue.learn('dear', pieces, seconds, seconds);
        for (const { job, settle } of pieces) settle(answerOf(job));
      }
      if (!state.answer) expect(state.error).toMatchObject({ code: 'overloaded' });
      return state.answer !== undefined;
    };
    expect(answered(1)).toBe(true);
    const slow = Array.from({ length: 30 }, () => answered(2));
    expect(slow.at(-1)).toBe(false);
    const quick = Array.from({ length: 30 }, () => answered(1));
    expect(quick.at(-1)).toBe(true);
  });

  test('an empty lane takes a request of any cost', () => {
    const queue = queueOf(1000, 0.001);
    expect(add(queue, dearJob(1000)).error).toBeUndefined();
    expect(add(queue, dearJob(1)).error).toMatchObject({ code: 'overloaded' });
  });

  test('more requests than may wait are refused', () => {
    const queue = queueOf(2);
    expect([1, 2, 3].map((at) => (add(queue, jobOf(1, at)).error as { code?: string })?.code)).toEqual([
      undefined,
      undefined,
      'overloaded',
    ]);
  });

  test('faster measurements make dear requests light', () => {
    const queue = queueOf();
    const lists = listsOf(1000, 0, { k: 10 });
    add(queue, lists);
    let taken = 0;
    for (let pieces = queue.take('dear'); pieces.length > 0; pieces = queue.take('dear')) {
      taken++;
      queue.learn('dear', pieces, workIn(pieces) * 1e-11, workIn(pieces) * 1e-11);
    }
    expect(taken).toBeGreaterThan(0);
    add(queue, lists);
    expect(queue.take('dear')).toEqual([]);
    expect(queue.take('light')).toHaveLength(1);
  });
});

/** A thread and its clock: it does the dear lane's batches, each in its work × the product's time × a factor (the light lane takes the rest). */
function played(arrivals: readonly { readonly at: number; readonly users: number }[], product: number, pace: number) {
  let now = 0;
  const deadline = 10;
  const queue = queueOf(1000, deadline, () => now);
  const requests: { at: number; ended: number; state: ReturnType<typeof add> }[] = [];
  const waiting = [...arrivals];
  while (waiting.length > 0 || queue.length > 0) {
    while (waiting.length > 0 && waiting[0]!.at <= now) {
      const { users } = waiting.shift()!;
      requests.push({
        at: now,
        ended: Infinity,
        state: add(queue, users > 0 ? dearJob(users, requests.length) : foldIn(1)),
      });
    }
    const pieces = queue.take('dear');
    if (pieces.length === 0) now = waiting[0]?.at ?? now;
    const seconds = workIn(pieces) * product;
    now += 1000 * pace * seconds;
    queue.learn('dear', pieces, seconds, pace * seconds);
    for (const { job, settle } of pieces) settle(answerOf(job));
    for (const request of requests) if (request.state.answer && request.ended === Infinity) request.ended = now;
  }
  return requests;
}

test('what is let in is answered in time or refused, however costs are misjudged and whatever overtakes it', () => {
  const arrivals = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 60_000 }), users: fc.integer({ min: 0, max: 300 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  const factor = fc.double({ min: 0.2, max: 5, noNaN: true });
  fc.assert(
    fc.property(arrivals, factor, fc.double({ min: 1, max: 4, noNaN: true }), (given, slow, pace) => {
      const sorted = given.toSorted((a, b) => a.at - b.at);
      // FIRST_MS of a re-ranked list is .3 ns a product.
      for (const { at, ended, state } of played(sorted, slow * 3e-10, pace)) {
        if (state.answer) expect(ended - at).toBeLessThan(10_000 * 1.25);
        else expect(state.error).toMatchObject({ code: 'overloaded' });
      }
    }),
  );
});

test('with true estimates everything that is let in is answered, a dear request among a flood of cheap ones too', () => {
  const flood = Array.from({ length: 4000 }, (_, i) => ({ at: 5 * i, users: i % 2 ? 0 : 1 }));
  const requests = played([{ at: 0, users: 200 }, ...flood], 3e-10, 1);
  expect(requests[0]!.state.answer).toHaveLength(200);
  expect(requests[0]!.ended).toBeLessThan(10_000);
  const refused = requests.filter(({ state }) => !state.answer);
  expect(refused.length).toBeGreaterThan(0);
  for (const { at, state } of refused) expect(state.error, `${at}`).toMatchObject({ code: 'overloaded' });
});

test('a piece that the thread found dear goes to the dear lane and is answered from there', () => {
  const queue = queueOf();
  const state = add(queue, jobOf(2, 7));
  const [piece] = queue.take('light');
  queue.defer(piece!);
  expect(queue.take('light')).toEqual([]);
  while (queue.length > 0)
    for (const { job, kind, settle } of queue.take('dear')) {
      expect(kind).toBe('fold-in' satisfies WorkKind);
      settle(answerOf(job));
    }
  expect(state.answer).toEqual(['7-0', '7-1']);
});

describe('the work of a request', () => {
  const work = (job: ScoringJob) => {
    const { units, unit, fixed } = workOf(job, sizes);
    return units * unit + fixed;
  };
  test('grows with users × k × candidates when re-ranked', () => {
    const ranked = work(listsOf(1, 0, { k: 1000 }));
    expect(work(listsOf(100, 0, { k: 1000 }))).toBe(100 * ranked);
    expect(work(dearJob(1)) - ranked).toBe(1000 * 1000 * 64);
    expect(work(listsOf(1, 0, { k: 10, diversity: 0.5 })) - work(listsOf(1, 0, { k: 10 }))).toBe(100 * 10 * 64);
  });
  test('grows with the liked items of a fold-in, with pairs, and with ids to look up', () => {
    expect(work(foldIn(1000))).toBeGreaterThan(1.4 * work(foldIn(1)));
    const pairs = (count: number): ScoringJob => ({
      type: 'score',
      users: Array.from({ length: count }, () => 'u'),
      items: Array.from({ length: count }, () => 'i'),
    });
    expect(work(pairs(1000))).toBe(1000 * work(pairs(1)));
    const exclude = Array.from({ length: 10_000 }, (_, i) => `${i}`);
    expect(work(listsOf(1, 0, { k: 10, exclude }))).toBeGreaterThan(10 * work(listsOf(1, 0, { k: 10 })));
  });
});
