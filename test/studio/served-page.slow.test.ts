import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishModel } from '../../src/model/versions.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { startServer } from '../../src/server/start-server.ts';
import { servedStudio } from '../../src/studio/server/served-studio.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from '../browser/chromium.ts';
import { ask, folder, MemoryFeedback, model } from '../server/harness.ts';
import { siteFolder } from './page/site.ts';

const token = 'a-token-with-all-scopes';

describe.skipIf(!chromiumPath)(`the page of a running server, in Chromium${chromiumMissing}`, () => {
  let browser: Browser;
  let server: RunningServer;
  beforeAll(async () => {
    const published = join(folder, 'served-page');
    await publishModel(await model('one'), published);
    await publishModel(await model('two', { users: 20 }), published);
    server = await startServer(
      published,
      { port: 0, threads: 1, logLevel: 'silent', reloadInterval: 0, token, feedback: new MemoryFeedback() },
      await servedStudio(siteFolder),
    );
    browser = await chromium.launch({ executablePath: chromiumPath!, args: chromiumFlags });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('asks for the token, lists, shows feedback as it comes, and rolls back', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${server.url}/studio/`);
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');

    // The first person that the search finds, by the keyboard alone.
    const search = page.getByRole('combobox', { name: 'Person' });
    await search.fill('u');
    await page.getByRole('listbox').getByRole('option').first().waitFor();
    await search.press('ArrowDown');
    await search.press('Enter');
    await page.getByRole('heading', { name: /^The list of u/ }).waitFor();
    await page
      .getByRole('list', { name: /^The list of u/ })
      .getByRole('listitem')
      .first()
      .waitFor();

    await page.getByRole('link', { name: 'Operate' }).click();
    await page.getByRole('heading', { name: 'v2 is served' }).waitFor();
    await page.getByText('No event is stored yet.').waitFor();
    const { status } = await ask(server, '/v1/feedback', undefined, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ events: [{ user: 'u1', item: 'i3' }] }),
    });
    expect(status).toBeLessThan(300);
    await page.getByRole('cell', { name: 'i3' }).first().waitFor();

    await page.getByRole('button', { name: 'Roll back to v1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to v1' }).click();
    await page.getByRole('heading', { name: 'v1 is served' }).waitFor();
    const said = await ask(server, '/v1/versions', undefined, { headers: { Authorization: `Bearer ${token}` } });
    expect(JSON.parse(said.text).current).toBe('v1');
    expect(page.url()).not.toContain(token);
    expect(errors).toEqual([]);
    await page.close();
  });
});
