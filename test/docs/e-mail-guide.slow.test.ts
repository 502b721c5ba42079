import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAnalytics, variantOf } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guide, type Ran, shopGuide } from './guide.ts';

describe('the guide of lists by e-mail', () => {
  let guide: Guide;
  let ran: Ran[];
  const file = (name: string) => readFileSync(join(guide.folder, name), 'utf8');
  const lists = (name: string): { user: string; items: { id: string }[] }[] =>
    file(name)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  beforeAll(async () => {
    ({ guide } = await shopGuide('e-mail.md', (port) => ({
      'serve published': `serve published --port ${port}`,
    })));
    ran = await guide.run();
  }, 240_000);
  afterAll(() => guide.stop());

  test('its lists are of everybody, in stock, with at most two of a brand', () => {
    const items = new Map(
      file('shop/items.csv')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','))
        .map(([id, , , brand, , available]) => [id!, { brand: brand!, available: available! }]),
    );
    const brands = new Map<string, string[]>();
    for (const line of file('lists.csv').trim().split('\n').slice(1)) {
      const [user, , item] = line.split(',');
      expect(items.get(item!)!.available).toBe('true');
      brands.set(user!, [...(brands.get(user!) ?? []), items.get(item!)!.brand]);
    }
    expect(brands.size).toBeGreaterThan(390);
    for (const of of brands.values())
      for (const brand of of) expect(of.filter((other) => other === brand).length).toBeLessThanOrEqual(2);
    expect(existsSync(join(guide.folder, 'lists.parquet'))).toBe(true);
    expect(lists('lists.jsonl').map(({ user, items: list }) => [user, list.length > 0])).toContainEqual(['anna', true]);
  });

  test('its impressions and its click are counted for the place and the version', async () => {
    const shown = lists('lists.jsonl').reduce((sum, { items }) => sum + items.length, 0);
    expect(ran.find(({ block }) => block === 'node mails.mjs')!.stdout).toBe(`7 mails, ${shown} impressions\n`);
    expect(ran.find(({ block }) => block.includes('taurec analytics'))!.stdout).toMatch(/email/);
    const analytics = await openAnalytics(join(guide.folder, 'feedback.db'));
    for (const [by, name] of [
      ['place', 'email'],
      ['version', 'v1'],
    ] as const) {
      const { rows } = await analytics.analyze({ by });
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ name, impressions: shown, answered: { click: { count: 1 } } });
    }
    await analytics.close();
  });

  test('its halves are those of the server', () => {
    const halves = ['a', 'b'].map((name) => file(`subscribers-${name}.txt`).trim().split('\n').filter(Boolean));
    expect(halves.flat().sort()).toEqual(file('subscribers.txt').trim().split('\n').sort());
    for (const user of halves[0]!) expect(variantOf(user, { a: 50, b: 50 })).toBe('a');
    expect(Math.min(...halves.map(({ length }) => length))).toBeGreaterThan(0);
    expect(lists('lists-b.jsonl').map(({ user }) => user)).toEqual(halves[1]);
  });
});
