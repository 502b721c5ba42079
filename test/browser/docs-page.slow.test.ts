import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { serve } from '../../src/server/serve.ts';
import { randomModel } from '../support/random-model.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-docs-page-'));
const token = 'a-token-of-some-length';

/** Boxes of visible elements, in all shadow trees, that end beyond the window or hide a part of their content. */
const clipped = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = [];
    const look = (root: Document | ShadowRoot) => {
      for (const element of root.querySelectorAll('*')) {
        const { width, right } = element.getBoundingClientRect();
        const hides = getComputedStyle(element).overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1;
        if (width > 0 && (right > innerWidth + 1 || hides)) found.push(`${element.tagName}.${element.className}`);
        if (element.shadowRoot) look(element.shadowRoot);
      }
    };
    look(document);
    return found;
  });

describe.skipIf(chromiumMissing)(`the page of the API in Chromium${chromiumMissing}`, () => {
  let server: RunningServer;
  let browser: BrowserContext;
  beforeAll(async () => {
    await saveModel(join(folder, 'model'), randomModel({ users: 5, items: 6 }));
    server = await serve(join(folder, 'model'), { port: 0, token, logLevel: 'silent' });
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: chromiumPath!,
      args: chromiumFlags,
      httpCredentials: { username: 'anybody', password: token },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (width: number) => {
    const page = await browser.newPage();
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${server.url}/docs`);
    await page.locator('#auth').waitFor();
    return page;
  };

  test('at 390 px there is a navigation by names, and nothing is clipped', async () => {
    const page = await open(390);
    const similar = page.locator('.nav-bar-path', { hasText: 'Similar items' });
    expect(await similar.isVisible()).toBe(false);
    await page.click('#menu');
    await similar.click();
    await page.waitForFunction(() => {
      const root = document.querySelector('rapi-doc')!.shadowRoot!;
      const { top } = root.getElementById('get-/v1/items/-item-/similar')!.getBoundingClientRect();
      return top >= 0 && top < innerHeight;
    });
    expect(await similar.isVisible()).toBe(false);
    expect(await clipped(page)).toEqual([]);
    await page.close();
  });

  test('at 1280 px the sidebar has the operations by name, without pages and scripts', async () => {
    const page = await open(1280);
    expect(await page.locator('#menu').isVisible()).toBe(false);
    const names = await page.locator('.nav-bar-path').allInnerTexts();
    expect(names).toContain('Similar items');
    expect(names.filter((name) => /\/|script|rapidoc/i.test(name))).toEqual([]);
    expect(await clipped(page)).toEqual([]);
    await page.close();
  });

  test('a key that is given is shown as applied; none is no red line', async () => {
    const page = await open(1280);
    const none = page.locator('#auth', { hasText: 'No API key applied' });
    const color = () => page.locator('#auth .red-text').evaluate((line) => getComputedStyle(line).color);
    const plain = await page
      .locator('#auth .sub-title')
      .evaluate((line) => getComputedStyle(line.parentElement!).color);
    expect(await color()).toBe(plain);
    await page.locator('#auth input').fill(token);
    await page.locator('#auth button', { hasText: 'SET' }).click();
    await page.locator('#auth div.blue-text').waitFor();
    expect(await none.count()).toBe(0);
    await page.close();
  });
});
