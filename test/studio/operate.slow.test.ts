import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { expectSound, type PageSetting, setFake, studioPages } from './page/browser.ts';

/** The calls that the fake server got, with their arguments. */
const served = (page: Page, name: string) =>
  page.evaluate(
    (wanted) =>
      (window as never as { operated: { calls: [string, ...unknown[]][] } }).operated.calls.flatMap(
        ([called, ...args]) => (called === wanted ? [args] : []),
      ),
    name,
  );

/** Gives the token by keys. */
async function enter(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').focus();
  await page.keyboard.type(token);
  await page.keyboard.press('Enter');
}

describe.skipIf(chromiumMissing)(`the screen Operate in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();
  const open = ({ fake, ...setting }: PageSetting = {}) =>
    pages.open('#/operate', { ...setting, fake: { models: ['films'], operate: 'secret', kind: 'server', ...fake } });

  test('a page without a server to operate has no such room, one with it only Explore besides', async () => {
    const { page } = await pages.open('#/operate');
    const rooms = (one: Page) => one.getByRole('navigation').getByRole('link').allTextContents();
    expect(await rooms(page)).not.toContain('Operate');
    await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
    await page.close();
    const operated = await open();
    expect(await rooms(operated.page)).toEqual(['Explore', 'Operate']);
    await operated.page.close();
  });

  test('by keys alone: a wrong token, the right one, publish, and roll back', async () => {
    const { page, complaints } = await open();
    await enter(page, 'guess');
    await page.getByText('The server does not know this token.').waitFor();
    await page.getByLabel('Token').fill('');
    await enter(page, 'secret');
    await page.getByRole('heading', { name: 'v3 is served' }).waitFor();
    await page.getByRole('button', { name: 'Serve v1' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Serve v1?' });
    await dialog.getByText('Until then v3 goes on').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await served(page, 'publish')).toEqual([]);
    await page.getByRole('button', { name: 'Serve v1' }).focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'v1 is served' }).waitFor();
    expect(await served(page, 'publish')).toEqual([['v1']]);
    expect(await page.getByRole('status').first().textContent()).toBeDefined();
    await page.locator('[role=status]', { hasText: 'v1 is served now.' }).waitFor();
    await page.getByRole('button', { name: 'Roll back to v3' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to v3' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await served(page, 'rollback')).toHaveLength(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('the token is in no address and no storage, and is forgotten on request', async () => {
    const { page } = await open();
    await enter(page, 'secret');
    await page.getByRole('heading', { name: 'v3 is served' }).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([location.hash, { ...localStorage }, { ...sessionStorage }, document.cookie, history.state]),
    );
    expect(kept).not.toContain('secret');
    await page.getByRole('button', { name: 'Forget it' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.getByLabel('Token').inputValue()).toBe('');
    await page.close();
  });

  test('a server that tells nothing without a token asks for it before any room', async () => {
    const { page } = await pages.open('#/explore', { fake: { models: ['films'], operate: 'secret', closed: true } });
    await enter(page, 'guess');
    await page.getByText('The server does not know this token.').waitFor();
    expect(await page.getByLabel('Token').evaluate((box) => box === document.activeElement)).toBe(true);
    await page.getByLabel('Token').fill('');
    await enter(page, 'secret');
    await page.getByRole('combobox', { name: 'Person' }).waitFor();
    await page.getByRole('link', { name: 'Operate' }).click();
    await page.getByRole('heading', { name: 'v3 is served' }).waitFor();
    await page.close();
  });

  test('a failed publication stays in its dialog, and changes nothing', async () => {
    const { page } = await open({ fake: { operate: '' } });
    await page.getByRole('button', { name: 'Serve v2' }).click();
    await setFake(page, { fail: ['publish'] });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Serve v2' }).click();
    await dialog.getByRole('alert').waitFor();
    await setFake(page, { fail: [] });
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'v2 is served' }).waitFor();
    await page.close();
  });

  test('rates by day and by version, each as a chart and a table; the choice is in the address', async () => {
    const { page } = await open({ fake: { operate: '' } });
    await page.getByRole('img', { name: /^Answered by click: 2026-05-01 / }).waitFor();
    await page.getByLabel('By', { exact: true }).selectOption('version');
    await page.getByRole('img', { name: /^Answered by purchase: v1 / }).waitFor();
    await page.getByText('All figures as a table').click();
    const rows = page.getByRole('table', { name: 'Figures by version' }).getByRole('row');
    expect(await rows.count()).toBe(4);
    expect(new URL(page.url()).hash).toBe('#/operate?by=version');
    await page.close();
  });

  test('feedback comes as it is stored, until it is paused', async () => {
    const { page } = await open({ fake: { operate: '' } });
    const rows = page.getByRole('table', { name: 'The newest events' }).getByRole('row');
    await expect.poll(() => rows.count(), { timeout: 10_000 }).toBeGreaterThan(31);
    await page.getByRole('button', { name: 'Pause reading feedback' }).click();
    await page.waitForTimeout(200);
    const asked = (await served(page, 'feedback')).length;
    await page.waitForTimeout(3500);
    expect((await served(page, 'feedback')).length).toBe(asked);
    await page.getByRole('button', { name: 'Go on reading feedback' }).click();
    await expect.poll(async () => (await served(page, 'feedback')).length).toBe(asked + 1);
    await page.close();
  });

  for (const width of [390, 1280])
    test(`axe finds nothing and nothing is cut off, at ${width} px: token, done, dialog, failed`, async () => {
      const { page, complaints } = await open({ width });
      await page.getByLabel('Token').waitFor();
      await expectSound(page);
      await enter(page, 'secret');
      await page.getByRole('img', { name: /^Answered by click/ }).waitFor();
      for (const summary of await page.locator('details summary').all()) await summary.click();
      await expectSound(page);
      await page.getByRole('button', { name: 'Serve v1' }).click();
      await setFake(page, { fail: ['publish', 'analytics', 'requests', 'feedback'] });
      await page.getByRole('dialog').getByRole('button', { name: 'Serve v1' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
      await expectSound(page);
      await page.keyboard.press('Escape');
      await page.getByLabel('By', { exact: true }).selectOption('place');
      await page.getByRole('alert').first().waitFor();
      await expectSound(page);
      expect(complaints).toEqual([]);
      await page.close();
    });
});
