import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { Recommender } from '../../src/recommender/recommender.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import { defaultLimits, requestSchemas } from '../../src/server/schemas.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { ask, expectProblem, model, oddIds, someList, start } from './harness.ts';

let server: RunningServer;
let library: Recommender;
const userIds = [...Array.from({ length: 20 }, (_, u) => `u${u}`), ...oddIds];
const itemIds = [...Array.from({ length: 60 }, (_, i) => `i${i}`), ...oddIds];

beforeAll(async () => {
  const directory = await model('model', { userIds, itemIds });
  server = await start(directory);
  library = await Recommender.open(directory, { threads: 1 });
  return () => library.close();
});

describe('every endpoint answers as the library does', () => {
  test.each([...oddIds, 'u3'])('recommendations to user %j', async (user) => {
    const { status, json } = await ask(server, `/v1/users/${encodeURIComponent(user)}/recommendations`);
    expect(status).toBe(200);
    expect(responseSchemas.list.parse(json)).toEqual({
      list: someList,
      user,
      basis: 'model',
      items: library.recommend(user),
    });
  });

  test('options in a query', async () => {
    const odd = encodeURIComponent('a/b');
    const { json } = await ask(server, `/v1/users/u1/recommendations?k=7&exclude=i1&exclude=${odd}&exclude=nothing`);
    expect(json.items).toEqual(library.recommend('u1', { k: 7, exclude: ['i1', 'a/b'] }));
    const allowed = await ask(server, '/v1/users/u1/recommendations?k=3&allow=i1&allow=i2&allow=i3&includeSeen=true');
    expect(allowed.json.items).toEqual(library.recommend('u1', { k: 3, allow: ['i1', 'i2', 'i3'], includeSeen: true }));
    const popular = await ask(server, '/v1/users/nobody/recommendations?fallback=popular');
    expect(popular.json).toEqual({
      list: someList,
      user: 'nobody',
      basis: 'popular',
      items: library.recommend('nobody', { fallback: 'popular' }),
    });
  });

  test('recommendations to many users, known and unknown', async () => {
    const options = { k: 4, exclude: ['i5', 7], includeSeen: false, fallback: 'popular' as const };
    const users = ['u0', 'nobody', ...oddIds, 'u0'];
    const { json } = await ask(server, '/v1/recommendations', { users, ...options });
    const lists = library.recommend(users, options);
    expect(responseSchemas.lists.parse(json).recommendations).toEqual(
      users.map((user, u) => ({
        list: someList,
        user,
        basis: user === 'nobody' ? 'popular' : 'model',
        items: lists[u],
      })),
    );
  });

  test('more users than a batch has', async () => {
    const users = Array.from({ length: 1000 }, (_, u) => `u${u % 20}`);
    const { json } = await ask(server, '/v1/recommendations', { users, k: 3 });
    const lists = library.recommend(users, { k: 3 });
    expect(json.recommendations.map(({ items }: { items: unknown }) => items)).toEqual(lists);
  });

  test('recommendations for items', async () => {
    const body = { items: ['i1', 'a/b', 'nothing'], weights: [1, 2, 1], unknown: 'skip', k: 5, exclude: ['i9'] };
    const { json } = await ask(server, '/v1/recommendations/for-items', body);
    const { items, ...options } = body;
    expect(responseSchemas.items.parse(json).items).toEqual(
      library.recommendFor(items, { ...options, unknown: 'skip' }),
    );
  });

  test('similar items', async () => {
    const { json } = await ask(server, `/v1/items/${encodeURIComponent('100%')}/similar?k=4`);
    expect(responseSchemas.similar.parse(json)).toEqual({
      list: someList,
      item: '100%',
      items: library.similarItems('100%', { k: 4 }),
    });
  });

  test('scores, beside their pairs', async () => {
    const pairs = ['u1', 'u2', 'u1', 'a b'].map((user, p) => ({ user, item: itemIds[7 * p]! }));
    const { json } = await ask(server, '/v1/scores', { pairs });
    expect(responseSchemas.scores.parse(json).scores).toEqual(
      pairs.map(({ user, item }) => library.score(user, [item])[0]),
    );
  });

  test('many at once, each with options of its own', async () => {
    const requests = Array.from({ length: 200 }, (_, at) => ({ user: userIds[at % 20]!, k: 1 + (at % 5) }));
    const answers = await Promise.all(
      requests.map(({ user, k }) => ask(server, `/v1/users/${user}/recommendations?k=${k}`)),
    );
    expect(answers.map(({ json }) => json.items)).toEqual(
      requests.map(({ user, k }) => library.recommend(user, { k })),
    );
  });
});

