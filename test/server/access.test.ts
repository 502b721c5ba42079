import { beforeAll, describe, expect, test } from 'vitest';
import { Access, signUserToken } from '../../src/server/access.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { ask, expectProblem, MemoryFeedback, model, raw, start } from './harness.ts';

const key = 'a-key-of-at-least-32-characters!!';
const tokens = {
  all: 'the-token-of-all-scopes',
  public: 'a-token-for-web-pages',
  read: 'a-token-for-the-reader',
  write: 'a-token-for-the-writer',
  admin: 'a-token-for-the-admin',
};
let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = await model('model');
  server = await start(directory, {
    token: tokens.all,
    tokens: (['public', 'read', 'write', 'admin'] as const).map((scope) => ({ token: tokens[scope], scopes: [scope] })),
    userKey: key,
    feedback: new MemoryFeedback(),
  });
});
const bring = (token: string, path: string, body?: unknown, method?: string) =>
  ask(server, path, body, { headers: { Authorization: `Bearer ${token}` }, ...(method && { method }) });
const soon = () => Math.floor(Date.now() / 1000) + 60;

describe('scopes', () => {
  const requests: readonly [path: string, body: unknown, ...scopes: (keyof typeof tokens)[]][] = [
    ['/v1/users/u1/recommendations', undefined, 'read'],
    ['/v1/recommendations', { users: ['u1'] }, 'read'],
    ['/v1/scores', { pairs: [{ user: 'u1', item: 'i1' }] }, 'read'],
    ['/v1/model', undefined, 'read'],
    ['/v1/items/i1/similar', undefined, 'public', 'read', 'write', 'admin'],
    ['/v1/popular?k=3', undefined, 'public', 'read', 'write', 'admin'],
    ['/v1/trending?k=3', undefined, 'public', 'read', 'write', 'admin'],
    ['/v1/recommendations/for-items', { items: ['i1'] }, 'public', 'read', 'write', 'admin'],
    ['/v1/feedback', { events: [{ user: 'u1', item: 'i1' }] }, 'public', 'read', 'write', 'admin'],
    ['/metrics', undefined, 'admin'],
  ];
  test.each(requests)('%s', async (path, body, ...scopes) => {
    for (const [scope, token] of Object.entries(tokens)) {
      const answer = await bring(token, path, body);
      if (scope === 'all' || (scopes as string[]).includes(scope))
        expect(answer.status, `${scope}: ${answer.text}`).toBe(200);
      else expectProblem(answer, 403, 'no-scope');
    }
    expectProblem(await ask(server, path, body), 401, 'no-token');
  });

  test('reload needs admin', async () => {
    expectProblem(await bring(tokens.write, '/v1/reload', ''), 403, 'no-scope');
    expect((await bring(tokens.admin, '/v1/reload', '')).status).toBe(200);
  });
});

describe('a token signed for a user', () => {
  test('reads the lists of that user, and public ones, and sends feedback of that user', async () => {
    for (const user of ['u1', 'ä“ö” / ?.%']) {
      const token = signUserToken(key, user, soon());
      const path = `/v1/users/${encodeURIComponent(user)}/recommendations?fallback=popular`;
      expect((await bring(token, path)).status).toBe(200);
      expectProblem(await bring(token, '/v1/users/u2/recommendations'), 403, 'no-scope');
      expectProblem(await bring(token, '/v1/recommendations', { users: [user] }), 403, 'no-scope');
      expect((await bring(token, '/v1/popular')).status).toBe(200);
      expect((await bring(token, '/v1/feedback', { events: [{ user, item: 'i1' }] })).status).toBe(200);
      expectProblem(await bring(token, '/v1/feedback', { events: [{ user: 'u2', item: 'i1' }] }), 403, 'no-scope');
      expectProblem(await bring(token, `/v1/users/${encodeURIComponent(user)}`, undefined, 'DELETE'), 403, 'no-scope');
    }
  });

  test('an expired, foreign or changed one is wrong', async () => {
    const good = signUserToken(key, 'u1', soon());
    const [version, , expires, signature] = good.split('.');
    const other = Buffer.from('u2').toString('base64url');
    const wrong = [
      signUserToken(key, 'u1', soon() - 120),
      signUserToken('another-key-of-32-characters-....', 'u1', soon()),
      [version, other, expires, signature].join('.'),
      `${good}.x`,
      good.slice(0, -1),
    ];
    for (const token of wrong) expectProblem(await bring(token, '/v1/users/u1/recommendations'), 401, 'no-token');
    const open = new Access({ userKey: key });
    expect(() => open.check(undefined, { scopes: ['public'] })).toThrow();
    expect(open.check(`Bearer ${good}`, { scopes: ['read'], user: 'u1' })).toBe('u1');
  });
});

