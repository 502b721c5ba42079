import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { openModel, saveModel, train } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';
import { config, data } from './modules/page-models.mjs';
import { type PageServer, servePages } from './page-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-page-models-'));
/** A loss as a page would write it: no import. */
const lossModule = `export default class {
  name = 'mine';
  parameters = {};
  allowsDotScores = true;
  evaluate(scores, gradients) {
    gradients.positives.fill(-1 / scores.positives.length);
    gradients.negatives.fill(0);
    return -scores.positives.reduce((sum, s) => sum + s, 0) / scores.positives.length;
  }
}`;

/** config.json without its own digest, and with the version of Node that a page does not have. */
const inNode = (text: string) =>
  text.replace(/"node": ".*"/, `"node": "${process.versions.node}"`).replace(/"digest": ".*"/, '');

describe.skipIf(chromiumMissing)(`models of a page, in Chromium${chromiumMissing}`, () => {
  let browser: BrowserContext;
  let server: PageServer;

  beforeAll(async () => {
    const { code } = await bundle("export * from './modules/page-models.mjs';");
    const page =
      '<!doctype html><script type="module">import * as runs from "/bundle.js"; globalThis.runs = runs;</script>';
    server = await servePages({
      '/page.html': ['text/html', page],
      '/bundle.js': ['text/javascript', code],
      '/loss.js': ['text/javascript', lossModule],
    });
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: chromiumPath!,
      args: chromiumFlags,
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  type InPage = typeof globalThis & { runs: typeof import('./modules/page-models.mjs') };
  async function onPage<T>(path: string, use: (page: Page) => Promise<T>): Promise<T> {
    const page = await browser.newPage();
    await page.goto(server.base + path);
    await page.waitForFunction(() => (globalThis as InPage).runs);
    try {
      return await use(page);
    } finally {
      await page.close();
    }
  }

  describe.each([
    ['/page.html', false],
    ['/isolated/page.html', true],
  ] as const)('%s', (path, isolated) => {
    test('a worker trains what the page itself would, and sends events and snapshots', async () => {
      const got = await onPage(path, (page) => page.evaluate(() => (globalThis as InPage).runs.trainTwice()));
      expect(got.isolated).toBe(isolated);
      expect(got.there).toEqual(got.here);
      expect(got.there.users.length).toBeGreaterThan(0);
      expect(got.snapshots[0]).toBe(0);
      expect(got.snapshots.at(-1)).toBe(config.epochs);
      expect(got.items).toEqual([60, config.dimension, 60 * config.dimension!]);
      expect(got.types).toEqual(expect.arrayContaining(['end', 'epoch', 'neighbors', 'start', 'validation']));
    });

    test('it waits, goes on by an epoch, and can be aborted while it waits', async () => {
      const got = await onPage(path, (page) => page.evaluate(() => (globalThis as InPage).runs.pauseAndAbort()));
      expect(got).toEqual({ waits: [0, 1, 2], code: 'aborted' });
    });
  });

  test('errors are those of train, and name what cannot be sent', async () => {
    const codes = await onPage('/page.html', (page) => page.evaluate(() => (globalThis as InPage).runs.faults()));
    expect(codes).toEqual([
      ...['bad-option', 'bad-option', 'bad-option', 'diverged', 'bad-option', 'loss-module'],
      'of the page',
    ]);
  });

  test('a loss by module: its address is relative to the page', async () => {
    const got = await onPage('/page.html', (page) => page.evaluate(() => (globalThis as InPage).runs.withModule()));
    expect(got).toEqual({ loss: { module: './loss.js', options: {} }, list: 3 });
  });

  test('train, save, reopen, zip: the files are those of Node for this seed and build', async () => {
    const got = await onPage('/page.html', (page) => page.evaluate(() => (globalThis as InPage).runs.saveAndZip()));
    const trained = await train(data(), { ...config, keepState: true });
    const lists = [trained.recommend('7', { k: 5, explain: 2 }), trained.recommendFor(['3', '11'], { k: 5 })];
    await trained.close();
    expect(got.lists).toEqual(lists);
    expect(got.again).toEqual(lists[0]);
    expect(got.code).toBe('not-a-model');
    const path = join(folder, 'of-node');
    await saveModel(path, trained.model);
    const expected = Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
    expect(Object.keys(got.files).sort()).toEqual(Object.keys(expected).sort());
    expect(Object.keys(expected)).toEqual(expect.arrayContaining(['training.safetensors', 'neighbors.safetensors']));
    const zipped = unzipSync(Buffer.from(got.zip, 'base64'));
    const unzipped = join(folder, 'unzipped');
    mkdirSync(unzipped);
    for (const [name, bytes] of Object.entries(expected)) {
      const saved = Buffer.from(got.files[name]!, 'base64');
      if (name === 'config.json') expect(inNode(saved.toString())).toBe(inNode(bytes.toString()));
      else expect(saved.equals(bytes), name).toBe(true);
      expect(saved.equals(zipped[name]!), name).toBe(true);
      writeFileSync(join(unzipped, name), zipped[name]!);
    }
    const opened = await openModel(unzipped, { trainingState: true });
    expect(opened.users.data).toEqual(trained.model.users.data);
    expect(opened.trainingState!.steps).toBe(trained.model.trainingState!.steps);
  });

  test('a full storage is an error with a remedy, and leaves the older model', async () => {
    const got = await onPage('/page.html', async (page) => {
      const attempt = await page.evaluateHandle(() => (globalThis as InPage).runs.saveWithoutRoom());
      const session = await browser.newCDPSession(page);
      const { usage } = await session.send('Storage.getUsageAndQuota', { origin: server.base });
      await session.send('Storage.overrideQuotaForOrigin', { origin: server.base, quotaSize: usage + 500_000 });
      const answer = await attempt.evaluate(({ attempt }) => attempt());
      await session.send('Storage.overrideQuotaForOrigin', { origin: server.base });
      return answer;
    });
    expect(got.message).toMatch(/^cannot-write: full: cannot be written: the storage .* is full/);
    expect(got.same).toBe(true);
  });
});
