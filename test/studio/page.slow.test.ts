import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { axeFaults, overflowing, studioPages } from './page/browser.ts';
import { siteFolder } from './page/site.ts';

/** A log of four tastes: people who share one buy the same five items. */
const log = ['user,item,time'];
for (let user = 0; user < 60; user++)
  for (let n = 0; n < 4; n++) log.push(`u${user},taste${user % 4}-${(user + n) % 5},${1_700_000_000 + 60 * user + n}`);
const file = { name: 'log.csv', mimeType: 'text/csv', buffer: Buffer.from(`${log.join('\n')}\n`) };

describe.skipIf(chromiumMissing)(`the studio by itself in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();

  test('a file is read, a model learns, and a change of the loss starts it anew', async () => {
    const { page, complaints } = await pages.open('#/data', {}, true);
    await page.getByText('Nothing leaves this page.').waitFor();
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText('Interactions left').waitFor();
    await page.locator('.left', { hasText: '240' }).waitFor();
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('heading', { name: 'The long tail' }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByLabel('Epochs').fill('20');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('the finished model').waitFor();
    const [few, many] = await page
      .locator('.map .swatch')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
    expect(few).not.toBe(many);
    // Whoever it is: the items of their taste are what the model finds.
    const heading = await page.getByRole('heading', { name: /^What \w+ liked$/ }).textContent();
    const person = heading!.split(' ')[1]!;
    const first = await page.locator('.person .items li .item-title').first().textContent();
    expect(first).toMatch(new RegExp(`^taste${Number(person.slice(1)) % 4}-`));
    await page.getByRole('radio', { name: /^Bayesian/ }).check();
    await page.getByText('bpr, epochs 20', { exact: true }).waitFor();
    await page.getByText('Done', { exact: true }).waitFor();
    expect(await page.locator('.curve.past').count()).toBeGreaterThanOrEqual(1);
    expect(await axeFaults(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('each change of an option trains anew, also where the run before comes to its end meanwhile', async () => {
    const { page } = await pages.open('#/data', {}, true);
    await page.getByRole('button', { name: /^Toy/ }).click();
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('2');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    // Trainings of two epochs end at any time around the clicks.
    for (let round = 0; round < 12; round++) {
      const loss = ['sl', 'bpr'][round % 2]!;
      await page.locator(`input[name=loss][value=${loss}]`).check();
      await page.locator('.run-name', { hasText: `${loss}, epochs 2` }).waitFor();
    }
    await page.getByText('Done', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.close();
  });

  test('a file that is no log says what to do', async () => {
    const { page } = await pages.open('#/data', {}, true);
    await page.locator('input[type=file]').setInputFiles({ ...file, buffer: Buffer.from('') });
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByRole('alert').first().textContent()).toMatch(/log\.csv/);
    await page.close();
  });
});

describe.skipIf(chromiumMissing)(`the studio on a host without headers, in Chromium${chromiumMissing}`, () => {
  const pages = studioPages({ isolated: false });

  test('isolates itself, and has threads', async () => {
    const { page } = await pages.open('#/data', {}, true);
    await page.waitForFunction(() => crossOriginIsolated);
    await page.getByText('Nothing leaves this page.').waitFor();
    await page.close();
  });
});

describe.skipIf(chromiumMissing)(`what the studio loads in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();

  test('opening loads at most 250 kB with gzip, and the engine comes with the first training', async () => {
    const { page } = await pages.open('#/data', {}, true);
    // The worker has answered, and the room is drawn.
    await page.getByText('Nothing leaves this page.').waitFor();
    await page.getByText(/small enough to see every number/).waitFor();
    await page.waitForLoadState('networkidle');
    const loaded = [...new Set(['index.html', ...pages.asked()])];
    for (const part of ['index-', 'local-session-', 'workbench-worker-'])
      expect(
        loaded.some((name) => name.startsWith(`assets/${part}`)),
        part,
      ).toBe(true);
    const bytesOf = (names: readonly string[]) =>
      names.reduce((sum, name) => sum + gzipSync(readFileSync(join(siteFolder, name))).length, 0);
    const isEngine = (name: string) => /^assets\/(open-engine|kernels|crew-worker-text)-/.test(name);
    expect(loaded.filter(isEngine)).toEqual([]);
    expect(bytesOf(loaded), loaded.join(', ')).toBeLessThan(250_000);
    await page.getByRole('button', { name: /^Toy/ }).click();
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('2');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Done', { exact: true }).waitFor();
    // The training itself runs in a worker from a text, which has an engine of its own.
    const learned = [...new Set(pages.asked())].filter((name) => !loaded.includes(name));
    expect(learned, learned.join(', ')).toContainEqual(expect.stringMatching(/^assets\/train-worker-text-/));
    await page.close();
  });
});
