import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumMissing } from '../browser/chromium.ts';
import { folder } from '../cli/taurec.ts';
import { type Host, pages, startSite, startStudio } from './page/hosts.ts';
import { room } from './page/walk.ts';

/** Epochs that no test waits for. */
const LONG = 100_000;

/** Opens the page, loads a sample, and goes to Train with an option that keeps a training from ending early. */
async function openSample(page: Page, host: Host, sample: string | RegExp = /^Toy/): Promise<void> {
  await page.goto(host.address);
  await page.getByRole('button', { name: sample }).click();
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('link', { name: 'Train a model' }).waitFor();
  await page.evaluate(() => location.assign('#/train?dimension=8&validation.every=100000'));
  await page.getByRole('heading', { level: 1, name: 'Train', exact: true }).waitFor();
}

const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true });

/** Trains by the form. A change of an option restarts a training that is there, so the button is pressed only for the first one. */
async function train(page: Page, epochs: number): Promise<void> {
  const first = (await page.getByRole('button', { name: 'Train', exact: true }).count()) > 0;
  await field(page, 'Epochs').fill(String(epochs));
  if (first) await page.getByRole('button', { name: 'Train', exact: true }).click();
}

const course = (page: Page) => page.locator('.course');
const epochOf = async (page: Page) =>
  Number(/epoch ([\d,]+)/.exec((await course(page).textContent()) ?? '')?.[1]?.replaceAll(',', '') ?? 0);
/** Waits until a long training has had some epochs. */
async function learning(page: Page, after = 10): Promise<void> {
  await course(page).getByText('Learning').waitFor();
  await expect.poll(() => epochOf(page)).toBeGreaterThan(after);
}
const ended = (page: Page, words: string) => course(page).getByText(words, { exact: true }).waitFor();

/** Paths of the files in the private file system of the page. */
function storedFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const files: string[] = [];
    const waiting = [{ path: '', folder: await navigator.storage.getDirectory() }];
    for (let next = waiting.shift(); next; next = waiting.shift())
      for await (const [name, handle] of next.folder.entries()) {
        const path = `${next.path}/${name}`;
        if (handle.kind === 'file') files.push(path);
        else waiting.push({ path, folder: handle as FileSystemDirectoryHandle });
      }
    return files.sort();
  });
}

/** The names of the runs under Compare. */
async function runsOn(page: Page): Promise<string[]> {
  await room(page, 'Compare');
  return page.getByRole('table', { name: 'Runs' }).locator('tbody th').allTextContents();
}

