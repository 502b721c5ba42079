import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { variantOf } from '../../src/evaluation/variant-of.ts';
import { parseListId } from '../../src/feedback/list-id.ts';
import { publishModel } from '../../src/model/versions.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import type { RunningServer, ServedModels, ServeOptions } from '../../src/server/serve.ts';
import { threadsOf } from '../../src/server/variants.ts';
import { rejectionOf } from '../support/error-of.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, MemoryFeedback, model, start } from './harness.ts';

const token = 'a-token-of-an-administrator';
const admin = { headers: { Authorization: `Bearer ${token}` } };
const split = { a: 60, b: 40 };
const users = Array.from({ length: 30 }, (_, u) => `u${u}`);

let folders: Record<'a' | 'b', string>;
let server: RunningServer;
let libraries: Record<string, Recommender>;

beforeAll(async () => {
  folders = { a: await model('a', { seed: 1 }), b: await model('b', { seed: 2 }) };
  server = await start(folders, { split });
  const open = (directory: string) => Recommender.open(directory, { threads: 1 });
  libraries = { a: await open(folders.a), b: await open(folders.b) };
  return () => Promise.all(Object.values(libraries).map((library) => library.close()));
});

describe('each person is answered by the model of their variant', () => {
  test('one by one: list and explanation', async () => {
    for (const user of users.slice(0, 12)) {
      const variant = variantOf(user, split);
      const { json } = await ask(server, `/v1/users/${user}/recommendations?k=5&place=home`);
      responseSchemas.list.parse(json);
      expect([json.variant, json.items]).toEqual([variant, libraries[variant]!.recommend(user, { k: 5 })]);
      const { version } = server.models[variant]!;
      expect(parseListId(json.list)).toEqual({ variant, version, place: 'home' });
      const item = json.items[1].id;
      const explained = await ask(server, `/v1/users/${user}/items/${encodeURIComponent(item)}/explanation`);
      responseSchemas.explanation.parse(explained.json);
      expect(explained.json).toMatchObject({ variant, place: 2 });
    }
    expect(new Set(users.slice(0, 12).map((user) => variantOf(user, split))).size).toBe(2);
  });

  test('many at once, in order, and their scores', async () => {
    const asked = [...users, 'u3', ...users.toReversed()];
    const { json } = await ask(server, '/v1/recommendations', { users: asked, k: 4 });
    const lists = responseSchemas.lists.parse(json).recommendations;
    expect(lists.map(({ user, variant, items }) => ({ user, variant, items }))).toEqual(
      asked.map((user) => {
        const variant = variantOf(user, split);
        return { user, variant, items: libraries[variant]!.recommend(user, { k: 4 }) };
      }),
    );
    const pairs = asked.map((user, at) => ({ user, item: `i${at % 60}` }));
    const scores = responseSchemas.scores.parse((await ask(server, '/v1/scores', { pairs })).json);
    expect(scores.scores).toEqual(
      pairs.map(({ user, item }) => libraries[variantOf(user, split)]!.score(user, [item])[0]),
    );
  });

  test('one unknown user fails the whole request, whichever model they belong to', async () => {
    for (const unknown of ['nobody-1', 'nobody-2', 'nobody-3', 'nobody-4']) {
      expectProblem(await ask(server, '/v1/recommendations', { users: [...users, unknown] }), 404, 'unknown-id');
    }
  });

  test('requests about nobody: by the visitor, otherwise the first model with a share', async () => {
    const visitors = ['u0', 'u1', 'u2', 'u3', 'u4', '007', 7, '1e3'];
    for (const visitor of visitors) {
      const variant = variantOf(visitor, split);
      const { similarItems, popular } = {
        similarItems: await ask(server, `/v1/items/i3/similar?visitor=${visitor}`),
        popular: await ask(server, `/v1/popular?visitor=${visitor}`),
      };
      expect(responseSchemas.similar.parse(similarItems.json)).toMatchObject({
        variant,
        items: libraries[variant]!.similarItems('i3'),
      });
      expect(responseSchemas.items.parse(popular.json)).toMatchObject({ variant });
      const body = { items: ['i1', 'i2'], visitor };
      const folded = await ask(server, '/v1/recommendations/for-items', body);
      expect(folded.json).toMatchObject({ variant, items: libraries[variant]!.recommendFor(['i1', 'i2']) });
    }
    expect((await ask(server, '/v1/popular')).json.variant).toBe('a');
  });
});

