import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { cookieOf, request, startFake } from './studio.ts';

const json = { 'Content-Type': 'application/json' };

/** The code of the failure in an answer. */
const codeIn = (text: string): string => (JSON.parse(text) as { failure: { code: string } }).failure.code;

describe('a studio', () => {
  it('gives its page to anybody, isolated and with a policy, and nothing else', async () => {
    const { studio } = await startFake();
    const page = await request(studio, '/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('<meta name="taurec-session" content="studio">');
    expect(page.text).not.toContain(studio.token);
    for (const path of ['/', '/assets/app.js', '/api/events', '/missing']) {
      const { headers } = await request(studio, path);
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toBe(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each([
    ['POST', '/api/calls/about', '[]'],
    ['GET', '/api/events', undefined],
    ['POST', '/api/files?name=a.csv', 'user,item'],
    ['POST', '/api/archives?name=a', 'zip'],
    ['GET', '/api/archives/run', undefined],
    ['GET', '/api/unknown', undefined],
    ['DELETE', '/api/calls/about', undefined],
  ])('answers %s %s only with the cookie', async (method, path, body) => {
    const { studio, fake } = await startFake();
    const octets = { 'Content-Type': path.includes('calls') ? 'application/json' : 'application/octet-stream' };
    for (const cookie of [undefined, 'taurec-studio=x', `taurec-studio-${new URL(studio.url).port}=${studio.token}`]) {
      const { status, text, headers } = await request(studio, path, {
        method,
        headers: { ...octets, ...(cookie && { Cookie: cookie }) },
        body,
      });
      expect(status).toBe(401);
      expect(codeIn(text)).toBe('studio-closed');
      expect(headers['cache-control']).toBe('no-store');
    }
    expect(fake.got).toEqual([]);
  });

  it('exchanges its token for a cookie that scripts and other sites do not get', async () => {
    const { studio } = await startFake();
    const join = (token: unknown) =>
      request(studio, '/api/session', { method: 'POST', headers: json, body: JSON.stringify({ token }) });
    for (const wrong of ['', 'x', studio.token.slice(1), `${studio.token}x`, null, 7, { a: 1 }, undefined]) {
      const { status, text, headers } = await join(wrong);
      expect(status).toBe(401);
      expect(codeIn(text)).toBe('studio-closed');
      expect(headers['set-cookie']).toBeUndefined();
    }
    const first = await join(studio.token);
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/^taurec-studio-\d+=[\w-]{43}; Path=\/api\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(studio.token);
    // The printed address opens a second browser too.
    expect((await join(studio.token)).headers['set-cookie']).toEqual([cookie]);
  });

  it('has secrets of its own', async () => {
    const [a, b] = [await startFake(), await startFake()];
    expect(a.studio.token).not.toBe(b.studio.token);
    const secret = (await cookieOf(a.studio)).split('=')[1]!;
    const Cookie = `taurec-studio-${new URL(b.studio.url).port}=${secret}`;
    const { status } = await request(b.studio, '/api/events', { headers: { Cookie } });
    expect(status).toBe(401);
  });

  it.each(['evil.example', 'evil.example:8085', '127.0.0.1.evil.example', 'localhost@evil.example', 'localhost/..'])(
    'answers nothing to the host %s',
    async (Host) => {
      const { studio } = await startFake();
      const Cookie = await cookieOf(studio);
      for (const path of ['/', '/assets/app.js', '/api/events']) {
        const { status, text } = await request(studio, path, { headers: { Host, Cookie } });
        expect([400, 421]).toContain(status);
        expect(text).not.toContain('studio">');
      }
    },
  );

  it('answers to the names that it was given', async () => {
    const { studio } = await startFake({ allowedHosts: ['studio.example'] });
    expect((await request(studio, '/', { headers: { Host: 'studio.example:8085' } })).status).toBe(200);
    expect((await request(studio, '/', { headers: { Host: 'other.example' } })).status).toBe(421);
  });

  it.each([
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    // Another port of this machine is of the same site, and its browser sends the cookie.
    { Origin: 'http://127.0.0.1:1' },
    { Origin: 'http://localhost' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'file://127.0.0.1' },
  ] as Record<string, string>[])('does nothing for a page of another origin: %o', async (foreign) => {
    const { studio, fake } = await startFake();
    fake.answers.about = () => ({});
    const Cookie = await cookieOf(studio);
    const call = (headers: Record<string, string>) =>
      request(studio, '/api/calls/about', { method: 'POST', headers: { ...json, Cookie, ...headers }, body: '[]' });
    const { status, text } = await call(foreign);
    expect(status).toBe(403);
    expect(codeIn(text)).toBe('foreign-page');
    expect(fake.got).toEqual([]);
    const token = JSON.stringify({ token: studio.token });
    const joined = await request(studio, '/api/session', {
      method: 'POST',
      headers: { ...json, ...foreign },
      body: token,
    });
    expect(joined.status).toBe(403);
    const own = { Origin: new URL(studio.url).origin, 'Sec-Fetch-Site': 'same-origin' };
    expect((await call(own)).status).toBe(200);
  });

  it('reads no bodies of types that a foreign form can send', async () => {
    const { studio, fake } = await startFake();
    const Cookie = await cookieOf(studio);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      for (const path of ['/api/calls/about', '/api/files?name=a.csv', '/api/archives?name=a']) {
        const { status } = await request(studio, path, {
          method: 'POST',
          headers: { Cookie, 'Content-Type': type },
          body: '[]',
        });
        expect(status).toBe(415);
      }
    }
    expect(fake.got).toEqual([]);
  });

  it('limits the bodies of calls and of the token', async () => {
    const { studio } = await startFake();
    const Cookie = await cookieOf(studio);
    const send = (path: string, bytes: number) =>
      request(studio, path, { method: 'POST', headers: { ...json, Cookie }, body: `["${'x'.repeat(bytes)}"]` });
    expect((await send('/api/calls/data', 2 ** 20)).status).toBe(413);
    expect((await send('/api/session', 5000)).status).toBe(413);
    const deep = await request(studio, '/api/calls/data', {
      method: 'POST',
      headers: { ...json, Cookie },
      body: '['.repeat(200_000) + ']'.repeat(200_000),
    });
    expect(deep.status).toBe(400);
  });

  it('lets a client that never ends its request wait, and serves others', async () => {
    const { studio, fake } = await startFake();
    fake.answers.about = () => ({ kind: 'server' });
    const { hostname, port } = new URL(studio.url);
    const slow = connect(Number(port), hostname);
    slow.on('error', () => {});
    slow.write(
      'POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    const headers = { ...json, Cookie: await cookieOf(studio) };
    const { text } = await request(studio, '/api/calls/about', { method: 'POST', headers, body: '[]' });
    expect(JSON.parse(text)).toEqual({ result: { kind: 'server' } });
    // Closing does not wait for it for ever.
    await studio.close();
    slow.destroy();
  });
});

describe('the arguments of calls', () => {
  const refused = [
    ['start', [{ loss: { module: './evil.mjs' } }]],
    ['start', [{ backbone: { module: 'data:text/javascript,1', options: {} } }]],
    ['start', [{ metrics: [{ module: 'x' }] }]],
    ['start', [{ checkpointDirectory: '/tmp/x' }]],
    ['start', [{ resume: true }]],
    ['sweep', [{ config: {}, axes: [{ path: 'loss.module', values: ['./evil.mjs'] }] }]],
    ['load', [{ train: 'x', onBadRow: 'skip', rejectsDirectory: '/etc' }]],
    ['measure', [{ train: 'x', rejectsDirectory: '/etc' }]],
    ['preview', ['x', { rejectsDirectory: '/etc' }]],
  ] as const;
  it.each(refused)('of %s name no module and no folder: %j', async (call, args) => {
    const { studio, fake } = await startFake();
    const headers = { ...json, Cookie: await cookieOf(studio) };
    const { status, text } = await request(studio, `/api/calls/${call}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(args),
    });
    expect(status).toBe(400);
    expect(codeIn(text)).toBe('bad-option');
    expect(fake.got).toEqual([]);
  });

  it.each(['watch', 'close', 'constructor', '__proto__', 'add', 'toString'])('reach no method %s', async (call) => {
    const { studio, fake } = await startFake();
    const headers = { ...json, Cookie: await cookieOf(studio) };
    const { status } = await request(studio, `/api/calls/${call}`, { method: 'POST', headers, body: '[]' });
    expect(status).toBe(404);
    expect(fake.got).toEqual([]);
  });
});
