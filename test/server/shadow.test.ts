import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { servedKinds } from '../../src/data/event-kinds.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import type { ModelHost } from '../../src/server/model-host.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import type { ScoringJob } from '../../src/server/scoring-protocol.ts';
import { type FeedbackReceiver, SeenFeedback } from '../../src/server/seen-feedback.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { overlapOf, Shadow } from '../../src/server/shadow.ts';
import { unawaited } from '../../src/server/shadow-feedback.ts';
import { ask, MemoryFeedback, model, start } from './harness.ts';
import { watchThreads } from './watched-threads.ts';

const threads = watchThreads();

const users = Array.from({ length: 30 }, (_, u) => `u${u}`);
let folders: Record<'a' | 'b', string>;
let served: Recommender;
let other: Recommender;

beforeAll(async () => {
  // The shadow does not know the last ten users.
  folders = { a: await model('a', { seed: 1 }), b: await model('b', { seed: 2, users: 20 }) };
  served = await Recommender.open(folders.a, { threads: 1 });
  other = await Recommender.open(folders.b, { threads: 1 });
  return () => Promise.all([served.close(), other.close()]);
});

/** The value of a metric; 0 where it is absent. */
async function metric(server: RunningServer, name: string): Promise<number> {
  const { text } = await ask(server, '/metrics');
  const line = text.split('\n').find((row) => row.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** How many requests the shadow has answered, failed and dropped, once it has had `requests`. */
async function outcomes(server: RunningServer, requests: number): Promise<number[]> {
  for (;;) {
    const counts: number[] = [];
    for (const outcome of ['answered', 'failed', 'dropped'])
      counts.push(await metric(server, `taurec_shadow_requests_total{outcome="${outcome}"}`));
    if (counts.reduce((sum, count) => sum + count, 0) >= requests) return counts;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const overlap = (one: readonly { id: string }[], two: readonly { id: string }[]) => {
  const common = one.filter(({ id }) => two.some((item) => item.id === id)).length;
  return common / Math.max(one.length, two.length);
};

test('it answers nobody, makes every list once more, and is compared with those that were served', async () => {
  const server = await start(folders, { shadow: 'b' });
  const overlaps: number[] = [];
  for (const user of users.slice(0, 12)) {
    const { json } = await ask(server, `/v1/users/${user}/recommendations?k=7&explain=2`);
    expect([json.variant, json.items.map(({ id }: { id: string }) => id)]).toEqual([
      'a',
      served.recommend(user, { k: 7 }).map(({ id }) => id),
    ]);
    overlaps.push(overlap(served.recommend(user, { k: 7 }), other.recommend(user, { k: 7 })));
  }
  await ask(server, '/v1/recommendations', { users: users.slice(3, 9), k: 20 });
  const many = { k: 20 };
  for (const user of users.slice(3, 9))
    overlaps.push(overlap(served.recommend(user, many), other.recommend(user, many)));
  for (const item of ['i1', 'i2']) {
    await ask(server, `/v1/items/${item}/similar?k=9&visitor=${item}`);
    overlaps.push(overlap(served.similarItems(item, { k: 9 }), other.similarItems(item, { k: 9 })));
  }
  // What is no list, and what fails, is not followed.
  await ask(server, '/v1/scores', { pairs: [{ user: 'u1', item: 'i1' }] });
  await ask(server, '/v1/users/u1/items/i1/explanation');
  await ask(server, '/v1/users/nobody/recommendations');
  expect(await outcomes(server, 15)).toEqual([15, 0, 0]);
  while ((await metric(server, 'taurec_shadow_overlap_count{variant="a"}')) < overlaps.length);
  expect(await metric(server, 'taurec_shadow_overlap_sum{variant="a"}')).toBeCloseTo(
    overlaps.reduce((sum, one) => sum + one, 0),
    9,
  );
  expect(await metric(server, 'taurec_shadow_seconds_count')).toBe(15);
  expect(await metric(server, 'taurec_lists_total{variant="b"}')).toBe(0);
  // Users that only the served model knows.
  for (const user of users.slice(20)) expect((await ask(server, `/v1/users/${user}/recommendations`)).status).toBe(200);
  expect(await outcomes(server, 25)).toEqual([15, 10, 0]);
  const { json } = await ask(server, '/v1/model?variant=b');
  expect(responseSchemas.model.parse(json)).toMatchObject({
    users: 20,
    variants: [
      { name: 'a', share: 1 },
      { name: 'b', share: 0, shadow: true },
    ],
  });
});

test('its thread may end at any time: requests, readiness and feedback do not notice, and it comes back', async () => {
  const feedback = new MemoryFeedback();
  const begun = threads.length;
  const server = await start(folders, { shadow: 'b', feedback });
  const [, thread] = threads.slice(begun);
  let asking = true;
  let asked = 0;
  const client = (async () => {
    for (; asking; asked++) {
      const { status, json, text } = await ask(server, `/v1/users/u${asked % 20}/recommendations`);
      expect([status, json.variant], text).toEqual([200, 'a']);
      expect((await ask(server, '/readyz')).status).toBe(200);
    }
  })();
  const gone = once(thread!, 'exit');
  await thread!.terminate();
  await gone;
  const events = [{ user: 'u1', item: served.recommend('u1')[0]!.id }];
  expect((await ask(server, '/v1/feedback', { events })).status).toBe(200);
  while ((await metric(server, 'taurec_model_revision{variant="b"}')) < 2);
  const [before = 0] = await outcomes(server, 0);
  while ((await metric(server, 'taurec_shadow_requests_total{outcome="answered"}')) <= before);
  asking = false;
  await client;
  expect(await metric(server, 'taurec_model_revision{variant="a"}')).toBe(1);
});

/** A shadow whose model answers when the test says so. */
function made(share = 1) {
  const counts = { answered: 0, failed: 0, dropped: 0, overlaps: [] as number[] };
  const asked: { job: ScoringJob; resolve: (json: readonly string[]) => void; reject: (error: Error) => void }[] = [];
  const submit = (job: ScoringJob) =>
    new Promise<readonly string[]>((resolve, reject) => void asked.push({ job, resolve, reject }));
  const shadow = new Shadow({ scorer: { submit } } as unknown as ModelHost, share, {
    shadowed: (outcome) => void counts[outcome]++,
    shadowSeconds: () => {},
    overlap: (_, value) => void counts.overlaps.push(value),
  });
  const follow = (text = '{"items":[{"id":"x"},{"id":"y"}]}') => {
    const outgoing = new EventEmitter();
    const job: ScoringJob = { type: 'similar', item: 'i1', k: 2 };
    shadow.follow(outgoing as ServerResponse, 'a', job, [text]);
    return outgoing;
  };
  return { counts, asked, follow };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a shadow', () => {
  test('is asked only when the answer is out', () => {
    const { asked, follow } = made();
    const outgoing = follow();
    expect(asked).toHaveLength(0);
    outgoing.emit('finish');
    expect(asked).toHaveLength(1);
  });

  test('takes exactly its share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 60 }), (eighths, requests) => {
        const { asked, follow, counts } = made(eighths / 8);
        for (let at = 0; at < requests; at++) follow().emit('finish');
        expect(asked.length + counts.dropped).toBe(Math.floor((requests * eighths) / 8));
      }),
    );
  });

  test('that falls behind drops requests, and goes on when it has caught up', async () => {
    const { counts, asked, follow } = made();
    for (let at = 0; at < 100; at++) follow().emit('finish');
    expect([asked.length, counts.dropped]).toEqual([64, 36]);
    for (const { resolve } of asked.splice(0)) resolve(['{"items":[{"id":"y"},{"id":"z"}]}']);
    await settled();
    expect(counts).toEqual({ answered: 64, failed: 0, dropped: 36, overlaps: Array(64).fill(0.5) });
    follow().emit('finish');
    expect(asked).toHaveLength(1);
  });

  test('that fails is counted', async () => {
    const { counts, asked, follow } = made();
    follow().emit('finish');
    asked[0]!.reject(new Error('broken'));
    await settled();
    expect(counts).toMatchObject({ failed: 1, answered: 0 });
  });

  test('is not asked about long lists, which would have to be parsed', () => {
    const { counts, asked, follow } = made();
    follow(`{"items":[{"id":"${'x'.repeat(2 ** 18)}"}]}`).emit('finish');
    expect([asked.length, counts.dropped]).toEqual([0, 1]);
  });
});

