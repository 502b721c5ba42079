import { connect } from 'node:net';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunningServer, ServeOptions } from '../../src/server/serve.ts';
import { draws } from '../support/property-seed.ts';
import { type Answer, ask, expectProblem, MemoryFeedback, model, raw, start } from './harness.ts';

let directory: string;
let server: RunningServer;
const limits: ServeOptions = { bodyLimit: 4096, maxK: 50 };

beforeAll(async () => {
  directory = await model('model');
  server = await start(directory, { ...limits, feedback: new MemoryFeedback() });
});

/** A success, or a problem document that blames the client. */
function expectNoFault(answer: Answer): void {
  if (answer.status === 200) return;
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.text).toBeLessThan(500);
  expectProblem(answer, answer.status);
}

const bodies: Record<string, object> = {
  '/v1/recommendations': {
    users: ['u1', 'u2'],
    k: 3,
    exclude: ['i1'],
    allow: ['i1', 'i2'],
    includeSeen: true,
    fallback: 'popular',
  },
  '/v1/recommendations/for-items': {
    items: ['i1', 'i2'],
    weights: [1, 2],
    unknown: 'skip',
    k: 3,
    diversity: 0,
    discover: 0,
  },
  '/v1/scores': { pairs: [{ user: 'u1', item: 'i1' }] },
  '/v1/feedback': { events: [{ user: 'u1', item: 'i1', time: 1, kind: 'view', weight: 2, id: 'e1' }] },
};

describe('no body makes the server fail', () => {
  test.each(Object.keys(bodies))('%s, any JSON', async (path) => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (body) => expectNoFault(await ask(server, path, body))),
      draws(60),
    );
  });

  test.each(Object.entries(bodies))('%s, a right body with one field exchanged', async (path, body) => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(0, -1, 1e308, 2 ** 53, '', '\0', '\ud800', '..', '__proto__', null, [[]], Array(200).fill('u1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(body)), anything, async (name, value) =>
        expectNoFault(await ask(server, path, { ...body, [name]: value })),
      ),
      draws(60),
    );
  });

  test.each(Object.keys(bodies))('%s, any bytes', async (path) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) =>
        expectNoFault(await ask(server, path, '', { body: bytes as Uint8Array<ArrayBuffer> })),
      ),
      draws(30),
    );
  });
});

describe('no query and no path makes the server fail', () => {
  const query = fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom('k', 'exclude', 'allow', 'includeSeen', 'fallback', 'diversity', 'discover'),
        fc.string(),
      ),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double().map(String),
        fc.constantFrom('1e9', '-0', 'true', 'popular', ''),
      ),
    ),
    { maxLength: 4 },
  );
  test('any query', async () => {
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        const text = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
        expectNoFault(await ask(server, `/v1/users/u1/recommendations?${text}`));
      }),
      draws(150),
    );
  });

  test('any path segment, encoded or not', async () => {
    const segment = fc.oneof(
      fc.string({ unit: 'binary' }).map(encode),
      fc.webSegment(),
      fc.constantFrom('%', '%2', '%c3%28', '%00'),
    );
    await fc.assert(
      fc.asyncProperty(segment, segment, async (a, b) => {
        expectNoFault(await ask(server, `/v1/users/${a}/recommendations`));
        expectNoFault(await ask(server, `/${a}/${b}`));
      }),
      draws(100),
    );
  });

  test.each([
    '/v1/users/../../etc/passwd',
    '/docs/../../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/..%2f..%2fpackage.json',
    '//v1/model',
    '/docs/rapidoc-min.js/',
    '/docs/rapidoc-min.js%00.html',
    '\\..\\v1',
    '*',
  ])('%s is nothing that the server has', async (path) => {
    const text = await raw(server, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(text).toContain('application/problem+json');
    expect(text).not.toMatch(/root:|"dependencies"/);
  });
});

/** Insists on a header with the id that the problem document has. */
function expectRequestId(answer: string): void {
  const [, id] = /x-request-id: ([\da-f-]{36})\r\n/i.exec(answer) ?? [];
  expect(answer).toContain(`"instance":"urn:taurec:request:${id}"`);
}

const encode = (text: string) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '?'));

