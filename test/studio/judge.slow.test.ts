import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing, chromiumPath } from '../browser/chromium.ts';
import { axeFaults, callsOf, expectSound, type PageSetting, setFake, studioPages } from './page/browser.ts';
import type { FakeSession } from './page/fake-session.ts';

/** Trains runs on the fake session. */
async function trained(page: Page, count: number): Promise<void> {
  await page.getByRole('button', { name: /^Toy/ }).click();
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('button', { name: 'Change the data' }).waitFor();
  await page.evaluate(async (runs) => {
    const { fake } = window as unknown as { fake: FakeSession };
    for (let i = 0; i < runs; i++) await fake.start({ epochs: 2, dimension: 16 << i });
  }, count);
  await page.waitForFunction(async (runs) => {
    const { fake } = window as unknown as { fake: FakeSession };
    return (await fake.runs()).filter(({ state }) => state === 'done').length === runs;
  }, count);
}

async function visit(page: Page, fragment: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, fragment);
}

describe.skipIf(!chromiumPath)(`the screens Judge and Compare${chromiumMissing}`, () => {
  const { open } = studioPages();
  const fake = { epochMs: 5 };
  const ready = async (fragment: string, setting: PageSetting = {}, runs = 2) => {
    const opened = await open('#/data', { fake, ...setting });
    await trained(opened.page, runs);
    await visit(opened.page, fragment);
    return opened;
  };

  test('without a model both say what to do', async () => {
    const { page, complaints } = await open('#/judge', { fake });
    await page.getByRole('link', { name: 'Choose data' }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await visit(page, '#/compare');
    await page.getByRole('heading', { name: 'Bring a model in' }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('validation is measured at once, the test part by a button that counts and asks', async () => {
    const { page, complaints } = await ready('#/judge');
    await page.getByText('31% ± 4 better than popularity.').waitFor();
    await page.getByText('In full', { exact: true }).click();
    await page.getByRole('cell', { name: '0.34123456789', exact: true }).waitFor();
    await page.getByText('u1', { exact: true }).click();
    await page.getByRole('list', { name: 'What u1 wanted' }).waitFor();
    expect(await callsOf(page, 'judge')).toEqual([['r2', 'valid']]);

    await page.getByRole('link', { name: 'Test part' }).click();
    await page.getByText('has not been opened yet').waitFor();
    await page.getByRole('button', { name: 'Open the test part' }).click();
    await page.getByText('was opened once').waitFor();
    // Another look at figures that are there opens nothing.
    await page.getByRole('link', { name: 'Validation part' }).click();
    await page.getByRole('link', { name: 'Test part' }).click();
    await page.getByText('was opened once').waitFor();
    expect((await callsOf(page, 'judge')).filter(([, part]) => part === 'test')).toHaveLength(1);

    await visit(page, '#/judge?runs=r1&view=test');
    await page.getByRole('button', { name: 'Open it again' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect((await callsOf(page, 'judge')).filter(([, part]) => part === 'test')).toHaveLength(1);
    await page.getByRole('button', { name: 'Open it again' }).click();
    await page.getByRole('button', { name: 'Open it', exact: true }).click();
    await page.getByText('was opened twice').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a measurement can be cancelled, fails with its remedy, and is tried again', async () => {
    const { page } = await ready('#/data', { fake: { ...fake, hold: ['judge'] } });
    await visit(page, '#/judge');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await setFake(page, { hold: [], fail: ['judge'] });
    await page.getByRole('button', { name: 'Measure' }).click();
    await page.getByRole('alert').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await setFake(page, { fail: [] });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('31% ± 4 better than popularity.').waitFor();
  });

  test('runs stand side by side by what differs, and two are compared', async () => {
    const { page, complaints } = await ready('#/compare');
    const table = page.getByRole('table', { name: 'Runs' });
    await table.waitFor();
    const heads = await table.getByRole('columnheader').allTextContents();
    expect(heads).toEqual(['Run', 'Dimension', 'NDCG@20', 'Recall@20', 'Epochs', 'Time', 'Test opened', 'Act']);
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText('Run 1 is better than Run 2 by 0.03 NDCG@20').waitFor();
    expect(await callsOf(page, 'compare')).toEqual([['r2', 'r1', 'valid']]);
    await page.getByRole('button', { name: 'Delete Run 1', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
    expect(await callsOf(page, 'discard')).toEqual([]);
    await page.getByRole('button', { name: 'Delete Run 1', exact: true }).click();
    await page.getByRole('dialog').getByText('Its model, its curves and its lists go').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await callsOf(page, 'discard')).toEqual([['r1']]);
    expect(await table.locator('tbody tr').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('a sweep fills its heat map, by keyboard only', async () => {
    const { page, complaints } = await ready('#/compare?view=sweep');
    await page.getByRole('combobox', { name: 'Option', exact: true }).focus();
    await page.keyboard.type('Learning');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('0.01 0.02 x');
    await page.getByText('x: expected a number').waitFor();
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Dimension');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('16 32 64');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('6 of 6').or(page.getByText('Best so far')).first().waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.heat td[data-level]').length === 6);
    expect(await callsOf(page, 'sweep')).toEqual([
      [
        {
          config: {},
          axes: [
            { path: 'learningRate', values: [0.01, 0.02] },
            { path: 'dimension', values: [16, 32, 64] },
          ],
        },
      ],
    ]);
    expect(await axeFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('a typed loss is checked before it trains, and Tab does not catch the keyboard', async () => {
    const { page, complaints } = await ready('#/compare?view=loss');
    const area = page.getByRole('textbox', { name: /^The loss/ });
    const button = page.getByRole('button', { name: 'Train with it' });
    expect(await button.isDisabled()).toBe(true);
    await area.fill('');
    await area.press('Tab');
    expect(await area.inputValue()).toBe('  ');
    await area.press('Escape');
    await area.press('Tab');
    expect(await area.evaluate((element) => element === document.activeElement)).toBe(false);
    await area.fill('wrong');
    await page.getByRole('button', { name: 'Check the gradients' }).click();
    await page.getByRole('alert').getByText('got 0.5').waitFor();
    expect(await button.isDisabled()).toBe(true);
    await area.fill('right');
    await page.getByText('has changed since').waitFor();
    await page.getByRole('button', { name: 'Check the gradients' }).click();
    await page.getByText('all gradients agree').waitFor();
    expect(page.url()).not.toContain('right');
    await button.click();
    await page.waitForFunction(() => location.hash.startsWith('#/train'));
    expect((await callsOf(page, 'start')).at(-1)).toEqual([{}, { name: 'typed', loss: 'right' }]);
    expect(complaints).toEqual([]);
  });

  test('in a server no loss can be typed, and it says why', async () => {
    const { page } = await open('#/compare?view=loss', { fake: { ...fake, kind: 'server' } });
    await visit(page, '#/data');
    await trained(page, 1);
    await visit(page, '#/compare?view=loss');
    await page.getByText('runs no code that comes from a page').waitFor();
    expect(await page.getByRole('textbox').count()).toBe(0);
  });

  test('a model, its report and its texts leave the page, and a model comes in', async () => {
    const { page, complaints } = await ready('#/compare?view=take');
    const [zip] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the model' }).click(),
    ]);
    expect(zip.suggestedFilename()).toBe('run-2.zip');
    await page.getByText('taurec train toy.csv').waitFor();
    await page.getByLabel('TypeScript').check();
    await page.getByText("import { loadDataset, train } from 'taurec';").waitFor();

    const [report] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download a report' }).click(),
    ]);
    await page.locator('input[type=file]').setInputFiles({
      name: 'films.zip',
      mimeType: 'application/zip',
      buffer: Buffer.from('zip'),
    });
    await page.getByText('films is here.').first().waitFor();
    await setFake(page, { fail: ['open', 'archive'] });
    await page.getByRole('button', { name: 'Download the model' }).click();
    await page.getByRole('alert').waitFor();

    // The report by itself, away from the page and its policy.
    const html = readFileSync(await report.path(), 'utf8');
    expect(html).not.toMatch(/<script|https?:/);
    await page.goto('about:blank');
    await page.setContent(html);
    expect(await page.locator('h1').textContent()).toBe('Run 2');
    expect(await page.locator('svg[role=img]').count()).toBeGreaterThanOrEqual(3);
    expect(await page.getByText('0.34123456789').count()).toBe(1);
    expect(await axeFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test.each([390, 1920])('no fault and no overflow, %i px', async (width) => {
    const { page, complaints } = await ready('#/judge', { width });
    const looks = [
      ['#/judge', '31% ± 4 better'],
      ['#/judge?view=test', 'has not been opened yet'],
      ['#/compare', 'Side by side'],
      ['#/compare?view=sweep', 'Try many values'],
      ['#/compare?view=loss', 'A loss of your own'],
      ['#/compare?view=take', 'taurec train toy.csv'],
    ] as const;
    for (const [fragment, text] of looks) {
      await visit(page, fragment);
      await page.getByText(text).first().waitFor();
      await expectSound(page, fragment);
    }
    expect(complaints).toEqual([]);
  });
});
