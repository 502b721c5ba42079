import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { openModel, syntheticDataset, train } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openModel as openModelByAddress } from '../../src/browser/open-model.ts';
import { bundle } from './bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';
import { smallRun, useModel } from './modules/small-run.mjs';
import { type PageServer, servePages } from './page-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-browser-'));
let server: PageServer;
let base = '';

beforeAll(async () => {
  const data = syntheticDataset({ users: 40, items: 30, interactions: 400, titles: true });
  const config = { dimension: 7, epochs: 2, batch: { rows: 8, negatives: 10 }, threads: 1 } as const;
  const model = await train(data, config);
  await model.save(join(folder, 'model'));
  await model.close();
  const { code } = await bundle("export * from './modules/small-run.mjs';");
  const page = `<!doctype html><script type="module">import * as runs from "/bundle.js"; globalThis.runs = runs;</script>`;
  server = await servePages({ '/page.html': ['text/html', page], '/bundle.js': ['text/javascript', code] }, folder);
  base = server.base;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a model by its address', () => {
  test('is the one of the folder', async () => {
    const [fetched, read] = [await openModelByAddress(`${base}/model`), await openModel(join(folder, 'model'))];
    expect(fetched.config).toEqual(read.config);
    for (const table of ['users', 'items', 'seen'] as const) expect(fetched[table]).toEqual(read[table]);
    expect([...fetched.itemIds]).toEqual([...read.itemIds]);
    expect(fetched.titles!.at(3)).toBe(read.titles!.at(3));
  });

  test('that does not answer, or has none, is an error that says so', async () => {
    await expect(openModelByAddress(`${base}/nothing/`)).rejects.toMatchObject({ code: 'no-model' });
    await expect(openModelByAddress(`${base}/nothing/`)).rejects.toThrow(/nothing\/config\.json returned status 404/);
    await expect(openModelByAddress('http://127.0.0.1:1/')).rejects.toThrow(/cannot be fetched/);
  });
});

describe.skipIf(chromiumMissing)(`in Chromium${chromiumMissing}`, () => {
  let browser: BrowserContext;

  beforeAll(async () => {
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: chromiumPath!,
      args: chromiumFlags,
    });
  });
  afterAll(async () => browser?.close());

  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(base + path);
    return page;
  };
  type InPage = typeof globalThis & { runs: typeof import('./modules/small-run.mjs') };
  const runIn = (page: Page, options: Parameters<typeof smallRun>[0]) =>
    page.evaluate(async (given) => {
      const { smallRun } = (globalThis as InPage).runs;
      return { isolated: globalThis.crossOriginIsolated, ...(await smallRun(given)) };
    }, options);

  for (const [path, isolated] of [
    ['/page.html', false],
    ['/isolated/page.html', true],
  ] as const) {
    for (const options of [{ engine: 'wasm', build: 'simd' }, { engine: 'reference' }] as const) {
      test(`${options.engine}, ${isolated ? '' : 'not '}isolated: trains and recommends what Node does, to the bit`, async () => {
        const page = await open(path);
        const inNode = await smallRun(options);
        expect(await runIn(page, options)).toEqual({ isolated, ...inNode });
        expect(inNode.engine.name).toBe(options.engine);
        await page.close();
      });
    }
  }

  test('the engine is the quick one without being asked; threads asked for are not an error', async () => {
    const page = await open('/page.html');
    const { engine } = await runIn(page, { threads: 4 });
    expect(engine).toMatchObject({ name: 'wasm', threads: 1 });
    await page.close();
  });

  test('a content security policy without wasm-unsafe-eval is an error that says so; the reference engine runs', async () => {
    const page = await open('/strict/page.html');
    const refused = await page.evaluate(() =>
      (globalThis as InPage).runs.smallRun({ engine: 'wasm' }).catch(({ code, message }) => ({ code, message })),
    );
    expect(refused).toMatchObject({ code: 'wasm-blocked', message: expect.stringContaining("'wasm-unsafe-eval'") });
    expect((await runIn(page, { engine: 'reference' })).engine.name).toBe('reference');
    await page.close();
  });

  test.each(['/page.html', '/isolated/page.html'])('opens a model by its address, on %s', async (path) => {
    const page = await open(path);
    const inPage = await page.evaluate(() => (globalThis as InPage).runs.useModel('model', '/nowhere'));
    expect(inPage.code).toBe('no-model');
    const inNode = await useModel(join(folder, 'model'), join(folder, 'nowhere'));
    expect(inPage.list.map(({ id }) => id)).toEqual(inNode.list.map(({ id }) => id));
    expect(inPage.list[0]!.title).toBe(inNode.list[0]!.title);
    await page.close();
  });
});
