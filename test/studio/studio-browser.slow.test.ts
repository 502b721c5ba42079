import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerSession } from '../../src/studio/server-session.ts';
import type { SessionEvent } from '../../src/studio/session.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from '../browser/chromium.ts';
import { endless } from './fake-session.ts';
import { base, startFake } from './studio.ts';

/** What the page of these tests keeps for them. */
declare global {
  var joined: Promise<ServerSession>;
  var seen: SessionEvent[];
  var kind: string;
}

/** A page that joins its server, made of the built files. */
function pageFolder(): string {
  const folder = join(base, 'joining');
  const dist = resolve(import.meta.dirname, '../../dist');
  const files = ['session-kind', 'server-session', 'upload', 'wire', 'calls', 'workbench/failure'].map(
    (name) => `studio/${name}`,
  );
  for (const file of ['errors', 'platform/carried-error', ...files]) {
    mkdirSync(join(folder, 'code', file, '..'), { recursive: true });
    cpSync(join(dist, `${file}.js`), join(folder, `code/${file}.js`));
  }
  const script = `import { joinServer, sessionKind } from './code/studio/session-kind.js';
globalThis.kind = sessionKind();
globalThis.seen = [];
globalThis.joined = joinServer().then((session) => {
  session.watch((event) => seen.push(event), 0);
  return session;
});`;
  writeFileSync(join(folder, 'main.js'), script);
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><html><head><title>t</title><link rel="icon" href="data:,"><script type="module" src="./main.js"></script></head></html>',
  );
  return folder;
}

describe.skipIf(!chromiumPath)(`the studio in Chromium${chromiumMissing}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath!, args: chromiumFlags });
  });
  afterAll(() => browser.close());

  const started = () => startFake({}, undefined, { site: pageFolder() });
  const about = (page: Page) =>
    page.evaluate(() =>
      joined
        .then((session) => session.about())
        .then(
          (answer) => JSON.stringify(answer),
          (error: { code: string }) => error.code,
        ),
    );

  it('takes the token out of the address, and works on without it', async () => {
    const { studio, fake } = await started();
    fake.answers.about = () => ({ kind: 'server' });
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    await page.goto(`${studio.url}#token=${studio.token}`);
    expect(await about(page)).toBe('{"kind":"server"}');
    expect(await page.evaluate(() => [kind, crossOriginIsolated, document.cookie])).toEqual(['studio', true, '']);
    expect(page.url()).toBe(studio.url);
    expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie!.value).not.toBe(studio.token);
    // Loaded again, and in a second tab: the browser has the cookie.
    await page.reload();
    expect(await about(page)).toBe('{"kind":"server"}');
    const tab = await context.newPage();
    await tab.goto(studio.url);
    expect(await about(tab)).toBe('{"kind":"server"}');
    for (let epoch = 1; epoch <= 3; epoch++) fake.emit({ run: 'r', epoch });
    for (const one of [page, tab]) {
      await expect
        .poll(() => one.evaluate(() => seen.map(({ number }) => number)), { timeout: 30_000 })
        .toEqual([1, 2, 3]);
    }
    expect(problems).toEqual([]);
    await context.close();
  });

  it('gives nothing to a browser without the token, or with another', async () => {
    const { studio, fake } = await started();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(studio.url);
    expect(await about(page)).toBe('studio-closed');
    await page.goto('about:blank');
    await page.goto(`${studio.url}#token=${'x'.repeat(43)}`);
    expect(await about(page)).toBe('studio-closed');
    expect(page.url()).toBe(studio.url);
    expect(fake.got).toEqual([]);
    await context.close();
  });

  it('stops a long call when its page is closed', async () => {
    const { studio, fake } = await started();
    let stopped = false;
    fake.answers.judge = endless(1, () => {
      stopped = true;
    });
    const page = await browser.newPage();
    await page.goto(`${studio.url}#token=${studio.token}`);
    await page.evaluate(() => void joined.then((session) => session.judge('r', 'test')).catch(() => {}));
    await expect.poll(() => fake.got.length, { timeout: 30_000 }).toBe(1);
    await page.close();
    await expect.poll(() => stopped, { timeout: 30_000 }).toBe(true);
  });

  it('does nothing for a page of another port, whose requests have the cookie', async () => {
    const { studio, fake } = await started();
    fake.answers.about = () => ({});
    const context = await browser.newContext();
    const own = await context.newPage();
    await own.goto(`${studio.url}#token=${studio.token}`);
    await about(own);
    const before = fake.got.length;
    const foreign = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<p>'));
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    const outcomes = await page.evaluate(async (url) => {
      const outcome = (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          () => 'refused',
        );
      const script = (address: string) =>
        new Promise((resolve) => {
          const element = document.createElement('script');
          element.onload = () => resolve('done');
          element.onerror = () => resolve('refused');
          element.src = address;
          document.body.append(element);
        });
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
      await new Promise((resolve) => {
        frame.onload = resolve;
      });
      const json = { method: 'POST', body: '[]', headers: { 'Content-Type': 'application/json' } };
      const plain = { method: 'POST', body: '[]', mode: 'no-cors', credentials: 'include' } as const;
      return [
        await outcome(fetch(`${url}api/calls/about`, { ...json, credentials: 'include' })),
        await outcome(fetch(`${url}api/calls/about`, plain)),
        await outcome(fetch(`${url}api/events`, { credentials: 'include' })),
        await script(`${url}main.js`),
        frame.contentDocument === null,
      ];
    }, studio.url);
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused', true]);
    expect(fake.got.length).toBe(before);
    await context.close();
    foreign.close();
  });
});
