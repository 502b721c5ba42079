/**
 * Makes the pictures of docs/studio.md and README.md: the walk of docs/studio.md over the made-up shop, in Chromium, in docs/images/studio-*.webp. The data, the splits and the trainings have their seeds.
 *
 *     npm run build && node scripts/studio-pictures.mjs
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withStudio } from './studio-browser.mjs';

const folder = join(import.meta.dirname, '../docs/images');
/** Most bytes of a picture. */
const MOST = 150_000;

await withStudio(async ({ open, browser }) => {
  const page = await open('');
  const painter = await (await browser.newContext()).newPage();
  /** @param {string} name @param {number} height of the page that is shown @param {string} [from] what stands at the top */
  const picture = async (name, height, from) => {
    await page.setViewportSize({ width: 1280, height });
    await page.evaluate((top) => {
      const element = top === undefined ? undefined : document.querySelector(top);
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
      scrollTo(0, element ? element.getBoundingClientRect().top + scrollY - 16 : 0);
    }, from);
    await page.waitForTimeout(400);
    const png = (await page.screenshot()).toString('base64');
    const webp = await painter.evaluate(async (base64) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', 0.85).split(',')[1];
    }, png);
    const file = join(folder, `studio-${name}.webp`);
    writeFileSync(file, Buffer.from(webp, 'base64'));
    const { size } = statSync(file);
    console.log(`${file}: ${(size / 1000).toFixed(0)} kB`);
    if (size > MOST) throw new Error(`${file} has more than ${MOST} bytes.`);
  };
  /** @param {string} room */
  const go = (room) => page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: room }).click();
  const done = () => page.getByText('the finished model').waitFor({ timeout: 300_000 });

  await page.getByRole('button', { name: 'Made-up shop' }).click();
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('heading', { name: 'The long tail' }).waitFor();
  await picture('data', 820);

  await page.getByRole('link', { name: 'Train a model' }).click();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await done();
  await page.getByRole('radio', { name: 'Softmax loss sl' }).check();
  await page.getByText('sl', { exact: true }).and(page.locator('.run-name')).waitFor();
  await done();
  await page.getByRole('radio', { name: /^Bilateral/ }).check();
  await page.getByText('bsl', { exact: true }).and(page.locator('.run-name')).waitFor();
  await page.getByLabel('Colour', { exact: true }).selectOption('category');
  await done();
  await picture('train', 1280, '.training-options');

  await go('Explore');
  await page.getByRole('radio', { name: 'What I like' }).check();
  for (const item of ['p0354', 'p0243', 'p0111']) {
    await page.getByRole('combobox', { name: 'I like …' }).fill(item);
    await page.getByRole('option', { name: item }).first().click();
  }
  await page.locator('.why summary').first().click();
  await picture('explore', 900);

  await go('Judge');
  await page.getByRole('heading', { name: 'Against simple lists' }).waitFor({ timeout: 60_000 });
  await picture('judge', 960);

  await go('Compare');
  await page.getByRole('link', { name: 'Sweep' }).click();
  await page.getByRole('combobox', { name: 'Option', exact: true }).selectOption({ label: 'Dimension' });
  await page.getByLabel('Values of Dimension').fill('16 32 64');
  await page.getByRole('combobox', { name: 'Second option' }).selectOption({ label: 'Learning rate' });
  await page.getByLabel('Values of Learning rate').fill('0.01 0.02 0.05');
  await page.getByRole('button', { name: 'Train 9 runs' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.heat td[data-level]').length >= 6, undefined, {
    timeout: 600_000,
  });
  await picture('compare', 860, 'section.card:has(.heat)');
});