describe('limits', () => {
  const head = (more: string) =>
    `POST /v1/scores HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

  test('deep JSON is refused', async () => {
    const deep = `${'['.repeat(1500)}${']'.repeat(1500)}`;
    expectProblem(await ask(server, '/v1/recommendations', deep), 400);
    expectProblem(await ask(server, '/v1/recommendations', `{"users":${deep}}`), 400);
  });

  test('an announced body that is too large: 413 before it is sent', async () => {
    expectProblem(await ask(server, '/v1/scores', ' '.repeat(5000)), 413, 'body-too-large');
    expect(await raw(server, head('Content-Length: 99999999999'))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('an endless body in chunks: 413', async () => {
    const chunk = `400\r\n${' '.repeat(1024)}\r\n`;
    expect(await raw(server, head('Transfer-Encoding: chunked'), ...Array(8).fill(chunk))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a body in chunks within the limit is read', async () => {
    const body = JSON.stringify({ pairs: [{ user: 'u1', item: 'i1' }] });
    const pieces = [...body].map((c) => `1\r\n${c}\r\n`);
    const text = await raw(server, head('Transfer-Encoding: chunked\r\nConnection: close'), ...pieces, '0\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('"scores":[');
  });

  test.each([
    ['half a head', 'GET /v1/model HTTP/1.1\r\nHost: localhost\r\nX-Slow: '],
    ['half a body', `${head('Content-Length: 100')}{"pairs"`],
  ])('%s, and then nothing: 408, and the connection is closed', async (_, text) => {
    const hurried = await start(directory, { headersTimeout: 0.4, requestTimeout: 0.8 });
    const answer = await raw(hurried, text);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expectRequestId(answer);
    expect((await ask(hurried, '/readyz')).status).toBe(200);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', head('Content-Length: 5\r\nContent-Length: 6'), 400],
    ['a length and chunks', head('Content-Length: 5\r\nTransfer-Encoding: chunked'), 400],
    ['a host that is none', 'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
  ])('%s: a problem document', async (_, text, status) => {
    const answer = await raw(server, text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('"type":"urn:taurec:problem:');
    expectRequestId(answer);
  });

  test('clients that go away before their answer cost nothing', async () => {
    const request = 'GET /v1/users/u1/recommendations HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (let i = 0; i < 50; i++) {
      const socket = connect(server.port, server.host, () => socket.write(request, () => socket.destroy()));
    }
    expect((await ask(server, '/v1/users/u1/recommendations')).status).toBe(200);
  });

  test('more requests than may wait: 503 with Retry-After, the others are served', async () => {
    const narrow = await start(directory, { queueLimit: 2 });
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => ask(narrow, '/v1/recommendations', { users: Array(1000).fill('u1'), k: 1 })),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(60);
    for (const answer of refused) {
      expectProblem(answer, 503, 'overloaded');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });

  test('no answer in time: 504', async () => {
    const hurried = await start(directory, { deadline: 0.001 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(hurried, '/v1/recommendations', { users: Array(1000).fill('u1'), k: 60 })),
    );
    const late = answers.filter(({ status }) => status === 504);
    expect(late.length).toBeGreaterThan(0);
    expectProblem(late[0]!, 504, 'deadline');
  });
});

describe('a token', () => {
  const token = 'a-token-of-some-length';
  let closed: RunningServer;
  beforeAll(async () => {
    closed = await start(directory, { token });
  });
  const bring = (authorization: string, path = '/v1/scores', body: unknown = { pairs: [{ user: 'u1', item: 'i1' }] }) =>
    ask(closed, path, body, { headers: { Authorization: authorization } });

  test('opens everything', async () => {
    expect((await bring(`Bearer ${token}`)).status).toBe(200);
    expect((await bring(`bearer  ${token}`)).status).toBe(200);
    expect((await bring(`Bearer ${token}`, '/v1/reload', {})).json.outcome).toBe('opened');
  });

  test.each([
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    token,
    `Basic ${btoa(`x:${token}`)}`,
  ])('%j does not', async (authorization) => {
    const answer = await bring(authorization);
    expectProblem(answer, 401, 'no-token');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="taurec"');
    expect(answer.text).not.toContain(token);
  });

  test('is asked for before anything else is said', async () => {
    for (const path of [
      '/v1/model',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/',
      '/nothing',
      '/v1/users/u1/recommendations',
    ]) {
      expectProblem(await ask(closed, path), 401, 'no-token');
    }
    expect((await ask(closed, '/healthz')).status).toBe(200);
    expect((await ask(closed, '/readyz')).status).toBe(200);
  });

  test('a browser may bring it to pages as a password', async () => {
    const basic = { headers: { Authorization: `Basic ${btoa(`anybody:${token}`)}` } };
    expect((await ask(closed, '/docs', undefined, basic)).status).toBe(200);
    expectProblem(await ask(closed, '/v1/users/u1/recommendations', undefined, basic), 401);
    expect((await ask(closed, '/docs')).headers.get('www-authenticate')).toBe('Basic realm="taurec"');
  });
});

describe('the name by which a server is asked', () => {
  /** The status of an answer to a request with this Host. */
  const asked = async (of: RunningServer, host: string, path = '/v1/model', head = '') => {
    const text = await raw(of, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${head}Connection: close\r\n\r\n`);
    return Number(text.split(' ')[1]);
  };
  const port = () => server.port;

  test.each(['127.0.0.1', 'localhost', 'LOCALHOST', 'films.localhost', '[::1]', '192.168.1.7'])(
    '%s is no name of a foreign page',
    async (name) => {
      expect(await asked(server, name)).toBe(200);
      expect(await asked(server, `${name}:${port()}`)).toBe(200);
    },
  );

  test.each(['evil.example', 'localhost.evil.example', 'evillocalhost', '127.0.0.1.evil.example', '1.2.3.4.5'])(
    '%s may be one',
    async (name) => {
      for (const path of ['/v1/model', '/docs', '/nothing', '/healthz', '/metrics'])
        expect(await asked(server, `${name}:${port()}`, path)).toBe(421);
    },
  );

  test('the answer says what to do', async () => {
    const text = await raw(server, 'GET / HTTP/1.1\r\nHost: Evil.example:80\r\nConnection: close\r\n\r\n');
    expect(text).toContain('"code":"wrong-host"');
    expect(text).toContain('--allowed-hosts');
  });

  test('names that are allowed, a token, and an address beyond loopback let it pass', async () => {
    const named = await start(directory, { allowedHosts: ['Shop.example'] });
    expect(await asked(named, 'shop.EXAMPLE:8080')).toBe(200);
    expect(await asked(named, 'www.shop.example')).toBe(421);
    const token = 'a-token-of-some-length';
    const closed = await start(directory, { token });
    expect(await asked(closed, 'evil.example')).toBe(401);
    expect(await asked(closed, 'shop.example', '/v1/model', `Authorization: Bearer ${token}\r\n`)).toBe(200);
    const open = await start(directory, { host: '0.0.0.0' });
    expect(await asked({ ...open, host: '127.0.0.1', port: open.port } as RunningServer, 'shop.example')).toBe(200);
  });

  test.each(['', 'shop.example:80', 'https://shop.example', 'a/b'])('%j is no name to allow', async (name) => {
    await expect(start(directory, { allowedHosts: [name] })).rejects.toMatchObject({
      code: 'bad-option',
      facts: { option: 'allowedHosts' },
    });
  });
});

describe('browsers', () => {
  const origin = 'https://shop.example';
  let shop: RunningServer;
  beforeAll(async () => {
    shop = await start(directory, { cors: [origin], token: 'a-token-of-some-length' });
  });
  const preflight = (from: string) =>
    ask(shop, '/v1/recommendations', undefined, {
      method: 'OPTIONS',
      headers: {
        Origin: from,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,authorization',
      },
    });

  test('the preflight of a known origin is answered, without a token', async () => {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    expect(headers.get('access-control-allow-headers')!.toLowerCase()).toContain('authorization');
  });

  test('an answer names the origin; a foreign origin is not named', async () => {
    const headers = { Origin: origin, Authorization: 'Bearer a-token-of-some-length' };
    const answer = await ask(shop, '/v1/recommendations', { users: ['u1'] }, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('errors can be read by a known origin, too', async () => {
    const answer = await ask(shop, '/v1/recommendations', { users: ['u1'] }, { headers: { Origin: origin } });
    expectProblem(answer, 401);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('without --cors nothing is allowed', async () => {
    const answer = await ask(server, '/v1/recommendations', undefined, {
      method: 'OPTIONS',
      headers: { Origin: origin },
    });
    expectProblem(answer, 405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
