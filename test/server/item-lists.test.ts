import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { servedKinds } from '../../src/data/event-kinds.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { Trends } from '../../src/feedback/trends.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import type { FeedbackColumns } from '../../src/server/scoring-protocol.ts';
import { SeenFeedback } from '../../src/server/seen-feedback.ts';
import { plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, MemoryFeedback, start } from './harness.ts';

const directory = join(folder, 'shop');
const ids = Array.from({ length: 60 }, (_, i) => `i${i}`);
let library: Recommender;
beforeAll(async () => {
  const [plain] = fc.sample(plainCatalogues(fc.constant(ids)), { numRuns: 1, seed: 2 });
  const bare = randomModel({ users: 30, items: 60, dimension: 8 });
  await saveModel(directory, { ...bare, catalogue: Catalogue.from(tableOf(plain!), bare.itemIds) });
  library = await Recommender.open(directory, { threads: 1 });
  return () => library.close();
});
afterEach(() => void vi.useRealTimers());

const where = { or: [{ price: { lte: 2 } }, { category: { any: ['red'] } }], available: true };
const filters = `where=${encodeURIComponent(JSON.stringify(where))}&atMost=${encodeURIComponent('{"brand":2}')}&exclude=i3&exclude=i9&k=12`;
const options = { k: 12, where, atMost: { brand: 2 }, exclude: ['i3', 'i9'] };
const itemsOf = async (server: Awaited<ReturnType<typeof start>>, path: string) => (await ask(server, path)).json.items;
const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

test('popular and latest items over HTTP are those of the library, with the filters of the server', async () => {
  const server = await start(directory);
  expect(await itemsOf(server, `/v1/popular?${filters}`)).toEqual(library.popular(options));
  expect(await itemsOf(server, `/v1/latest?${filters}`)).toEqual(library.latest(options));
  expect(await itemsOf(server, '/v1/latest?time=released')).toEqual(library.latest());
  expect(library.latest(options).length).toBeGreaterThan(3);
  const filtering = await start(directory, { where: { available: true }, filters: { cheap: { price: { lte: 2 } } } });
  const both = { where: { and: [{ available: true }, { price: { lte: 2 } }] } };
  expect(await itemsOf(filtering, '/v1/latest?where=cheap')).toEqual(library.latest(both));
  expect(await itemsOf(filtering, '/v1/popular')).toEqual(library.popular({ where: { available: true } }));
  const wrong = await ask(server, '/v1/latest?time=price');
  expectProblem(wrong, 400, 'bad-option');
  expect(wrong.json.detail).toMatch(/got "price, a number", expected an attribute of the type time: released\./);
  expectProblem(await ask(server, '/v1/latest?time=colour'), 400, 'unknown-name');
  expectProblem(await ask(server, '/v1/latest?window=7d'), 400, 'bad-request');
  const bare = join(folder, 'bare');
  await saveModel(bare, randomModel({ users: 4, items: 4 }));
  expectProblem(await ask(await start(bare), '/v1/latest'), 400, 'no-catalogue');
});

