import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportSite } from '../../src/studio/server/export-site.ts';
import { chromiumMissing } from '../browser/chromium.ts';
import { studioPages } from './page/browser.ts';
import { siteFolder } from './page/site.ts';

describe.skipIf(chromiumMissing)(`an exported studio on a static host, in Chromium${chromiumMissing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-exported-'));
  beforeAll(() => exportSite(folder, siteFolder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const pages = studioPages({ folder });

  test('a typed loss is checked, trains, and its model makes lists', async () => {
    const { page, complaints } = await pages.open('#/data?sample=sample:toy', {}, true);
    await page.waitForFunction(() => crossOriginIsolated);
    await page.getByRole('button', { name: 'Load the data' }).click();
    await page.getByRole('heading', { name: 'The long tail' }).waitFor();
    await page.evaluate(() => {
      location.hash = '#/compare?view=loss';
    });
    await page.getByRole('button', { name: 'Check the gradients' }).click();
    await page.getByText(/my-softmax: all gradients agree/).waitFor();
    await page.getByRole('button', { name: 'Train with it' }).click();
    await page.getByText('the finished model').waitFor();
    expect(await page.locator('.run-name').textContent()).toBe('my-softmax');
    expect(await page.locator('.person .items li').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
