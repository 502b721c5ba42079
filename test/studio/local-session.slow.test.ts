import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sandboxDocument, sandboxScriptDigest } from '../../src/studio/local/sandbox-frame.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { lossTemplate } from '../../src/studio/page/compare/loss-template.ts';
import type { Session } from '../../src/studio/session.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { bundle } from '../browser/bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from '../browser/chromium.ts';
import { type PageServer, servePages } from '../browser/page-server.ts';
import { type PageGlobals, sessionIn } from './page-session.ts';
import { describeSession, expectResumed, recordOf, stateOf, toyRequest } from './session-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-local-session-'));
const local = '../../dist/studio/local';
const main = `
import { LocalSession } from '${local}/local-session.js';
import { carryError } from '../../dist/platform/carried-error.js';
const worker = new URLSearchParams(location.search).get('worker');
globalThis.session = new LocalSession(worker ? () => new Worker(worker, { type: 'module' }) : undefined);
globalThis.carryError = carryError;`;
const program = join(import.meta.dirname, '../../dist/studio/local/workbench-worker.js');
/** What comes before the worker's program in a browser that grants no storage. */
const withoutStorage =
  "StorageManager.prototype.getDirectory = async () => { throw new DOMException('no storage', 'SecurityError'); };";
const policy = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval' '${sandboxScriptDigest}'; worker-src 'self' blob:`;
const pageOf = (head: string) => `<!doctype html>${head}<body><script type="module" src="./main.js"></script>`;

test('the digest of the script of a sandbox is that of its document', () => {
  const script = /<script>(.*)<\/script>/s.exec(sandboxDocument)![1]!;
  expect(`sha256-${createHash('sha256').update(script).digest('base64')}`).toBe(sandboxScriptDigest);
});

