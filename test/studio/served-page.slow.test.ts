import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../src/analytics/analytics.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { publishModel } from '../../src/model/versions.ts';
import type { RunningServer } from '../../src/server/serve.ts';
import { startServer } from '../../src/server/start-server.ts';
import { count, percent } from '../../src/studio/page/parts/figures.ts';
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

  it('shows what the server itself says of its requests, its versions and what came of its lists', async () => {
    const scopes = { Authorization: `Bearer ${token}` };
    const own = await startServer(
      join(folder, 'served-page'),
      {
        ...{ port: 0, threads: 1, logLevel: 'silent', reloadInterval: 0, token },
        feedback: await openFeedback(join(folder, 'served-page.db')),
      },
      await servedStudio(siteFolder),
    );
    // People get lists, and click on what stands at some positions.
    const events = [];
    for (let n = 0; n < 12; n++) {
      const path = `/v1/users/u${n}/recommendations?k=4&place=${n % 3 === 0 ? 'mail' : 'home'}`;
      const { list, items } = (await ask(own, path, undefined, { headers: scopes })).json;
      for (const [at, { id: item }] of items.entries()) {
        const about = { user: `u${n}`, item, list, position: at + 1 };
        events.push({ ...about, kind: 'impression' });
        if ((n + at) % (at + 2) === 0) events.push({ ...about, kind: 'click' });
      }
    }
    const sent = await ask(own, '/v1/feedback', { events }, { headers: scopes });
    expect(sent.json).toMatchObject({ new: events.length });

    const page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${own.url}/studio/#/operate`);
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    const cells = (name: string) =>
      page
        .getByRole('table', { name, exact: true })
        .locator('tbody tr')
        .evaluateAll((rows) =>
          rows.map((row) => Array.from((row as HTMLTableRowElement).cells, (cell) => cell.textContent ?? '')),
        );
    const said = async (path: string) => (await ask(own, path, undefined, { headers: scopes })).json;

    const { current, versions } = await said('/v1/versions');
    await page.getByRole('heading', { name: `${current} is served` }).waitFor();
    expect((await cells('Versions')).map(([name]) => name)).toEqual(
      [...versions].reverse().map(({ name }: { name: string }) => (name === current ? `${name}served` : name)),
    );

    const lists = (await cells('Requests by route since the start')).filter(([route]) => route!.includes('recommend'));
    const { text } = await ask(own, '/metrics', undefined, { headers: scopes });
    const [, counted] = /taurec_http_request_seconds_count\{[^}]*recommendations[^}]*\} (\d+)/.exec(text)!;
    expect(lists.map(([, status, count]) => [status, count])).toEqual([['200', counted]]);
    expect(counted).toBe('12');

    for (const [by, title] of [
      ['position', 'Position'],
      ['place', 'Place'],
      ['version', 'Version'],
    ] as const) {
      await page.getByLabel('By', { exact: true }).selectOption(title);
      const { rows, total, people } = (await said(`/v1/analytics?by=${by}`)) as Analytics;
      expect(total.answered.click!.count).toBeGreaterThan(0);
      const summary = page.getByText('All figures as a table');
      const table = page.getByRole('table', { name: `Figures by ${by}`, exact: true, includeHidden: true });
      await table.waitFor({ state: 'attached' });
      if (!(await table.isVisible())) await summary.click();
      expect((await cells(`Figures by ${by}`)).map((row) => row.slice(0, 4))).toEqual(
        rows.map((row) => [row.name, count(row.impressions), count(row.people), percent(row.answered.click!.rate)]),
      );
      const figures = await page.locator('section[aria-labelledby="analytics-title"] dl').textContent();
      expect(figures).toContain(`Impressions${count(total.impressions)}`);
      expect(figures).toContain(`People${count(people)}`);
      expect(figures).toContain(`Answered by click${percent(total.answered.click!.rate)}`);
    }
    await page.close();
    await own.close();
  });
});
