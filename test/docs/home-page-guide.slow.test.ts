import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guide, type Ran, shopGuide } from './guide.ts';

describe('the guide of a home page', () => {
  let guide: Guide;
  let ran: Ran[];
  /** The answers of a block: one object for each request. */
  const answers = (path: string) => {
    const { stdout } = ran.find(({ block }) => block.includes(path))!;
    return stdout
      .replaceAll('}{', '}\n{')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  beforeAll(async () => {
    ({ guide } = await shopGuide('home-page.md', (port) => ({
      'serve model': `serve model --port ${port}`,
    })));
    ran = await guide.run();
  }, 240_000);
  afterAll(() => guide.stop());

  test('a visitor without feedback gets lists for everybody', () => {
    const [popular, latest, trending] = answers('/v1/popular?');
    expect(popular.items).toHaveLength(6);
    expect(popular.list).toMatch(/\.home\./);
    expect(latest.items).toHaveLength(6);
    expect(trending.items).toEqual([]);
    expect(answers('where=cheap')[0].items.length).toBeGreaterThan(0);
  });

  test('a visitor with feedback gets a list of their own, without an id the same by the items', () => {
    expect(answers('/v1/feedback')).toEqual([{ received: 3, new: 3 }]);
    const [own] = answers('/recommendations?');
    expect(own).toMatchObject({ user: 'v-7f3a', basis: 'feedback' });
    const [given, similar] = answers('for-items');
    expect(similar.items).toHaveLength(6);
    expect(given.items).toHaveLength(6);
    expect(own.items.map(({ id }: { id: string }) => id)).not.toContain('p0012');
  });

  test('a visitor is forgotten', () => {
    const { stdout, stderr } = ran.at(-1)!;
    expect(stdout + stderr).toMatch(/3/);
  });
});
