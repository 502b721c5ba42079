import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { enableFusedMultiplyAdd } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';
import { smallRun } from './modules/small-run.mjs';
import { type PageServer, servePages } from './page-server.ts';

type Options = Parameters<typeof smallRun>[0];
type Config = Parameters<typeof smallRun>[1];

const marginLoss = new URL('../training/modules/margin-loss.mjs', import.meta.url);

describe.skipIf(chromiumMissing)(`threads in Chromium${chromiumMissing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-threads-'));
  let server: PageServer;
  let browser: BrowserContext;

  beforeAll(async () => {
    enableFusedMultiplyAdd();
    const script = async (text: string) => ['text/javascript', (await bundle(text)).code] as const;
    server = await servePages({
      '/page.html': ['text/html', '<!doctype html><script type="module" src="bundle.js"></script>'],
      '/bundle.js': await script("import { smallRun } from './modules/small-run.mjs'; globalThis.smallRun = smallRun;"),
      '/worker.js': await script("import { runOnMessage } from './modules/small-run-worker.mjs'; runOnMessage();"),
      '/margin-loss.js': ['text/javascript', readFileSync(marginLoss, 'utf8')],
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

  const open = async (path: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${server.base}${path}/page.html`);
    return page;
  };
  /** Trains in a worker of the page, or in the page itself. */
  const run = async (page: Page, options: Options, config: Config = {}, inPage = false) => {
    const answer = await page.evaluate(
      async ([options, config, inPage]) => {
        const { smallRun: run } = globalThis as unknown as { smallRun: typeof smallRun };
        if (inPage) return { isolated: crossOriginIsolated, ...(await run(options, config)) };
        const worker = new Worker('worker.js', { type: 'module' });
        worker.postMessage([options, config]);
        const { data } = await new Promise<MessageEvent>((answered, failed) => {
          worker.onmessage = answered;
          worker.onerror = failed;
        });
        worker.terminate();
        return data;
      },
      [options, config, inPage] as const,
    );
    await page.close();
    return answer;
  };
  const inNode = async (options: Options, threads: number, config?: Config) => {
    const answer = await smallRun({ ...options, threads: 1 }, config);
    return { ...answer, engine: { ...answer.engine, threads } };
  };

  test.each([
    ['simd', 1],
    ['simd', 2],
    ['simd', 3],
    ['simd-fma', 1],
    ['simd-fma', 2],
    ['simd-fma', 3],
  ] as const)('%s on %i threads of an isolated page: what Node trains, to the bit', async (build, threads) => {
    const inPage = await run(await open('/isolated'), { build, threads });
    expect(inPage).toEqual({ isolated: true, ...(await inNode({ build }, threads)) });
  });

  test('the main thread of a page, which may not sleep, has threads too', async () => {
    const options = { build: 'simd', threads: 3 } as const;
    expect(await run(await open('/isolated'), options, {}, true)).toEqual({
      isolated: true,
      ...(await inNode(options, 3)),
    });
  });

  test('threads have a backbone, and a loss by its address', async () => {
    const config = (module: string) =>
      ({ backbone: { name: 'lightgcn' }, loss: { module, export: 'MarginLoss' } }) as const;
    const inPage = await run(await open('/isolated'), { build: 'simd', threads: 2 }, config('/margin-loss.js'));
    expect(inPage).toEqual({ isolated: true, ...(await inNode({ build: 'simd' }, 2, config(marginLoss.href))) });
  });

  test('by default there are as many as the machine has cores, at most 16', async () => {
    const page = await open('/isolated');
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    const { engine } = await run(page, { threads: undefined });
    expect(engine).toMatchObject({ name: 'wasm', threads: Math.min(cores, 16) });
  });

  test('a page that is not isolated has one, and trains what Node does', async () => {
    const inPage = await run(await open(''), { build: 'simd', threads: 3 });
    expect(inPage).toEqual({ isolated: false, ...(await inNode({ build: 'simd' }, 1)) });
  });

  test.each([
    ['simd', '/isolated'],
    ['simd-fma', ''],
  ] as const)('a page without shared memory trains with the kernels %s (%s)', async (build, path) => {
    const page = await open(path);
    await page.evaluate(() => {
      const { Memory } = WebAssembly;
      Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
      WebAssembly.Memory = class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          if (descriptor.shared) throw new RangeError('shared memory is denied');
          super(descriptor);
        }
      };
    });
    const { isolated: _, ...inPage } = await run(page, { build, threads: 2 }, {}, true);
    expect(inPage).toEqual(await inNode({ build }, 1));
  });

  test('a policy that forbids workers from text is an error if threads are asked for, and one thread if not', async () => {
    const refused = await run(await open('/blobless'), { threads: 2 });
    expect(refused).toMatchObject({ code: 'worker-start', message: expect.stringContaining("worker-src 'self'") });
    expect(refused.message).toContain('add blob: to its worker-src');
    const { engine } = await run(await open('/blobless'), { build: 'simd', threads: undefined });
    expect(engine).toMatchObject({ name: 'wasm', threads: 1 });
  });
});