test('with equal shares by default, another seed, and a model without a share', async () => {
  const equal = await start(folders, { splitSeed: 'second' });
  const none = await start(folders, { split: { a: 0, b: 3 } });
  for (const user of users.slice(0, 12)) {
    const expected = variantOf(user, { a: 1, b: 1 }, 'second');
    expect((await ask(equal, `/v1/users/${user}/recommendations`)).json.variant).toBe(expected);
    expect((await ask(none, `/v1/users/${user}/recommendations`)).json.variant).toBe('b');
  }
  expect((await ask(none, '/v1/popular')).json.variant).toBe('b');
  expect(none.model).toEqual(none.models.b);
});

test('a single named model names itself; a single folder does not, and ignores visitors', async () => {
  const named = await start({ only: folders.a });
  const { json } = await ask(named, '/v1/users/u1/recommendations');
  expect([json.variant, parseListId(json.list)!.variant]).toEqual(['only', 'only']);
  const plain = await start(folders.a);
  const popular = await ask(plain, '/v1/popular?visitor=u1');
  expect(Object.keys(popular.json)).toEqual(['list', 'items']);
  expect((await ask(plain, '/v1/model')).json).not.toHaveProperty('variants');
  expectProblem(await ask(plain, '/v1/model?variant=a'), 400, 'bad-request');
});

describe('operation', () => {
  test('the models, one by one, and all with their shares', async () => {
    const variants = [
      { name: 'a', share: 0.6 },
      { name: 'b', share: 0.4 },
    ];
    for (const [query, variant] of [
      ['', 'a'],
      ['?variant=a', 'a'],
      ['?variant=b', 'b'],
    ] as const) {
      const { json } = await ask(server, `/v1/model${query}`);
      expect(responseSchemas.model.parse(json)).toEqual({ variant, variants, ...server.models[variant] });
    }
    const unknown = await ask(server, '/v1/model?variant=c');
    expectProblem(unknown, 400, 'bad-request');
    expect(unknown.json.errors).toEqual([{ field: 'variant', got: '"c"', expected: 'one of a, b' }]);
  });

  test('each has its own versions and reloads', async () => {
    const published = join(folder, 'published');
    for (const size of [10, 20]) await publishModel(randomModel({ users: size, items: 60, dimension: 8 }), published);
    const own = await start({ old: folders.a, new: published }, { token });
    expect(own.models.new!.version).toBe('v2');
    const post = { method: 'POST', ...admin };
    const back = await ask(own, '/v1/versions/rollback?variant=new', undefined, post);
    expect(back.json).toMatchObject({ name: 'v1', current: true });
    expect([own.models.old!.revision, own.models.new!.revision, own.models.new!.version]).toEqual([1, 2, 'v1']);
    expect((await ask(own, '/v1/versions?variant=new', undefined, admin)).json.current).toBe('v1');
    expectProblem(await ask(own, '/v1/versions?variant=old', undefined, admin), 404, 'no-versions');
    for (const path of ['/v1/versions/rollback', '/v1/versions/v2/publish', '/v1/reload'])
      expectProblem(await ask(own, path, undefined, post), 400, 'bad-request');
    expectProblem(await ask(own, '/v1/versions', undefined, admin), 400, 'bad-request');
    expect((await ask(own, '/v1/reload?variant=old', undefined, post)).json.outcome).toBe('opened');
    expect((await own.reload()).outcome).toBe('opened');
    expect([own.models.old!.revision, own.models.new!.revision]).toEqual([3, 3]);
    rmSync(join(published, 'v1', 'ids.safetensors'));
    expect(await own.reload()).toMatchObject({ outcome: 'failed' });
    expect((await ask(own, '/readyz')).status).toBe(200);
  });

  test('feedback and erasure reach every model', async () => {
    const own = {
      a: await model('erased-a', { seed: 3 }),
      b: await model('erased-b', { seed: 4 }),
    };
    const log = Object.assign(new MemoryFeedback(), { forget: async () => 2 });
    const served = await start(own, { token, feedback: log });
    const seen: Record<string, string> = {};
    for (const user of users.slice(0, 8)) {
      const path = `/v1/users/${user}/recommendations?k=1`;
      seen[user] = (await ask(served, path, undefined, admin)).json.items[0].id;
      await ask(served, '/v1/feedback', { events: [{ user, item: seen[user] }] }, admin);
      expect((await ask(served, path, undefined, admin)).json.items[0].id).not.toBe(seen[user]);
    }
    const { text } = await ask(served, '/metrics', undefined, admin);
    for (const variant of ['a', 'b']) expect(text).toContain(`taurec_feedback_users{variant="${variant}"} 8`);
    const known = served.models.a!.users;
    const { json } = await ask(served, '/v1/users/u1', undefined, { method: 'DELETE', ...admin });
    expect(json).toMatchObject({ model: true, feedback: 2 });
    expect([served.models.a!.users, served.models.b!.users]).toEqual([known - 1, known - 1]);
  });

  test('metrics by model', async () => {
    const { text } = await ask(server, '/metrics');
    for (const variant of ['a', 'b']) {
      expect(text).toMatch(new RegExp(`taurec_lists_total\\{variant="${variant}"\\} [1-9]`));
      expect(text).toMatch(new RegExp(`taurec_batch_users_count\\{variant="${variant}"\\} [1-9]`));
      expect(text).toContain(`taurec_model_revision{variant="${variant}"} 1`);
      expect(text).toContain(`taurec_waiting_requests{variant="${variant}"} 0`);
    }
    expect(text).toMatch(/^taurec_ready 1$/m);
  });
});