describe.skipIf(chromiumMissing)(`the session of a page, in Chromium${chromiumMissing}`, () => {
  let browser: BrowserContext;
  let server: PageServer;

  beforeAll(async () => {
    const script = async (text: string) => ['text/javascript', (await bundle(text)).code] as const;
    // An entry: imported for its effects alone, a bundler would leave it out.
    const worker = async (banner: string) => {
      const { outputFiles } = await build({
        ...{ entryPoints: [program], bundle: true, format: 'esm', platform: 'browser', minify: true, write: false },
        ...{ tsconfigRaw: '{}', banner: { js: banner }, logLevel: 'silent' },
      });
      return ['text/javascript', outputFiles[0]!.text] as const;
    };
    server = await servePages({
      '/page.html': ['text/html', pageOf('')],
      '/policy.html': ['text/html', pageOf(`<meta http-equiv="Content-Security-Policy" content="${policy}">`)],
      '/main.js': await script(main),
      '/workbench-worker.js': await worker(''),
      '/without-storage.js': await worker(withoutStorage),
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

  async function open(path: string): Promise<{ page: Page; session: Session; end(): Promise<void> }> {
    const page = await browser.newPage();
    await page.goto(server.base + path);
    await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
    return { page, session: await sessionIn(page), end: () => page.close() };
  }
  async function onPage<T>(path: string, use: (session: Session, page: Page) => Promise<T>): Promise<T> {
    const { page, session, end } = await open(path);
    try {
      return await use(session, page);
    } finally {
      await end();
    }
  }
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error) => `${error.code}: ${error.message}`,
    );
  const config = { loss: 'sl', dimension: 8, epochs: 5, build: 'simd' } as const;

  const recordInNode = async () => {
    const session = new Workbench(nodeHost());
    const record = await recordOf(session);
    await session.close();
    return record;
  };
  describeSession('its answers', () => open('/page.html'), recordInNode);

  test('an isolated page gives the same as Node, too', async () => {
    await onPage('/isolated/page.html', async (session, page) => {
      expect(await recordOf(session)).toEqual(await recordInNode());
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      expect((await session.runs()).at(-1)!.engine!.threads).toBe(Math.min(cores, 16));
    });
  });

  test('finished runs and counted openings outlive the page, and a second tab has them; both train', async () => {
    await onPage('/page.html', async (session, page) => {
      await session.load(toyRequest);
      const { id } = await session.start(config, { name: 'kept' });
      await stateOf(session, id, 'done');
      const list = await session.recommend(id, { user: 'Ada' });
      const { opened } = await session.judge(id, 'test');
      await onPage('/page.html', async (second) => {
        const found = (await second.runs()).find((run) => run.id === id)!;
        expect(found).toMatchObject({ name: 'kept', state: 'done', opened: 1 });
        expect(found.history).toHaveLength(5);
        expect(await second.recommend(id, { user: 'Ada' })).toEqual(list);
        await second.load(toyRequest);
        const own = await Promise.all([session.start(config), second.start(config)]);
        await Promise.all([stateOf(session, own[0].id, 'done'), stateOf(second, own[1].id, 'done')]);
        expect(own[0].id).not.toBe(own[1].id);
        expect((await second.judge(id, 'test')).opened).toBe(opened + 1);
      });
      await page.reload();
      await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
      const names = (await session.runs()).filter(({ state }) => state === 'done').map((run) => run.id);
      expect(names).toContain(id);
      expect(await session.recommend(id, { user: 'Ada' })).toEqual(list);
      await session.discard(id);
      await onPage('/page.html', async (third) => expect((await third.runs()).map((run) => run.id)).not.toContain(id));
    });
  });

  test('a run whose page went in mid-run is there again, and trains from the beginning; another tab knows of it meanwhile', async () => {
    const { page, session, end } = await open('/page.html');
    let seen: string[] = [];
    const interrupt = async () => {
      await onPage('/page.html', async (second) => {
        const { elsewhere = [] } = await second.about();
        seen = [...elsewhere];
        expect((await second.runs()).map(({ state }) => state)).not.toContain('interrupted');
      });
      await page.reload();
      await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
      return session;
    };
    await expectResumed(session, interrupt, false);
    expect(seen).toEqual(['interrupted, in another tab']);
    await end();
  });

  test('a tab neither resumes nor discards what another one trains, nor resumes what that has trained; entries of saved runs go', async () => {
    const { page, session, end } = await open('/page.html');
    await session.load(toyRequest);
    const long = { ...config, epochs: 1_000_000, validation: { every: 1_000_000 } };
    const [first, second] = [await session.start(long), await session.start(config)];
    await stateOf(session, first.id, 'running', 0);
    await page.reload();
    await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
    const begun = () =>
      page.evaluate(async () => {
        const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('taurec-studio');
        const names: string[] = [];
        for await (const name of (await root.getDirectoryHandle('begun')).keys()) names.push(name);
        return names;
      });
    const failureOf = (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        ({ code }) => code,
      );
    const stateIn = async (one: typeof session, id: string) => (await one.runs()).find((run) => run.id === id)?.state;
    expect(await stateIn(session, first.id)).toBe('interrupted');
    await onPage('/page.html', async (other) => {
      expect(await stateIn(other, second.id)).toBe('interrupted');
      await other.control(first.id, 'resume');
      await stateOf(other, first.id, 'running', 0);
      expect(await failureOf(session.control(first.id, 'resume'))).toBe('folder-in-use');
      expect(await failureOf(session.discard(first.id))).toBe('folder-in-use');
      await other.control(first.id, 'cancel');
      expect(await failureOf(session.control(first.id, 'resume'))).toBe('unknown-name');
      await other.control(second.id, 'resume');
      await stateOf(other, second.id, 'done', 0);
      expect(await failureOf(session.control(second.id, 'resume'))).toBe('bad-option');
    });
    expect(await begun()).not.toContain(`${second.id}.json`);
    // As a tab leaves it that goes between saving and forgetting.
    await page.evaluate(
      async (info) => {
        const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('taurec-studio');
        const file = await (await root.getDirectoryHandle('begun')).getFileHandle(`${info.id}.json`, { create: true });
        const writable = await file.createWritable();
        await writable.write(JSON.stringify({ info, data: { key: '', source: '' } }));
        await writable.close();
      },
      { ...second, config: {} },
    );
    await onPage('/page.html', async (third) => expect(await stateIn(third, second.id)).toBe('done'));
    expect(await begun()).not.toContain(`${second.id}.json`);
    await end();
  });

  test('without storage it works, and says that nothing is kept', async () => {
    await onPage('/page.html?worker=/without-storage.js', async (session) => {
      const { notes } = await session.load(toyRequest);
      expect(notes.at(-1)).toContain('This browser keeps nothing');
      const { id } = await session.start(config);
      const done = await stateOf(session, id, 'done');
      expect(done.failure).toBeUndefined();
      expect(await session.recommend(id, { user: 'Ada' }, { k: 3 })).toHaveLength(3);
    });
  });

  test('with a full storage a run is not saved, says so, and can be used', async () => {
    await onPage('/page.html', async (session, page) => {
      const protocol = await browser.newCDPSession(page);
      await protocol.send('Storage.overrideQuotaForOrigin', { origin: server.base, quotaSize: 1000 });
      try {
        await session.load(toyRequest);
        const { id } = await session.start(config);
        const done = await stateOf(session, id, 'done');
        expect(done.failure).toMatchObject({
          code: 'cannot-write',
          message: expect.stringContaining('more than the browser grants'),
        });
        expect(await session.recommend(id, { user: 'Ada' }, { k: 3 })).toHaveLength(3);
        await onPage('/page.html', async (other) =>
          expect((await other.runs()).map((run) => run.id)).not.toContain(id),
        );
      } finally {
        await protocol.send('Storage.overrideQuotaForOrigin', { origin: server.base });
      }
    });
  });

  const softplus = `export default class {
    name = 'mine';
    evaluate({ positives, negatives, positiveWeights, negativeWeights }, gradients) {
      let value = 0;
      gradients.positives.fill(0);
      for (const [j, s] of negatives.entries()) {
        const w = negativeWeights?.[j] ?? 1;
        gradients.negatives[j] = 0;
        for (const [i, p] of positives.entries()) {
          const v = w * (positiveWeights?.[i] ?? 1);
          value += v * Math.log1p(Math.exp(s - p));
          const slope = v / (1 + Math.exp(p - s));
          gradients.negatives[j] += slope;
          gradients.positives[i] -= SIGN slope;
        }
      }
      return value;
    }
  };`;

  test.each(['/page.html', '/policy.html', '/isolated/policy.html'])(
    'a typed loss is checked and trained in a sandbox: %s',
    async (path) => {
      await onPage(path, async (session, page) => {
        const right = softplus.replace('SIGN', '');
        expect(await session.checkLoss(right)).toMatchObject({ name: 'mine', passed: true, problems: [] });
        const wrong = await session.checkLoss(softplus.replace('SIGN', '2 *'));
        expect(wrong).toMatchObject({ passed: false });
        expect(wrong.gradientError).toBeCloseTo(1, 3);
        expect(wrong.problems[0]).toContain('gradients.positives[0]');
        await session.load(toyRequest);
        const { id } = await session.start({ dimension: 8, epochs: 5 }, { loss: right });
        const done = await stateOf(session, id, 'done');
        expect(done.history).toHaveLength(5);
        expect(done.history[4]!.loss).toBeLessThan(done.history[0]!.loss);
        expect(await session.recommend(id, { user: 'Ada' }, { k: 3 })).toHaveLength(3);
        // Frames go with what they were made for.
        expect(await page.locator('iframe').count()).toBe(0);
      });
    },
  );

  test('the text that the page begins with is checked, and trains the model of the softmax loss to the last bit', async () => {
    await onPage('/policy.html', async (session) => {
      expect(await session.checkLoss(lossTemplate)).toMatchObject({ name: 'my-softmax', passed: true, problems: [] });
      await session.load(toyRequest);
      const options = { ...config, epochs: 8, neighbors: 'off' } as const;
      const { loss: _, ...rest } = options;
      const typed = await session.start(rest, { loss: lossTemplate });
      const own = await session.start({ ...options, loss: { name: 'sl', options: { tau: 0.1 } } });
      const [a, b] = [await stateOf(session, typed.id, 'done'), await stateOf(session, own.id, 'done')];
      const losses = [a, b].map(({ history }) => history.map(({ loss }) => loss));
      expect(losses[0]).toEqual(losses[1]);
      const [listA, listB] = await Promise.all(
        [typed, own].map(({ id }) => session.recommend(id, { user: 'Ada' }, { k: 5 })),
      );
      expect(listA).toEqual(listB);
      expect(await codeOf(session.checkLoss("import x from './x.js';\nexport default x;"))).toContain('typed-loss');
    });
  });

  test('a long call is stopped while it works', async () => {
    await onPage('/page.html', async (session, page) => {
      await session.load({ train: 'sample:shop', split: 'random', validRatio: 0.1 });
      const { id } = await session.start({ ...config, epochs: 1, neighbors: 'off' });
      await stateOf(session, id, 'done');
      const answer = await page.evaluate(async (run) => {
        const own = (globalThis as typeof globalThis & PageGlobals).session;
        const stop = new AbortController();
        const steps: number[] = [];
        const onProgress = ({ done }: { readonly done: number }) => {
          steps.push(done);
          stop.abort();
        };
        return own.judge(run, 'valid', { signal: stop.signal, onProgress }).then(
          () => ({ code: 'no error', steps }),
          (error) => ({ code: error.code as string, steps }),
        );
      }, id);
      expect(answer.code).toBe('aborted');
      expect(answer.steps.length).toBeGreaterThan(0);
      // The session goes on.
      expect((await session.judge(id, 'valid')).model.users).toBeGreaterThan(0);
    });
  });

  test('a kept run whose file went with the page says which file to add again; one that is broken is named', async () => {
    const text = `user,item\n${Array.from({ length: 60 }, (_, n) => `u${n % 12},i${(n * 5 + Math.floor(n / 12)) % 20}`).join('\n')}\n`;
    const { page, session, end } = await open('/page.html');
    const own = async () => session.add(new File([text], 'own-log.csv'));
    const request = { split: 'random', validRatio: 0.2 } as const;
    await session.load({ train: (await own()).id, ...request });
    const { id } = await session.start(config);
    await stateOf(session, id, 'done');
    await page.reload();
    await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
    expect(await codeOf(session.judge(id, 'valid'))).toMatch(/^no-data-loaded: .*own-log\.csv.*added again/);
    await session.load(toyRequest);
    expect(await codeOf(session.judge(id, 'valid'))).toMatch(/^other-training-data: .*own-log\.csv.*added again/);
    await session.load({ train: (await own()).id, ...request });
    expect((await session.judge(id, 'valid')).model.users).toBeGreaterThan(0);
    expect((await session.about()).problems).toBeUndefined();
    await page.evaluate(async (run) => {
      const root = await navigator.storage.getDirectory();
      const runs = await (await root.getDirectoryHandle('taurec-studio')).getDirectoryHandle('runs');
      const facts = await (await runs.getDirectoryHandle(run)).getFileHandle('run.json');
      const writable = await facts.createWritable();
      await writable.write('{ broken');
      await writable.close();
    }, id);
    await page.reload();
    await page.waitForFunction(() => (globalThis as typeof globalThis & PageGlobals).session);
    expect((await session.about()).problems).toEqual([expect.stringContaining(id)]);
    expect((await session.runs()).map((run) => run.id)).not.toContain(id);
    await session.discard(id).catch(() => {});
    await end();
  });

  test('a typed loss reaches no network, no storage and no page, and an endless one is given up', async () => {
    await onPage('/policy.html', async (session, page) => {
      const asked = server.requests.length;
      const trial = (work: string) => `(() => { ${work}; return { name: 'x', evaluate: () => 0 }; })()`;
      const blocked = await codeOf(
        session.checkLoss(
          trial(`
        const request = new Worker(URL.createObjectURL(new Blob(['importScripts("${server.base}/stolen.js")'])));
        fetch('${server.base}/stolen-by-fetch');
        navigator.sendBeacon?.('${server.base}/stolen-by-beacon', 'x');
        new WebSocket('${server.base.replace('http', 'ws')}/stolen-by-socket')`),
        ),
      );
      expect(blocked).toMatch(/no error|typed-loss|session/);
      await page.waitForTimeout(500);
      expect(server.requests.slice(asked).filter((address) => address.includes('stolen'))).toEqual([]);
      expect(
        await codeOf(
          session.checkLoss(
            trial("if (typeof document !== 'undefined' || typeof parent !== 'undefined') throw new Error('a page')"),
          ),
        ),
      ).toBe('no error');
      expect(await codeOf(session.checkLoss(trial('indexedDB.open("x")')))).toContain('typed-loss');
      expect(await codeOf(session.checkLoss('{ this is no JavaScript'))).toContain('typed-loss');
      expect(await codeOf(session.checkLoss('42'))).toContain('bad-option');
      expect(await codeOf(session.checkLoss("({ name: 'endless', evaluate() { for (;;); } })"))).toContain(
        'did not return within 5 s',
      );
      // The session goes on.
      expect((await session.sources()).sources.length).toBeGreaterThan(0);
    });
  });
});