describe('problems', () => {
  test.each([
    ['an unknown user', '/v1/users/nobody/recommendations', undefined],
    ['an unknown user among others', '/v1/recommendations', { users: ['u1', 'nobody'] }],
    ['an unknown item', '/v1/items/nothing/similar', undefined],
    ['an unknown item to fold in', '/v1/recommendations/for-items', { items: ['nothing'] }],
    ['an unknown pair', '/v1/scores', { pairs: [{ user: 'u1', item: 'nothing' }] }],
  ])('%s: 404 unknown-id', async (_, path, body) => {
    const answer = await ask(server, path, body);
    expectProblem(answer, 404, 'unknown-id');
    expect(answer.json.detail).toMatch(/nobody|nothing/);
    expect(answer.json.detail).not.toMatch(/recommendFor/);
  });

  test.each<[string, string, unknown, readonly string[]]>([
    ['k of 0', '/v1/users/u1/recommendations?k=0', undefined, ['k']],
    ['a huge k', '/v1/users/u1/recommendations?k=1001', undefined, ['k']],
    ['an endless k', '/v1/users/u1/recommendations?k=1e9', undefined, ['k']],
    ['two ks', '/v1/users/u1/recommendations?k=1&k=2', undefined, ['k']],
    ['a misspelt option', '/v1/users/u1/recommendations?K=3', undefined, ['K']],
    ['neither true nor false', '/v1/users/u1/recommendations?includeSeen=1', undefined, ['includeSeen']],
    ['a diversity above 1', '/v1/users/u1/recommendations?diversity=1.5', undefined, ['diversity']],
    ['no percent-encoding', '/v1/users/%zz/recommendations', undefined, ['user']],
    ['no UTF-8', '/v1/users/%ff/recommendations', undefined, ['user']],
    ['NUL', '/v1/items/a%00b/similar', undefined, ['item']],
    ['a long id', `/v1/users/${'x'.repeat(600)}/recommendations`, undefined, ['user']],
    ['no users', '/v1/recommendations', { users: [] }, ['users']],
    ['wrong users', '/v1/recommendations', { users: ['u1', '', null, 1.5] }, ['users[1]', 'users[2]', 'users[3]']],
    ['half a surrogate pair', '/v1/recommendations', '{"users":["\\ud800"]}', ['users[0]']],
    ['too many users', '/v1/recommendations', { users: Array(1001).fill('u1') }, ['users']],
    ['too many items in all', '/v1/recommendations', { users: Array(1000).fill('u1'), k: 101 }, ['k']],
    ['a list', '/v1/recommendations', [1], ['']],
    ['no JSON', '/v1/recommendations', '{"users":', ['']],
    ['a prototype', '/v1/recommendations', '{"users":["u1"],"__proto__":{"k":1}}', ['__proto__']],
    ['a weight of 0', '/v1/recommendations/for-items', { items: ['i1'], weights: [0] }, ['weights[0]']],
    ['too few weights', '/v1/recommendations/for-items', { items: ['i1', 'i2'], weights: [1] }, ['weights']],
    [
      'weights that floats of 32 bits do not have',
      '/v1/recommendations/for-items',
      { items: ['i1', 'i2', 'i3'], weights: [1e39, 1, 1e-50] },
      ['weights[0]', 'weights[2]'],
    ],
    ['too many items', '/v1/recommendations/for-items', { items: Array(1001).fill('i1') }, ['items']],
    ['no item', '/v1/recommendations/for-items', { items: [] }, ['items']],
    ['a pair of one', '/v1/scores', { pairs: [{ user: 'u1' }] }, ['pairs[0].item']],
  ])('%s: 400, with the field', async (_, path, body, fields) => {
    const answer = await ask(server, path, body);
    expectProblem(answer, 400);
    expect(answer.json.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
    for (const { got, expected } of answer.json.errors) expect(got.length * expected.length).toBeGreaterThan(0);
  });

  test('no such path, and no such method', async () => {
    expectProblem(await ask(server, '/v2/users'), 404, 'no-route');
    expectProblem(await ask(server, '/v1/users//recommendations'), 404, 'no-route');
    const wrong = await ask(server, '/v1/model', undefined, { method: 'DELETE' });
    expectProblem(wrong, 405, 'wrong-method');
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    expectProblem(await ask(server, '/v1/users/u1/recommendations', {}), 405, 'wrong-method');
  });

  test('no JSON by its type, and a compressed body', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    expectProblem(await ask(server, '/v1/scores', {}, { headers }), 415, 'wrong-body-type');
    expectProblem(await ask(server, '/v1/scores', {}, { headers: { 'Content-Encoding': 'gzip' } }), 415);
  });

  test('reload without a token, feedback without a log', async () => {
    expectProblem(await ask(server, '/v1/reload', {}), 403, 'reload-closed');
    expectProblem(await ask(server, '/v1/feedback', { events: [{ user: 'u1', item: 'i1' }] }), 404, 'feedback-off');
  });
});