test('DELETE /v1/users/{user} removes a person from model and feedback', async () => {
  const log = new MemoryFeedback();
  const erasing = Object.assign(log, {
    async forget(user: string) {
      const before = log.stored.length;
      log.stored.splice(0, before, ...log.stored.filter((event) => event.user !== user));
      return before - log.stored.length;
    },
  });
  const own = await start(await model('erasing'), {
    tokens: [{ token: tokens.write, scopes: ['write', 'read'] }],
    feedback: erasing,
  });
  const headers = { Authorization: `Bearer ${tokens.write}` };
  await ask(
    own,
    '/v1/feedback',
    {
      events: [
        { user: 'u1', item: 'i1' },
        { user: 'u2', item: 'i1' },
      ],
    },
    { headers },
  );
  const { status, json, text } = await ask(own, '/v1/users/u1', undefined, { method: 'DELETE', headers });
  expect([status, json?.model, json?.feedback], text).toEqual([200, true, 1]);
  expectProblem(await ask(own, '/v1/users/u1/recommendations', undefined, { headers }), 404, 'unknown-id');
  expect((await ask(own, '/v1/users/u2/recommendations', undefined, { headers })).status).toBe(200);
  expect(log.stored.map(({ user }) => user)).toEqual(['u2']);
  const again = await ask(own, '/v1/users/u1', undefined, { method: 'DELETE', headers });
  expect(again.json).toEqual({ model: false, interactions: 0, feedback: 0 });
  const open = await start(directory);
  expectProblem(await ask(open, '/v1/users/u1', undefined, { method: 'DELETE' }), 403, 'erase-closed');
});

describe('HTTP', () => {
  test('1.0 without Host', async () => {
    expect(await raw(server, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    ['1.1 without Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['headers of 20 KiB', `GET /?x=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['garbage', 'no HTTP\r\n\r\n', 400],
  ])('%s gets a problem document', async (_, bytes, status) => {
    const answer = await raw(server, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/application\/problem\+json/i);
    if (status === 431) expect(answer).toContain('POST /v1/recommendations');
  });

  test('a valid request before garbage keeps its answer', async () => {
    const get = `GET /v1/popular?k=2 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokens.read}\r\n\r\n`;
    const answer = await raw(server, `${get}\0garbage\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"items":[\s\S]*HTTP\/1\.1 400 /);
  });
});

describe('feedback', () => {
  test('a view hides nothing, unless the operator says so', async () => {
    for (const [visibleKinds, hidden] of [
      [undefined, false],
      [['click'], true],
    ] as const) {
      const own = await start(directory, {
        feedback: new MemoryFeedback(),
        ...(visibleKinds && { visibleKinds: [...visibleKinds] }),
      });
      const best = (await ask(own, '/v1/users/u1/recommendations?k=1')).json.items[0].id;
      await ask(own, '/v1/feedback', { events: [{ user: 'u1', item: best, kind: 'view' }] });
      expect((await ask(own, '/v1/users/u1/recommendations?k=1')).json.items[0].id === best).toBe(!hidden);
    }
  });

  test('times in ISO 8601', async () => {
    const log = new MemoryFeedback();
    const own = await start(directory, { feedback: log });
    const event = { user: 'u1', item: 'i1', time: '2026-05-31T12:00:00.5+02:00' };
    expect((await ask(own, '/v1/feedback', { events: [event] })).status).toBe(200);
    expect(log.stored[0]!.time).toBe(Date.UTC(2026, 4, 31, 10) / 1000 + 0.5);
    for (const time of ['yesterday', '2026-05-31T12:00:00', 2e11]) {
      expectProblem(await ask(own, '/v1/feedback', { events: [{ ...event, time }] }), 400, 'bad-request');
    }
  });

  test('a log that can be read but not written: not ready', async () => {
    const log = new MemoryFeedback();
    const own = await start(directory, { feedback: log });
    const { append } = log;
    log.append = () => Promise.reject(new Error('the disk is full'));
    expect((await ask(own, '/readyz')).status).toBe(200);
    expectProblem(await ask(own, '/v1/feedback', { events: [{ user: 'u1', item: 'i1' }] }), 503, 'feedback-failed');
    expectProblem(await ask(own, '/readyz'), 503, 'feedback-failed');
    log.append = append;
    await ask(own, '/v1/feedback', { events: [{ user: 'u1', item: 'i1' }] });
    expect((await ask(own, '/readyz')).status).toBe(200);
  });
});
