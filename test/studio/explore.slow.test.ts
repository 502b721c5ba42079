import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { callsOf, expectSound, type PageSetting, setFake, studioPages } from './page/browser.ts';

/** Searches with the keyboard alone, and picks the hit at a place. */
async function pick(page: Page, label: string, text: string, at = 0): Promise<void> {
  await page.getByRole('combobox', { name: label }).focus();
  await page.keyboard.type(text);
  await page.getByRole('option', { name: text }).first().waitFor();
  for (let i = 0; i < at; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
}

/** The titles of a list. */
const titles = (page: Page, label: string) =>
  page.getByRole('list', { name: label, exact: true }).locator('.item-title').allTextContents();

describe.skipIf(chromiumMissing)(`the screen Explore in Chromium${chromiumMissing}`, () => {
  const pages = studioPages();
  const open = (setting: PageSetting = {}, fragment = '#/explore') =>
    pages.open(fragment, { ...setting, fake: { models: ['films', 'films BSL'], ...setting.fake } });

  test('without a model it says where to begin', async () => {
    const { page } = await pages.open('#/explore');
    await page.getByRole('link', { name: 'Choose data' }).waitFor();
    await page.close();
  });

  test('a person, by keys alone: history, list, reasons, a dial and what it moved', async () => {
    const { page, complaints } = await open();
    await pick(page, 'Person', 'u12');
    const list = page.getByRole('list', { name: 'The list of u12', exact: true });
    await list.waitFor();
    expect(await titles(page, 'What they have')).toHaveLength(6);
    const before = await titles(page, 'The list of u12');
    await list.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await list.getByRole('list', { name: 'Parts of the score' }).first().locator('li').count()).toBe(5);
    expect(await list.locator('summary').first().textContent()).toMatch(/^because they have .+ and .+/);
    await page.getByRole('slider', { name: 'Discovery' }).focus();
    // One step from end to end: single steps are answered one by one, at a pace that a test does not know.
    await page.keyboard.press('End');
    await page.getByText('No more in the list').waitFor();
    const after = await titles(page, 'The list of u12');
    expect(after).not.toEqual(before);
    // What the arrows say leads back to the list before the last step.
    expect(await page.locator('.move-up, .move-down, .move-new').count()).toBeGreaterThan(0);
    expect(new URL(page.url()).hash).toBe('#/explore?ask=person&discover=1');
    expect((await callsOf(page, 'recommend')).at(-1)![2]).toMatchObject({ discover: 1, k: 10 });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('while a slider moves fast, few lists are asked for and the last one stays', async () => {
    const { page } = await open();
    await pick(page, 'Person', 'u12');
    await page.getByRole('list', { name: 'The list of u12', exact: true }).waitFor();
    const asked = (await callsOf(page, 'recommend')).length;
    await page.getByRole('slider', { name: 'Diversity' }).evaluate((slider: HTMLInputElement) => {
      for (let n = 1; n <= 10; n++) {
        slider.value = String(n / 10);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      }
      slider.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page.waitForFunction(
      (n) =>
        (window as never as { fake: { calls: unknown[][] } }).fake.calls.filter(([name]) => name === 'recommend')
          .length > n,
      asked,
    );
    await page.waitForTimeout(200);
    const calls = await callsOf(page, 'recommend');
    expect(calls.length).toBe(asked + 1);
    expect(calls.at(-1)![2]).toMatchObject({ diversity: 1 });
    await page.close();
  });

  test('"I like …": a list from the first item on, and nothing about items in the address', async () => {
    const { page } = await open();
    await page.getByRole('radio', { name: 'What I like' }).check();
    await pick(page, 'I like …', 'Red Winter');
    await page.getByRole('list', { name: 'Your list', exact: true }).waitFor();
    await pick(page, 'I like …', 'Second Tide');
    await pick(page, 'I like …', 'Paper Tide');
    await page.getByText('Three to five are enough.').waitFor();
    await page.getByRole('button', { name: 'Remove Red Winter' }).focus();
    await page.keyboard.press('Enter');
    expect(
      await page.getByRole('combobox', { name: 'I like …' }).evaluate((box) => box === document.activeElement),
    ).toBe(true);
    await page.waitForFunction(() => {
      const [, , who] = (
        window as never as { fake: { calls: [string, string, { items: string[] }][] } }
      ).fake.calls.findLast(([name]) => name === 'recommend')!;
      return who.items.length === 2;
    });
    expect(new URL(page.url()).hash).toBe('#/explore?ask=likes');
    await page.close();
  });

  test('Enter before the hits are there picks a hit of the text, not of the one before', async () => {
    const { page } = await open();
    await page.getByRole('radio', { name: 'An item' }).check();
    const box = page.getByRole('combobox', { name: 'Item' });
    await box.click();
    await page.getByRole('listbox').waitFor();
    await page.keyboard.type('Second Orchard');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Second Orchard' }).waitFor();
    await page.close();
  });

  test('an item: its neighbours, bought together, and on to one of them', async () => {
    const { page } = await open();
    await page.getByRole('radio', { name: 'An item' }).check();
    await pick(page, 'Item', 'Red Harbour');
    await page.getByRole('list', { name: 'Bought together', exact: true }).waitFor();
    expect((await callsOf(page, 'similar')).map(([, , options]) => (options as { by?: string }).by)).toEqual([
      undefined,
      'together',
    ]);
    const [first] = await titles(page, 'Most alike');
    await page.getByRole('list', { name: 'Most alike', exact: true }).getByRole('button').first().click();
    const title = page.getByRole('heading', { level: 2, name: first });
    expect(await title.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.close();
  });

  test('why not: sentences, the rank of how many and the parts, and they follow the dials', async () => {
    const { page } = await open();
    await pick(page, 'Person', 'u1');
    await pick(page, 'An item that you expected in the list', 'Quiet Tide');
    await page.getByText('Other items fit better, and the list ends after 10 places.').waitFor();
    await page.getByText('By its score it ranks 17 of 34 items that the list may hold.').waitFor();
    // Until the answer for the longer list is there, the sentence tells of the shorter one.
    await setFake(page, { hold: ['explain'] });
    await page.getByLabel('Length of the list').selectOption('20');
    await page.getByText('Asking about Quiet Tide').waitFor();
    expect(await page.getByText('the list ends after 10 places').count()).toBe(1);
    await setFake(page, { hold: [] });
    await page.getByLabel('Length of the list').selectOption('50');
    await page.getByText('It is in the list, at place 17.').waitFor();
    await page.getByRole('combobox', { name: 'An item that you expected' }).fill('no such film');
    await page.getByRole('option', { name: 'Ask about the id no such film' }).click();
    await page.getByRole('heading', { name: 'no such film' }).waitFor();
    await page.close();
  });

  test('filters and limits become options of the list; a reset takes them back', async () => {
    const { page } = await open();
    await pick(page, 'Person', 'u1');
    await page.getByText('Filters and limits').click();
    await page.getByLabel('genre', { exact: true }).selectOption('crime');
    await page.getByLabel('price, most').fill('50');
    await page.getByLabel('Most items of one genre').fill('2');
    const last = async () => (await callsOf(page, 'recommend')).at(-1)![2];
    await expect
      .poll(last)
      .toMatchObject({ where: { genre: { in: ['crime'] }, price: { lte: 50 } }, atMost: { genre: 2 } });
    await page.getByRole('button', { name: 'Reset all' }).click();
    await expect.poll(last).not.toHaveProperty('where');
    await page.close();
  });

  test('the popularity prior is a dial, whoever answers', async () => {
    for (const kind of ['page', 'server'] as const) {
      const { page } = await open({ fake: { kind } });
      await pick(page, 'Person', 'u1');
      await page.getByRole('slider', { name: 'Discovery' }).waitFor();
      expect(await page.getByRole('slider', { name: 'Popularity prior' }).count()).toBe(1);
      await page.close();
    }
  });

  test('a failure says what to do, the list before stays, and trying again mends it', async () => {
    const { page } = await open();
    await pick(page, 'Person', 'u1');
    await page.getByRole('list', { name: 'The list of u1', exact: true }).waitFor();
    await setFake(page, { fail: ['recommend'] });
    await page.getByLabel('Length of the list').selectOption('20');
    await page.getByRole('alert').waitFor();
    expect(await titles(page, 'The list of u1')).toHaveLength(10);
    await setFake(page, { fail: [] });
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await expect.poll(() => titles(page, 'The list of u1')).toHaveLength(14);
    await page.close();
  });

  test('a list that takes long says so and can be cancelled', async () => {
    const { page } = await open();
    await setFake(page, { hold: ['recommend'] });
    await pick(page, 'Person', 'u1');
    await page.getByText('Ranking the items').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Ranking the items').waitFor({ state: 'detached' });
    await page.close();
  });

  test('what is chosen stays when another room is visited', async () => {
    const { page } = await open();
    await pick(page, 'Person', 'u12');
    await page.getByRole('slider', { name: 'Discovery' }).fill('0.5');
    await page.getByRole('link', { name: 'Train' }).click();
    await page.getByRole('heading', { level: 1, name: 'Train' }).waitFor();
    await page.getByRole('link', { name: 'Explore' }).click();
    await page.getByRole('list', { name: 'The list of u12', exact: true }).waitFor();
    expect(await page.getByRole('slider', { name: 'Discovery' }).inputValue()).toBe('0.5');
    await page.close();
  });

  for (const width of [390, 1280])
    test(`axe finds nothing and nothing is cut off, at ${width} px: empty, done, open, failed`, async () => {
      const { page, complaints } = await open({ width });
      await expectSound(page);
      await pick(page, 'Person', 'u1');
      await pick(page, 'An item that you expected in the list', 'Quiet Tide');
      await page.getByText('Other items fit better').waitFor();
      for (const details of await page.locator('details').all())
        await details.evaluate((element: HTMLDetailsElement) => {
          element.open = true;
        });
      await page.getByRole('combobox', { name: 'Person' }).click();
      await page.getByRole('listbox').waitFor();
      await expectSound(page);
      await page.keyboard.press('Escape');
      await setFake(page, { fail: ['recommend', 'find', 'explain'] });
      await page.getByLabel('Length of the list').selectOption('20');
      await page.getByRole('alert').first().waitFor();
      await page.getByRole('combobox', { name: 'Person' }).click();
      await page.locator('.fault').waitFor();
      await expectSound(page);
      await setFake(page, { fail: [] });
      await page.getByRole('radio', { name: 'An item' }).check();
      await pick(page, 'Item', 'Red Harbour');
      await page.getByRole('list', { name: 'Bought together', exact: true }).waitFor();
      await expectSound(page);
      expect(complaints).toEqual([]);
      await page.close();
    });
});