test('the largest and the least weights make lists with scores', async () => {
  for (const weights of [
    [1e30, 1e-30],
    [1e30, 1e30],
    [1e-30, 1e-30],
  ]) {
    const { status, json } = await ask(server, '/v1/recommendations/for-items', { items: ['i1', 'i2'], weights });
    expect(status).toBe(200);
    for (const { score } of json.items) expect(score).toBeTypeOf('number');
  }
});

describe('request ids', () => {
  test('a sane one is taken, any other is replaced', async () => {
    const given = await ask(server, '/healthz', undefined, { headers: { 'X-Request-Id': 'abc-1' } });
    expect(given.headers.get('x-request-id')).toBe('abc-1');
    const odd = await ask(server, '/healthz', undefined, { headers: { 'X-Request-Id': '<script>' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('operation', () => {
  test('health, readiness, model, metrics', async () => {
    expect((await ask(server, '/healthz')).json).toEqual({ status: 'ok' });
    expect((await ask(server, '/readyz')).json).toEqual({ status: 'ready' });
    const { json } = await ask(server, '/v1/model');
    expect(responseSchemas.model.parse(json)).toMatchObject({
      users: userIds.length,
      items: itemIds.length,
      dimension: 8,
      titles: true,
      revision: 1,
    });
    const metrics = await ask(server, '/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
    expect(metrics.text).toMatch(/taurec_http_request_seconds_count\{route="\/healthz",method="GET",status="200"\} \d/);
    expect(metrics.text).toMatch(/taurec_batch_users_count [1-9]/);
    expect(metrics.text).toMatch(/^taurec_ready 1$/m);
    expect(metrics.text).toMatch(/process_resident_memory_bytes \d/);
  });

  test('HEAD is GET without a body', async () => {
    const { status, text } = await ask(server, '/v1/users/u1/recommendations', undefined, { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
  });
});

describe('description', () => {
  test('the document is OpenAPI 3.1 and has every route but the pages, and no other', async () => {
    const { json } = await ask(server, '/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    const described = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const { endpointsOf } = await import('../../src/server/app.ts');
    const schemas = requestSchemas(defaultLimits);
    const routes = endpointsOf({ schemas } as Parameters<typeof endpointsOf>[0]).map((e) => `${e.method} ${e.path}`);
    const pages = ['GET /', 'GET /docs', 'GET /docs/rapidoc-min.js'];
    expect(routes.filter((route) => pages.includes(route))).toEqual(pages);
    expect([...described, ...pages].sort()).toEqual(routes.sort());
  });

  test('it has the answers to a foreign name and to a slow body', async () => {
    const { json } = await ask(server, '/openapi.json');
    for (const methods of Object.values(json.paths as Record<string, Record<string, { responses: object }>>)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        expect(responses).toHaveProperty('421');
        if (method === 'post') expect(responses).toHaveProperty('408');
      }
    }
  });

  test('every reference in it leads somewhere', async () => {
    const { json, text } = await ask(server, '/openapi.json');
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!.split('/'));
    expect(references.length).toBeGreaterThan(5);
    for (const path of references) expect(path.reduce((at, part) => at?.[part], json)).toBeTypeOf('object');
  });

  test('the page loads what the server itself has, and nothing else', async () => {
    const page = await ask(server, '/docs');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'/);
    expect(page.text).not.toMatch(/https?:/);
    const [, own] = /<script type="module">([^<]+)<\/script>/.exec(page.text)!;
    const digest = createHash('sha256').update(own!).digest('base64');
    expect(page.headers.get('content-security-policy')).toContain(`'sha256-${digest}'`);
    const [, script] = /src="([^"]+)"/.exec(page.text)!;
    const program = await ask(server, `/${script}`);
    expect(program.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(program.text).toContain('rapi-doc');
    expect((await ask(server, '/')).text).toContain('href="docs"');
  });
});
