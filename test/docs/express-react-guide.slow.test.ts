import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type FeedbackEvent, openAnalytics, openFeedback } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumFlags, chromiumMissing, chromiumPath } from '../browser/chromium.ts';
import { freePort, type Guide, shopGuide } from './guide.ts';

describe('the guide of Express and React', () => {
  let guide: Guide;
  let shop: string;
  let taurec: string;
  let browser: BrowserContext;
  const file = (name: string) => readFileSync(join(guide.folder, name), 'utf8');

  beforeAll(async () => {
    const shopPort = await freePort();
    const made = await shopGuide(
      'express-react.md',
      (port) => ({
        'serve model': `serve model --port ${port}`,
        ':3000': `:${shopPort}`,
        'listen(3000': `listen(${shopPort}`,
      }),
      { 'node server.mjs': 'http://127.0.0.1:3000/' },
    );
    guide = made.guide;
    [taurec, shop] = [`http://127.0.0.1:${made.port}`, `http://127.0.0.1:${shopPort}`];
    await guide.run();
    if (!chromiumPath) return;
    const options = { executablePath: chromiumPath, args: chromiumFlags };
    browser = await chromium.launchPersistentContext(join(guide.folder, 'profile'), options);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await guide?.stop();
  });

  const get = async (path: string, token: string) => {
    const response = await fetch(taurec + path, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: await response.json() };
  };
  const listOf = async (user: string, where = '') => {
    const { token } = await (await fetch(`${shop}/session?user=${user}`)).json();
    const { body } = await get(`/v1/users/${user}/recommendations?k=8${where}`, token);
    return body.items as { id: string; title: string }[];
  };
  const titles = (items: readonly { title: string }[]) => items.map(({ title }) => title);

  test('the token of a customer reads one list, the public one none of a customer', async () => {
    const { token, user } = await (await fetch(`${shop}/session?user=u00007`)).json();
    expect(user).toBe('u00007');
    expect((await get('/v1/users/u00007/recommendations', token)).status).toBe(200);
    expect((await get('/v1/users/u00008/recommendations', token)).status).toBe(403);
    const visitor = await (await fetch(`${shop}/session`)).json();
    expect((await get('/v1/popular', visitor.token)).status).toBe(200);
    expect((await get('/v1/users/u00007/recommendations', visitor.token)).status).toBe(403);
    expect(JSON.stringify(visitor)).not.toContain(file('user.key').trim());
  });

  describe.skipIf(chromiumMissing)(`in Chromium${chromiumMissing}`, () => {
    const shown = (page: Page) => page.locator('li').allTextContents();
    const logged = async (): Promise<FeedbackEvent[]> => {
      const log = await openFeedback(join(guide.folder, 'feedback.db'));
      const events = [];
      for await (const some of log.read()) events.push(...some);
      await log.close();
      return events;
    };

    test('a customer sees a list and filters it; impressions and the click are logged and counted', async () => {
      // A customer whose list has something that is sold out.
      let user = '';
      for (let at = 1; user === '' && at <= 400; at++) {
        const id = `u${`${at}`.padStart(5, '0')}`;
        const [all, some] = [await listOf(id), await listOf(id, '&where=in-stock')];
        if (`${titles(all)}` !== `${titles(some)}`) user = id;
      }
      const [all, available] = [await listOf(user), await listOf(user, '&where=in-stock')];
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(`${error}`));
      page.on(
        'console',
        (message) =>
          message.type() === 'error' && !message.location().url.endsWith('/favicon.ico') && faults.push(message.text()),
      );
      await page.goto(`${shop}/?user=${user}`);
      await expect.poll(() => shown(page), { timeout: 20_000 }).toEqual(titles(all));
      expect(await page.locator('h1').textContent()).toBe('For you');

      await page.getByLabel('in stock').check();
      await expect.poll(() => shown(page), { timeout: 20_000 }).toEqual(titles(available));
      const items = file('shop/items.csv').split('\n');
      for (const { id } of available) expect(items.find((line) => line.startsWith(id))!.split(',')[5]).toBe('true');

      await page.locator('li a').nth(2).click();
      const third = { user, item: available[2]!.id, position: 3, kind: 'click' };
      await expect
        .poll(async () => (await logged()).filter(({ kind }) => kind === 'click'), { timeout: 20_000 })
        .toEqual([expect.objectContaining(third)]);
      const events = await logged();
      const click = events.find(({ kind }) => kind === 'click')!;
      expect(click.list).toMatch(/^\.[0-9a-f]{8}\.home\./);
      const impressions = events.filter(({ kind, list }) => kind === 'impression' && list === click.list);
      expect(impressions.map(({ item, position }) => [item, position])).toEqual(
        available.map(({ id }, at) => [id, at + 1]),
      );
      const analytics = await openAnalytics(join(guide.folder, 'feedback.db'));
      const { rows } = await analytics.analyze({ by: 'position' });
      await analytics.close();
      expect(rows.find(({ name }) => name === '3')).toMatchObject({
        impressions: 2,
        answered: { click: { count: 1, rate: 0.5 } },
      });
      const { stdout } = await guide.shell('taurec analytics feedback.db --by position');
      expect(stdout).toMatch(/^3 +2 +1 +50\.00%/m);
      expect(faults).toEqual([]);
      await page.close();
    });

    test('a visitor sees what is popular', async () => {
      const page = await browser.newPage();
      await page.goto(shop);
      const popular = await get('/v1/popular?k=8', file('public.token').trim());
      await expect.poll(() => shown(page), { timeout: 20_000 }).toEqual(titles(popular.body.items));
      expect(await page.locator('h1').textContent()).toBe('Popular');
      await page.close();
    });
  });
});
