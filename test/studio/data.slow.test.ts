import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { callsOf, expectSound, setFake, studioPages } from './page/browser.ts';

const csv = { name: 'ratings.csv', mimeType: 'text/csv', buffer: Buffer.from('user_id,item_id\nu1,i1\n') };

describe.skipIf(chromiumMissing)(`the screen Data in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();

  test('from a file over a correction, a filter and a split to what is in it', async () => {
    const { page, complaints } = await pages.open('#/data');
    await page.locator('input[type=file]').setInputFiles([csv, { ...csv, name: 'movies.csv' }]);
    await page.getByLabel('What timestamp holds').selectOption('Not used');
    await page.waitForFunction(() => document.querySelectorAll('.preview .unused').length > 0);
    await page.getByLabel('Lowest rating').fill('4');
    await page.getByText('64,000').waitFor();
    await page.getByRole('radio', { name: /^Debiased/ }).check();
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('heading', { name: 'The long tail' }).waitFor();
    expect(await callsOf(page, 'load')).toEqual([
      [
        {
          train: 'file:ratings.csv',
          catalogue: 'file:movies.csv',
          user: 'user_id',
          item: 'item_id',
          rating: 'rating',
          time: false,
          minRating: 4,
          split: 'debiased',
          testRatio: 0.2,
          validRatio: 0.1,
        },
      ],
    ]);
    // The address has the options, and nothing of the files.
    expect(new URL(page.url()).hash).toBe('#/data?minRating=4&split=debiased');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('ratings.csv');
    await page.locator('.chart summary').first().click();
    await page.getByRole('table', { name: 'The long tail' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('counts of the last choice are shown, and outdated ones are stopped', async () => {
    const { page } = await pages.open('#/data?sample=sample:toy', { fake: { hold: ['measure'] } });
    await page.getByLabel('Lowest rating').fill('3');
    await page.waitForFunction(() =>
      (window as never as { fake: { calls: string[][] } }).fake.calls.some(([name]) => name === 'measure'),
    );
    await setFake(page, { hold: [] });
    await page.getByLabel('Lowest rating').fill('5');
    await page.getByText('55,000').waitFor();
    await page.close();
  });

  test('without a mouse: a sample is chosen and loaded by keys', async () => {
    const { page } = await pages.open('#/data');
    await page.getByRole('button', { name: /^Toy/ }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('radio', { name: /^Random/ }).focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: /^Last one out/ }).isChecked()).toBe(true);
    const reached: string[] = [];
    for (let i = 0; i < 12 && !reached.includes('Load the data'); i++) {
      await page.keyboard.press('Tab');
      reached.push((await page.evaluate(() => document.activeElement?.textContent)) ?? '');
    }
    expect(reached).toContain('Load the data');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'How active users are' }).waitFor();
    await page.close();
  });

  test('loading shows how far it is, and is cancelled', async () => {
    const { page } = await pages.open('#/data?sample=sample:toy', { fake: { hold: ['load'] } });
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByText('Reading and splitting 30%').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Load the data' }).waitFor();
    await page.close();
  });

  for (const width of [390, 1280])
    test(`axe finds nothing and nothing is cut off, at ${width} px: empty, chosen, failed, done`, async () => {
      const { page, complaints } = await pages.open('#/data', { width });
      await page.getByText('Nothing is chosen yet').waitFor();
      await expectSound(page);
      await page.getByRole('button', { name: /^Toy/ }).click();
      await page.getByText('Interactions left').waitFor();
      await expectSound(page);
      await setFake(page, { fail: ['load'] });
      await page.getByRole('button', { name: 'Load the data' }).click();
      await page.getByRole('alert').getByText('ratings.csv: the file has a header and no rows').waitFor();
      await expectSound(page);
      await setFake(page, { fail: [] });
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'The long tail' }).waitFor();
      await expectSound(page);
      expect(complaints).toEqual([]);
      await page.close();
    });
});