describe.skipIf(chromiumMissing)(`the studio in trouble, in Chromium${chromiumMissing}`, () => {
  const { onPage } = pages();

  for (const where of ['a page', 'a folder'] as const)
    test(`${where}: a training that is stopped leaves its curves and no file, and the next one trains`, async () => {
      const host = where === 'a page' ? await startSite(true) : await startStudio('stopped');
      const left = async (page: Page) =>
        where === 'a page'
          ? (await storedFiles(page)).map((path) => path.split('/')[2])
          : readdirSync(join(folder, 'stopped/models')).filter((name) => name !== 'lock');
      await onPage(async (page) => {
        await openSample(page, host);
        await train(page, LONG);
        await learning(page);
        await expect.poll(() => left(page)).not.toEqual([]);
        await page.getByRole('button', { name: 'Stop' }).click();
        await ended(page, 'Stopped');
        const reached = await epochOf(page);
        expect(reached).toBeGreaterThan(10);
        await page.getByText('As a table: Loss').click();
        const rows = page.getByRole('table', { name: 'Loss' }).locator('tbody tr');
        // The table is drawn once it has been opened, which the browser tells the page later.
        await expect.poll(() => rows.count()).toBe(reached);
        for (const name of ['Pause', 'Continue', 'Resume'])
          expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
        for (const name of ['Step', 'Stop'])
          expect(await page.getByRole('button', { name, exact: true }).isDisabled()).toBe(true);
        await expect.poll(() => left(page)).toEqual([]);
        await train(page, 3);
        await ended(page, 'Done');
        await expect.poll(async () => new Set(await left(page)).size).toBe(1);
        await room(page, 'Explore');
        await page.getByRole('combobox', { name: 'Person' }).fill('Ada');
        await page.getByRole('option', { name: /^Ada/ }).first().click();
        await page.getByRole('list', { name: 'The list of Ada', exact: true }).waitFor();
      });
      await host.end();
    });

  test('a folder: a page that is loaded again in mid-run has the whole curve, and a second tab the same run', async () => {
    const host = await startStudio('reloaded');
    await onPage(async (page, context) => {
      // Its epochs take longer than those of the toy: a page is loaded while there are some.
      await openSample(page, host, /^Made-up shop/);
      await train(page, LONG);
      await learning(page);
      const before = await epochOf(page);
      await page.reload();
      await learning(page, before);
      const tab = await context.newPage();
      await tab.goto(`${new URL(host.address).origin}/#/train`);
      await learning(tab, before);
      await tab.getByRole('button', { name: 'Stop' }).click();
      for (const one of [tab, page]) {
        await ended(one, 'Stopped');
        const reached = await epochOf(one);
        await one.getByText('As a table: Loss').click();
        const epochs = one.getByRole('table', { name: 'Loss' }).locator('tbody th');
        // Epochs that came before the page was loaded are there, too, each once.
        await expect.poll(() => epochs.count()).toBe(reached);
      }
      expect(await epochOf(tab)).toBe(await epochOf(page));
      await train(tab, 3);
      await ended(tab, 'Done');
      await expect.poll(() => runsOn(page)).toHaveLength(2);
      expect(await runsOn(page)).toEqual(await runsOn(tab));
    });
    await host.end();
  });

  test('a page: what became of a run is said after a reload; another tab is told of it, and both keep their models', async () => {
    const host = await startSite(true);
    await onPage(async (page, context) => {
      await openSample(page, host);
      await train(page, LONG);
      await learning(page);
      const tab = await context.newPage();
      await openSample(tab, host);
      await tab.getByText(/A training goes on elsewhere: .*, in another tab\. It is here, too, once/).waitFor();
      await train(tab, 3);
      await ended(tab, 'Done');

      await page.reload();
      await page.goto(`${host.address}/#/train`);
      await runsOn(page);
      await page.getByText('interrupted', { exact: true }).waitFor();
      await room(page, 'Explore');
      // The model of the other tab can be asked.
      await page.getByRole('combobox', { name: 'Person' }).waitFor();
      await tab.close();
    });
    await onPage(async (page) => {
      await openSample(page, host);
      await train(page, 300);
      await learning(page);
      await page.reload();
      await ended(page, 'Interrupted');
      await page.getByText('The page was closed, or loaded again, before it was done.').waitFor();
      await page.getByText('no state: Resume trains it from the beginning, to the model').waitFor();
      await room(page, 'Judge');
      await page.getByRole('heading', { name: 'A training was interrupted' }).waitFor();
      await page.getByRole('link', { name: 'See what is left of it' }).click();
      await page.getByRole('button', { name: 'Resume' }).click();
      await ended(page, 'Done');
      expect(await runsOn(page)).toHaveLength(1);
    });
    await host.end();
  });

  test('a page: a full storage says what has no room, how much it needs and what helps; earlier models stay', async () => {
    const host = await startSite(true);
    await onPage(async (page, context) => {
      await openSample(page, host);
      await train(page, 3);
      await ended(page, 'Done');
      const protocol = await context.newCDPSession(page);
      const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage!);
      const quota = (quotaSize?: number) =>
        protocol.send('Storage.overrideQuotaForOrigin', { origin: host.address, quotaSize });
      await quota(usage + 4000);
      await field(page, 'Dimension').fill('64');
      const panel = page.locator('.failure[data-code="cannot-write"]');
      await panel.waitFor();
      const text = (await panel.textContent())!;
      const [, name, needed, stored] =
        /The model of (.+): cannot be written: it needs ([\d,]+) kB beside the ([\d,]+) kB that this site has stored, which is more than the browser grants\./.exec(
          text,
        )!;
      const number = (digits: string | undefined) => Number(digits!.replaceAll(',', ''));
      expect(number(needed) + number(stored)).toBeGreaterThan((usage + 4000) / 1000);
      expect(number(stored)).toBeLessThanOrEqual((usage + 4000) / 1000);
      expect(text).toContain('take it home as a file (Compare, Take home)');
      expect(text).toContain('Delete runs that are not needed (Compare, Runs)');
      // Half a model would take room that others need.
      expect((await storedFiles(page)).filter((path) => path.endsWith('/config.json'))).toHaveLength(1);

      // What the panel says helps.
      const names = await runsOn(page);
      expect(names[0]).toBe(name);
      await page.getByRole('link', { name: 'Take home' }).click();
      const waiting = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download the model' }).click();
      const files = Object.values(unzipSync(readFileSync(await (await waiting).path())));
      const bytes = files.reduce((sum, { length }) => sum + length, 0);
      expect(number(needed)).toBe(Math.ceil(bytes / 1000));

      await room(page, 'Explore');
      await page.getByLabel('Model', { exact: true }).selectOption({ index: 1 });
      await page.getByRole('combobox', { name: 'Person' }).fill('Ada');
      await page.getByRole('option', { name: /^Ada/ }).first().click();
      await page.getByRole('list', { name: 'The list of Ada', exact: true }).waitFor();
      await runsOn(page);
      await page.getByRole('button', { name: `Delete ${names[1]}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
      await expect.poll(() => runsOn(page)).toEqual([name]);
      expect((await storedFiles(page)).filter((path) => path.endsWith('/config.json'))).toEqual([]);
      await quota();
      await room(page, 'Train');
      await train(page, 2);
      await expect.poll(() => panel.count()).toBe(0);
      await ended(page, 'Done');
      await page.reload();
      await expect.poll(() => runsOn(page)).toHaveLength(2);
    });
    await host.end();
  });

  test('a page: a model that is too large for its memory says so with the numbers, and the page goes on', async () => {
    const host = await startSite(true);
    await onPage(async (page) => {
      await openSample(page, host);
      await train(page, 3);
      await ended(page, 'Done');
      await field(page, 'Dimension').fill('20000000');
      const panel = page.locator('.failure[data-code="memory-limit"]');
      await panel.waitFor();
      const text = (await panel.textContent())!;
      expect(text).toMatch(
        /The tables need [\d.]+ GiB, but the engine has only 4\.00: 12 items at dimension 20000000 take \d+ bytes each\./,
      );
      expect(text).toContain('Reduce the dimension, the negatives or the rows per batch, or drop rare items (k-core).');
      await field(page, 'Dimension').fill('16');
      await ended(page, 'Done');
      await expect.poll(() => panel.count()).toBe(0);
    });
    await host.end();
  });
});