test('threads are for all models together, at least one each', () => {
  expect(threadsOf(1, { threads: 5 })).toEqual([5]);
  expect(threadsOf(2, { threads: 5 })).toEqual([3, 2]);
  expect(threadsOf(3, { threads: 2 })).toEqual([1, 1, 1]);
});

describe('a start is refused', () => {
  test.each<[string, (own: typeof folders) => ServedModels, ServeOptions, string]>([
    ['shares of one folder', (own) => own.a, { split: { a: 1 } }, 'split'],
    ['a share of no model', (own) => own, { split: { a: 1, c: 1 } }, 'split'],
    ['a model without a share', (own) => own, { split: { a: 1 } }, 'split'],
    ['shares of 0', (own) => own, { split: { a: 0, b: 0 } }, 'split'],
    ['a negative share', (own) => own, { split: { a: -1, b: 1 } }, 'split'],
    ['a wrong seed', (own) => own, { splitSeed: 'a:b' }, 'splitSeed'],
    ['a share of the shadow', (own) => own, { split: { a: 1, b: 1 }, shadow: 'b' }, 'split'],
    ['a shadow that is no model', (own) => own, { shadow: 'c' }, 'shadow'],
    ['a shadow of nobody', (own) => ({ a: own.a }), { shadow: 'a' }, 'shadow'],
    ['a shadow of one folder', (own) => own.a, { shadow: 'b' }, 'shadow'],
    ['no share for the shadow', (own) => own, { shadow: 'b', shadowShare: 0 }, 'shadowShare'],
    ['no model', () => ({}), {}, 'models'],
    ['a wrong name', (own) => ({ 'a.b': own.a }), {}, 'models'],
  ])('%s', async (_, models, options, option) => {
    const error = await rejectionOf(start(models(folders), options));
    expect([error.code, error.facts.option]).toEqual(['bad-option', option]);
  });

  test('a second model that is none', async () => {
    expect((await rejectionOf(start({ a: folders.a, b: join(folder, 'nowhere') }))).code).toBe('no-model');
  });
});
