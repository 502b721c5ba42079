import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, Guide, type Ran } from './guide.ts';

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
    const port = await freePort();
    guide = new Guide(
      'home-page.md',
      {
        '--shop --out': '--shop --users 400 --items 120 --out',
        '--epochs 20': '--epochs 4 --dimension 16',
        'serve model': `serve model --port ${port}`,
        ':8080': `:${port}`,
      },
      { 'taurec serve': 'http://127.0.0.1:8080/readyz' },
    );
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
