import { join } from 'node:path';
import { listVersions, openAnalytics, variantOf } from 'taurec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guide, type Ran, shopGuide } from './guide.ts';

describe('the guide of a test of two models', () => {
  let guide: Guide;
  let ran: Ran[];
  const of = (start: string) => ran.find(({ block }) => block.includes(start))!;

  beforeAll(async () => {
    ({ guide } = await shopGuide('ab-test.md', (port) => ({
      'serve a=published': `serve --port ${port} a=published`,
      'serve published': `serve --port ${port} published`,
    })));
    ran = await guide.run();
  }, 240_000);
  afterAll(() => guide.stop());

  test('everybody sees a list of six, of the variant of the split', async () => {
    const people = Number(/^(\d+) people/.exec(of('node people.mjs').stdout)![1]);
    expect(people).toBeGreaterThan(350);
    const analytics = await openAnalytics(join(guide.folder, 'feedback.db'));
    const { rows } = await analytics.analyze({ by: 'variant' });
    await analytics.close();
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(rows.map(({ people: some }) => some).reduce((sum, some) => sum + some)).toBe(people);
    for (const row of rows) expect(row.impressions).toBe(6 * row.people);
    const ids = Array.from({ length: 400 }, (_, at) => `u${`${at + 1}`.padStart(5, '0')}`);
    const inA = ids.filter((user) => variantOf(user, { a: 50, b: 50 }, 'autumn') === 'a').length;
    expect(Math.abs(rows[0]!.people - inA)).toBeLessThanOrEqual(400 - people);
  });

  test('the comparison names both, and the winner is published and served', async () => {
    expect(of('--compare a b').stdout).toMatch(/click .* of \d+ people .* of \d+ people/);
    expect((await listVersions(join(guide.folder, 'published'))).current).toBe('v2');
    expect(of('taurec versions').stdout).toContain('views and carts too');
    expect(ran.at(-1)!.block).toContain('published --feedback feedback.db');
  });
});
