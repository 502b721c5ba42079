import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { axeFaults, callsOf, expectSound, studioPages } from './page/browser.ts';
import { fakeObjective } from './page/fake-schema.ts';

/** Loads the sample, and goes to the screen. */
async function loaded(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('link', { name: 'Train a model' }).click();
  await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
}

const toy = '#/data?sample=sample:toy';

describe.skipIf(chromiumMissing)(`the screen Train in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();

  test('without data it says where to begin', async () => {
    const { page } = await pages.open('#/train');
    await page.getByRole('link', { name: 'Choose data' }).click();
    await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
    await page.close();
  });

  test('a training draws its curves, map and list, and a change of an option restarts it', async () => {
    const { page, complaints } = await pages.open(toy);
    await loaded(page);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Done', { exact: true }).waitFor();
    await page.getByRole('img', { name: /^Validation: bsl 0\.33/ }).waitFor();
    // At the end the list is that of the finished model, not of its last epoch.
    await page.getByText('the finished model').waitFor();
    expect(await page.getByRole('list', { name: 'List of u1' }).getByRole('listitem').count()).toBe(12);
    expect((await callsOf(page, 'recommend')).at(-1)).toEqual(['r1', { user: 'u1' }, { k: 12 }]);
    await page.getByRole('radio', { name: /^Softmax loss/ }).check();
    await page.getByLabel('Temperature τ', { exact: true }).fill('0.2');
    await page.getByText('sl, τ 0.2', { exact: true }).waitFor();
    await page.getByText('Done', { exact: true }).waitFor();
    const starts = await callsOf(page, 'start');
    expect(starts.at(-1)![0]).toEqual({ loss: { name: 'sl', options: { tau: 0.2 } } });
    // The first run is still there, in grey and in the table.
    expect(await page.locator('.curve.past').count()).toBeGreaterThanOrEqual(2);
    await page.locator('.chart summary').first().click();
    const heads = page.getByRole('table', { name: 'Loss' }).getByRole('columnheader');
    expect((await heads.allTextContents()).slice(0, 2)).toEqual(['Epoch', 'sl, τ 0.2']);
    expect(new URL(page.url()).hash).toContain('loss.name=sl&loss.options.tau=0.2');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('an address has the options, and a reload keeps them', async () => {
    const { page } = await pages.open(`${toy}`);
    await loaded(page);
    await page.evaluate(() => {
      location.hash = '#/data';
    });
    await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
    await page.evaluate(() => {
      location.hash = '#/train?epochs=3&dimension=rubbish';
    });
    await page.getByLabel('Epochs').waitFor();
    expect(await page.getByLabel('Epochs').inputValue()).toBe('3');
    expect(await page.getByLabel('Dimension').inputValue()).toBe('');
    await page.close();
  });

  test('it begins with the objective of the data, says so, and trains with what it shows', async () => {
    const { page, complaints } = await pages.open('#/data?sample=sample:shop');
    await loaded(page);
    const weight = page.getByLabel('Weight of negatives λ');
    await page.getByText('a popularity prior by validation').waitFor();
    expect(await weight.getAttribute('placeholder')).toBe('1 (default)');
    const train = page.getByRole('button', { name: /^Train( again)?$/ });
    await train.click();
    await page.getByText('Done', { exact: true }).waitFor();
    await weight.fill('1.2');
    await page.getByText('bsl, λ 1.2', { exact: true }).waitFor();
    const configs = (await callsOf(page, 'start')).map(([config]) => config);
    const loss = { name: 'bsl', options: { tau1: 1, negativeWeight: 1.2 } };
    expect(configs).toEqual([fakeObjective, { ...fakeObjective, loss }]);
    // An objective without popularity has the other defaults.
    await page.locator('.option-form summary').click();
    await page.getByLabel('Aim').selectOption('discovery');
    await page.getByText('a popularity prior by validation').waitFor({ state: 'detached' });
    expect(await weight.getAttribute('placeholder')).toBe('1.2 (default)');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('by keys: pause, one step, go on, and reset', async () => {
    const { page } = await pages.open(toy, { fake: { epochMs: 60 } });
    await loaded(page);
    const press = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
    };
    await press('Train');
    await press('Pause');
    await page.getByText('Paused').waitFor();
    const epoch = async () => Number(/epoch (\d+)/.exec((await page.locator('.course').textContent())!)![1]);
    const before = await epoch();
    await press('Step');
    await page.waitForFunction(
      (n) => document.querySelector('.course')?.textContent?.includes(`epoch ${n} of`),
      before + 1,
    );
    await press('Continue');
    await page.getByText('Done', { exact: true }).waitFor();
    await press('Reset');
    const asks = page.getByRole('dialog', { name: 'Delete bsl?' });
    await asks.getByText('Its model, its curves and its lists go').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await asks.waitFor({ state: 'hidden' });
    expect(await callsOf(page, 'discard')).toEqual([]);
    await press('Reset');
    await press('Delete it');
    await page.getByText('Ready', { exact: true }).waitFor();
    expect(await callsOf(page, 'discard')).toEqual([['r1']]);
    expect((await callsOf(page, 'control')).map(([, act]) => act)).toEqual(['pause', 'step', 'resume']);
    await page.close();
  });

  test('arrow keys go from loss to loss; a wrong value is refused in words and not used', async () => {
    const { page } = await pages.open(toy);
    await loaded(page);
    await page.getByRole('radio', { name: /^Bilateral/ }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: /^Softmax loss/ }).isChecked()).toBe(true);
    await page.getByLabel('Epochs').fill('-3');
    await page.getByText('Expected a whole number of at least 1.').waitFor();
    expect(await page.getByLabel('Epochs').getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Done', { exact: true }).waitFor();
    expect((await callsOf(page, 'start'))[0]![0]).toEqual({ loss: { name: 'sl' } });
    await page.close();
  });

  test('the map shows an item under the pointer, and by its row of the table', async () => {
    const { page } = await pages.open(toy, { reducedMotion: true });
    await loaded(page);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Done', { exact: true }).waitFor();
    await page.locator('.map summary').click();
    await page
      .getByRole('table', { name: 'Items of the map' })
      .getByRole('button', { name: 'Red Harbour', exact: true })
      .focus();
    await page.locator('.map-tip', { hasText: 'Red Harbour' }).waitFor();
    await page.getByLabel('Colour', { exact: true }).selectOption('genre');
    await page.getByRole('list', { name: 'Colours' }).getByText('comedy').waitFor();
    await page.close();
  });

  for (const width of [390, 1280])
    test(`axe finds nothing and nothing is cut off, at ${width} px: ready, done, failed`, async () => {
      const { page, complaints } = await pages.open(toy, { width, fake: { fail: ['epoch'] } });
      await loaded(page);
      await expectSound(page);
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await page.getByRole('alert').getByText('Try a smaller learning rate').waitFor();
      await expectSound(page);
      await page.evaluate(() => (window as never as { fake: { fail: Set<string> } }).fake.fail.clear());
      await page.getByRole('alert').getByRole('button', { name: 'Train again' }).click();
      await page.getByText('Done', { exact: true }).waitFor();
      for (const summary of await page.locator('details summary').all()) await summary.click();
      await expectSound(page);
      expect(complaints).toEqual([]);
      await page.close();
    });
});
