import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/index.ts';
import { chromiumMissing } from '../browser/chromium.ts';
import { folder } from '../cli/taurec.ts';
import { pages, startSite } from './page/hosts.ts';
import { drop } from './page/walk.ts';

const rows = (n: number) => Array.from({ length: n }, (_, at) => `u${at % 5},i${at % 7},${at % 5}`).join('\n');
const good = `user,item,rating\n${rows(30)}\n`;

/** What is wrong with a file, its name, and its content. */
const wrong: readonly (readonly [what: string, name: string, content: string | Uint8Array])[] = [
  ['nothing in it', 'empty.csv', ''],
  ['a picture', 'picture.csv', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64')],
  ['no user and no item', 'people.csv', 'person,town,day\na,x,1\nb,y,2\n'],
  ['ragged rows', 'ragged.csv', `${good}u1,i1\nu2,i2,3,4,5\n`],
  ['a number that is none', 'number.csv', `${good}u1,i1,five\n`],
  ['a gzip that is cut short', 'cut.csv.gz', gzipSync(Buffer.from(good.repeat(50))).subarray(0, 60)],
  ['a ZIP without a log', 'nothing.zip', zipSync({ 'readme.md': strToU8('# nothing'), 'picture.png': strToU8('x') })],
  ['a Parquet file that is none', 'none.parquet', 'PAR1 this is not what it says PAR1'],
];

/** What an error says, on one line, without the reason that a library gives: that of Node is another one than that of a page. */
const told = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/(cannot be read as \w+): .*?(?= If )/, '$1')
    .trim();

/** The error of the library in Node for a file, with its name in place of its path. */
async function errorOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const message = await loadDataset({ train: path, split: 'random', validRatio: 0.1 }).then(
    () => 'it was read',
    (error: Error) => error.message,
  );
  return told(message.replaceAll(path, name));
}

describe.skipIf(chromiumMissing)(`wrong files, in Chromium${chromiumMissing}`, () => {
  const { onPage } = pages();

  test('the screen says of each what loadDataset says of it, in full, and loses nothing', async () => {
    const host = await startSite(true);
    await onPage(async (page) => {
      await page.goto(host.address);
      await drop(page, 'log.csv', good);
      await page.getByRole('button', { name: 'Load the data' }).click();
      await page.getByRole('button', { name: 'Change the data' }).click();
      for (const [what, name, content] of wrong) {
        const error = await errorOf(name, content);
        await drop(page, name, Buffer.from(content));
        await page.getByLabel(new RegExp(`^${name}`)).waitFor();
        // Columns that are not known are asked for before anything fails.
        if (what === 'no user and no item')
          await page.getByText('which column holds the user, and which the item').waitFor();
        await page.getByRole('button', { name: 'Load the data' }).click();
        const panel = page.getByRole('region', { name: 'Load the data' }).getByRole('alert');
        const shown = async () => told((await panel.locator('p').allTextContents()).join(' '));
        await expect.poll(shown, { message: what, timeout: 20_000 }).toBe(error);
      }
      // The file of before can be chosen, and the data in use are those of before.
      await page.getByLabel(/^log\.csv/).selectOption('Interactions');
      await page.locator('.left', { hasText: 'Interactions left30' }).waitFor();
      await page.getByRole('button', { name: 'Keep these data' }).click();
      await page.getByRole('heading', { name: 'The long tail' }).waitFor();
      await page.getByRole('heading', { name: 'log.csv' }).waitFor();
    });
    await host.end();
  });
});
