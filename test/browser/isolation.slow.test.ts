import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Isolation, isolatePage } from '../../src/browser/isolate-page.ts';
import { bundle } from './bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';
import type { smallRun } from './modules/small-run.mjs';
import { type PageServer, servePages } from './page-server.ts';

type InPage = typeof globalThis & {
  isolation?: Isolation;
  isolatePage: typeof isolatePage;
  smallRun: typeof smallRun;
};

const worker = new URL('../../dist/browser/isolation-worker.js', import.meta.url);

describe.skipIf(chromiumMissing)(`isolation of a static host in Chromium${chromiumMissing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-isolation-'));
  let server: PageServer;
  let browser: BrowserContext;

  beforeAll(async () => {
    const { code } = await bundle(
      "import { isolatePage } from 'taurec/browser'; import { smallRun } from './modules/small-run.mjs'; Object.assign(globalThis, { isolatePage, smallRun });",
    );
    const page = `<!doctype html><script type="module">import "/bundle.js"; globalThis.isolation = await isolatePage("isolation-worker.js");</script>`;
    const script = (text: string) => ['text/javascript', text] as const;
    server = await servePages({
      '/page.html': ['text/html', page],
      '/frame.html': ['text/html', '<!doctype html><iframe src="page.html"></iframe>'],
      '/bundle.js': script(code),
      '/static/isolation-worker.js': script(readFileSync(worker, 'utf8')),
      '/idle/isolation-worker.js': script("addEventListener('install', () => skipWaiting());"),
      '/broken/isolation-worker.js': script("throw new Error('broken');"),
    });
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: chromiumPath!,
      args: [...chromiumFlags, '--host-resolver-rules=MAP taurec.test 127.0.0.1'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What `isolatePage` resolves to, in the page as it ends up. */
  const isolationOf = async (page: Page | ReturnType<Page['mainFrame']>): Promise<Isolation> => {
    await page.waitForFunction(() => (globalThis as InPage).isolation);
    return page.evaluate(() => (globalThis as InPage).isolation!);
  };
  const open = async (path: string, base = server.base): Promise<Page> => {
    server.requests.length = 0;
    const page = await browser.newPage();
    await page.goto(base + path);
    return page;
  };
  const loads = (path: string) => server.requests.filter((one) => one === path).length;

  test('takes one reload, and none from then on; threads then work', async () => {
    const page = await open('/static/page.html');
    expect(await isolationOf(page)).toEqual({ isolated: true });
    expect(loads('/static/page.html')).toBe(2);
    const { engine } = await page.evaluate(() => (globalThis as InPage).smallRun({ threads: 2 }));
    expect(engine).toMatchObject({ threads: 2 });
    await page.reload();
    expect(await isolationOf(page)).toEqual({ isolated: true });
    expect(loads('/static/page.html')).toBe(3);
    await page.close();
    const second = await open('/static/page.html');
    expect(await isolationOf(second)).toEqual({ isolated: true });
    expect(loads('/static/page.html')).toBe(1);
    await second.close();
  });

  test('a host that sends the headers needs no service worker', async () => {
    const page = await open('/isolated/page.html');
    expect(await isolationOf(page)).toEqual({ isolated: true });
    expect(server.requests).toEqual(['/isolated/page.html', '/bundle.js']);
    await page.close();
  });

  test('a service worker that does not isolate costs one reload each time the page is opened', async () => {
    const page = await open('/idle/page.html');
    expect(await isolationOf(page)).toMatchObject({ isolated: false, why: expect.stringContaining('still not') });
    expect(loads('/idle/page.html')).toBe(2);
    await page.reload();
    await page.waitForFunction(() => (globalThis as InPage).isolation);
    expect(loads('/idle/page.html')).toBe(4);
    await page.close();
  });

  test.each([
    ['/nothing/page.html', 'The service worker did not start'],
    ['/broken/page.html', 'The service worker did not start'],
  ])('%s: says why not, and does not reload', async (path, why) => {
    const page = await open(path);
    const isolation = await isolationOf(page);
    expect(isolation).toMatchObject({ isolated: false, why: expect.stringContaining(why) });
    expect(loads(path)).toBe(1);
    await page.close();
  });

  test('a page outside the folder of the service worker is told so', async () => {
    const page = await open('/other/page.html');
    await isolationOf(page);
    const isolation = await page.evaluate(() => (globalThis as InPage).isolatePage('/static/isolation-worker.js'));
    expect(isolation).toMatchObject({ isolated: false, why: expect.stringContaining('not in that folder') });
    await page.close();
  });

  test('an insecure address and a frame are told so', async () => {
    const insecure = await open('/static/page.html', server.base.replace('127.0.0.1', 'taurec.test'));
    expect(await isolationOf(insecure)).toMatchObject({ isolated: false, why: expect.stringContaining('not secure') });
    await insecure.close();
    const page = await open('/plain/frame.html');
    const isolation = await isolationOf(page.frames()[1]!);
    expect(isolation).toMatchObject({ isolated: false, why: expect.stringContaining('in a frame') });
    await page.close();
  });

  test('without service workers or without storage it says so', async () => {
    for (const [name, why] of [
      ['serviceWorker', 'no service workers'],
      ['sessionStorage', 'keeps nothing'],
    ] as const) {
      const page = await browser.newPage();
      await page.addInitScript((name) => {
        if (name === 'serviceWorker') Object.defineProperty(Navigator.prototype, name, { value: undefined });
        else {
          const get = () => {
            throw new DOMException('denied', 'SecurityError');
          };
          Object.defineProperty(globalThis, name, { get });
        }
      }, name);
      await page.goto(`${server.base}/fresh/page.html`);
      expect(await isolationOf(page)).toMatchObject({ isolated: false, why: expect.stringContaining(why) });
      await page.close();
    }
  });
});