test('trending items are those of the log: what was there, what comes, without who is erased; edited and filtered as others', async () => {
  const place = join(folder, 'trends.db');
  const now = Math.floor(Date.now() / 1000);
  const log = await openFeedback(place);
  const event = (user: string, item: string, age = 0, kind = 'purchase') => ({ user, item, kind, time: now - age });
  await log.append([
    ...Array.from({ length: 200 }, (_, n) => event(`p${n % 23}`, `i${(n * n) % 17}`, (n * 3571) % 500_000)),
    event('p1', 'i50', 700_000),
    event('p2', 'nowhere'),
    ...Array.from({ length: 40 }, () => event('bot', 'i40')),
    ...Array.from({ length: 40 }, (_, n) => event(`p${n}`, 'i41', 0, 'impression')),
  ]);
  const server = await start(directory, {
    feedback: log,
    token: 'a-token-of-sixteen',
    where: { not: { price: 4711 } },
  });
  const headers = { Authorization: 'Bearer a-token-of-sixteen' };
  const trending = async (query = '') =>
    (await ask(server, `/v1/trending?${query}`, undefined, { headers })).json.items as { id: string; score: number }[];
  const expected = async (given: object) => {
    const reading = await openFeedback(place);
    const trends = await Trends.read(reading, {});
    await reading.close();
    return library.trending(trends, given);
  };
  const check = async (query: string, given: object) => {
    const [got, want] = [await trending(query), await expected(given)];
    expect(idsOf(got)).toEqual(idsOf(want));
    got.forEach(({ score }, at) => {
      expect(score).toBeCloseTo(want[at]!.score, 3);
    });
    return got;
  };
  const first = await check('k=50', { k: 50 });
  expect(first.length).toBeGreaterThan(5);
  expect(first.find(({ id }) => id === 'i40')!.score).toBeCloseTo(1, 3);
  expect(idsOf(first)).not.toContain('i41');
  expect(idsOf(first)).not.toContain('i50');
  await check(filters, options);
  await check('window=6h&halfLife=1h&k=50', { window: '6h', halfLife: 3600, k: 50 });
  const long = await ask(server, '/v1/trending?window=8d', undefined, { headers });
  expectProblem(long, 400, 'bad-option');
  const body = { events: ids.slice(50, 58).map((item) => ({ user: 'new', item, kind: 'like' })) };
  expect((await ask(server, '/v1/feedback', body, { headers })).status).toBe(200);
  await vi.waitFor(async () => expect(idsOf(await trending('k=50&window=3d'))).toContain('i55'), { timeout: 3000 });
  expect((await ask(server, '/v1/users/new', undefined, { method: 'DELETE', headers })).json.feedback).toBe(8);
  expect(idsOf(await trending('k=50&window=3d'))).not.toContain('i55');
  await ask(server, '/v1/items/i40', undefined, { method: 'DELETE', headers });
  expect(idsOf(await trending('k=50'))).not.toContain('i40');
});

test('without feedback there is nothing to trend: 404 says how', async () => {
  const answer = await ask(await start(directory), '/v1/trending');
  expectProblem(answer, 404, 'feedback-off');
  expect(answer.json.detail).toMatch(/--feedback PLACE/);
});

/** A receiver that keeps what it is fed. */
function receiver() {
  const fed: string[] = [];
  return {
    fed,
    async feed({ users, items, kinds, times }: FeedbackColumns) {
      users.forEach((user, at) => {
        fed.push([user, items[at], kinds[at], times[at]].join(' '));
      });
    },
    async forget(user: string) {
      fed.push(`forget ${user}`);
    },
    async editItems() {},
  };
}

test('events that other servers store come within seconds, all of them, and never after the erasure of their user', async () => {
  vi.useFakeTimers();
  const log = new MemoryFeedback();
  const forget = async (user: string) => {
    const left = log.stored.filter((event) => event.user !== user);
    const removed = log.stored.length - left.length;
    log.stored.splice(0, log.stored.length, ...left);
    return removed;
  };
  const seen = new SeenFeedback(Object.assign(log, { forget }), servedKinds(undefined));
  const event = (user: string, item: string) => ({ user, item, time: 5 });
  await log.append([event('a', 'x')]);
  const first = receiver();
  await seen.load(first);
  expect(first.fed).toEqual(['a x interaction 5']);
  // Another server writes; a second receiver reads it while it loads, and the first gets it all the same.
  await log.append([event('b', 'y'), event('b', 'z')]);
  const second = receiver();
  await seen.load(second);
  expect(first.fed).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3000);
  expect(first.fed.slice(1)).toEqual(['b y interaction 5', 'b z interaction 5']);
  // A look that reads while a user is erased ends first.
  await log.append([event('c', 'x'), event('c', 'y')]);
  const read = log.read.bind(log);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  log.read = async function* (after) {
    for await (const page of read(after)) {
      await held;
      yield page;
    }
  };
  await vi.advanceTimersByTimeAsync(3000);
  const erased = seen.forget('c');
  await vi.advanceTimersByTimeAsync(10);
  expect(first.fed).toHaveLength(3);
  release();
  expect(await erased).toBe(2);
  expect(first.fed.slice(3)).toEqual(['c x interaction 5', 'c y interaction 5', 'forget c']);
  seen.stop();
  await log.append([event('d', 'x')]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(first.fed).toHaveLength(6);
});