test('overlap: 1 for equal lists in any order, 0 for disjoint ones, otherwise the common share of the longer', () => {
  const ids = fc.uniqueArray(fc.string(), { maxLength: 20 });
  fc.assert(
    fc.property(ids, ids, (one, two) => {
      const common = one.filter((id) => two.includes(id)).length;
      const longer = Math.max(one.length, two.length);
      expect(overlapOf(one, two)).toBe(longer === 0 ? undefined : common / longer);
      expect(overlapOf(one, two)).toBe(overlapOf(two, one));
      expect(overlapOf(one, one.toReversed())).toBe(one.length === 0 ? undefined : 1);
    }),
  );
});

test('feedback does not wait for a shadow that stands still', async () => {
  const log = new MemoryFeedback();
  const seen = new SeenFeedback(log, servedKinds(undefined));
  const shadowed = unawaited(seen);
  const got = { fed: 0, edited: 0 };
  let still = false;
  const wait = () => (still ? new Promise<void>(() => {}) : Promise.resolve());
  const receiver: FeedbackReceiver = {
    feed: (events) => {
      got.fed += events.users.length;
      return wait();
    },
    forget: wait,
    editItems: (states) => {
      got.edited += states.length;
      return wait();
    },
  };
  await seen.append([{ user: 'u', item: 'i', time: 0 }]);
  await shadowed.load(receiver);
  expect(got.fed).toBe(1);
  still = true;
  await seen.append([{ user: 'u', item: 'j', time: 0 }]);
  expect(got.fed).toBe(2);
  shadowed.leave(receiver);
  await seen.append([{ user: 'u', item: 'k', time: 0 }]);
  expect(got.fed).toBe(2);
  seen.items.stop();
});
