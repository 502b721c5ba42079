import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { axeFaults, overflowing, setFake, studioPages } from './page/browser.ts';
import { siteFolder } from './page/site.ts';

test('what the page loads at once is at most 250 kB with gzip', () => {
  const page = readFileSync(join(siteFolder, 'index.html'), 'utf8');
  const first = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map(([, name]) => name!);
  expect(first.length).toBeGreaterThanOrEqual(2);
  const bytes = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(siteFolder, name))).length, 0);
  expect(bytes).toBeLessThan(250_000);
});

test('the page has no script or style in itself, and a licence for every package', () => {
  const page = readFileSync(join(siteFolder, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|javascript:|\son\w+=/);
  const licences = readFileSync(join(siteFolder, 'LICENSE.txt'), 'utf8');
  for (const name of ['preact', '@preact/signals', '@preact/signals-core']) expect(licences).toContain(`${name} (`);
});

test('every loss has its page, whose links lead to others', () => {
  const pages = readdirSync(join(siteFolder, 'losses')).filter((name) => name.endsWith('.html'));
  for (const name of pages)
    for (const [, linked] of readFileSync(join(siteFolder, 'losses', name), 'utf8').matchAll(/<a href="\.\/([^"]+)"/g))
      expect(pages, name).toContain(linked);
});

describe.skipIf(chromiumMissing)(`the studio's shell in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();

  test('rooms are links; each begins at its title, and Back returns', async () => {
    const { page, complaints } = await pages.open('#/data');
    await page.getByRole('link', { name: 'Train', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Train' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Train');
    expect(await page.title()).toBe('Train – taurec studio');
    expect(await page.locator('nav [aria-current=page]').textContent()).toBe('Train');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('the first key of a keyboard skips to the content', async () => {
    const { page } = await pages.open('#/train');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    expect(new URL(page.url()).hash).toBe('#/train');
    await page.close();
  });

  test('a theme stays over a reload', async () => {
    const { page } = await pages.open('#/data');
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByLabel('Theme').selectOption('dark');
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.locator('main h1').waitFor();
    expect(await ground()).toBe(dark);
    await page.close();
  });

  test('a session that does not open says what to do, and opens when tried again', async () => {
    const { page } = await pages.open('#/data', { fake: { fail: ['about'] } });
    await page.getByRole('alert').getByText('expected at least one interaction').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await setFake(page, { fail: [] });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Choose files' }).or(page.getByText('Choose files')).first().waitFor();
    await page.close();
  });

  test('where the work is done is said', async () => {
    const own = await pages.open('#/data');
    await own.page.getByText('Nothing leaves this page.').waitFor();
    await own.page.close();
    const server = await pages.open('#/data', { fake: { kind: 'server' } });
    await server.page.getByText('Works in /home/me/films.').waitFor();
    await server.page.close();
  });

  test("the teacher's mode locks the data and ticks its tasks off", async () => {
    const { page } = await pages.open('#/data', { query: 'teach' });
    const tasks = page.locator('.tasks li');
    expect(await tasks.allTextContents()).toHaveLength(3);
    expect(await page.getByText('Choose files').count()).toBe(0);
    await page.getByRole('button', { name: /^Toy/ }).click();
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.locator('.tasks li[data-ready=true]').nth(1).waitFor();
    await page.getByLabel('Epochs').fill('4');
    await page.getByText('All three tasks are done').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);
    await page.close();
  });
});
