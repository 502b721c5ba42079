import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { chromiumFlags, chromiumPath } from '../../browser/chromium.ts';
import { folder, start } from '../../cli/taurec.ts';
import { serveSite } from './site.ts';

/** Where a page of the real studio comes from. */
export interface Host {
  /** With a token, where one is needed. */
  readonly address: string;
  end(): Promise<unknown>;
}

/** Processes that a test which failed has not ended. */
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** `taurec studio` as a process, over a new folder of the test module. */
export async function startStudio(own: string): Promise<Host> {
  mkdirSync(join(folder, own));
  const { child, done } = start(['studio', own, '--port', '0', '--threads', '1', '--json']);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const failed = done.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), failed]);
  failed.catch(() => {});
  return {
    address: JSON.parse(line).address,
    end: async () => {
      child.kill('SIGINT');
      return done;
    },
  };
}

/** The static page. */
export async function startSite(isolated: boolean): Promise<Host> {
  const { url, close } = await serveSite({ isolated });
  return { address: url, end: close };
}

/** A browser for the tests of a block. */
export function pages(): {
  /** Uses a page in a context of its own, which has the storage of nobody else. It must not complain in its console. */
  onPage: (
    use: (page: Page, context: BrowserContext) => Promise<void>,
    serviceWorkers?: 'allow' | 'block',
  ) => Promise<void>;
} {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath!, args: chromiumFlags });
  });
  afterAll(() => browser?.close());
  return {
    async onPage(use, serviceWorkers = 'allow') {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers });
      const complaints: string[] = [];
      context.on('page', (page) => {
        page.on('console', (message) => {
          const ours = !message.text().includes('blocked by Playwright');
          if (ours && ['error', 'warning'].includes(message.type())) complaints.push(message.text());
        });
        page.on('pageerror', (error) => complaints.push(String(error)));
      });
      try {
        await use(await context.newPage(), context);
        expect(complaints).toEqual([]);
      } finally {
        await context.close();
      }
    },
  };
}
