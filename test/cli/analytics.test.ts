import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listId } from '../../src/feedback/list-id.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { fails, file, folder, json, taurec } from './taurec.ts';

/** A log in which everybody is shown one item, and every third person of variant b clicks on it. */
async function writeLog(): Promise<void> {
  const log = await openFeedback(join(folder, 'feedback.db'));
  const events = Array.from({ length: 120 }, (_, n) => {
    const list = listId({ variant: n % 2 ? 'b' : 'a', version: 'v1', place: n < 60 ? 'home' : 'cart' });
    const about = { user: `u${n % 24}`, item: `i${n % 5}`, time: 86_400 * (n % 3), list, position: 1 };
    const shown = { ...about, kind: 'impression' };
    return n % 6 === 1 ? [shown, { ...about, kind: 'click' }] : [shown];
  });
  await log.append(events.flat());
  await log.close();
}

describe('taurec analytics', async () => {
  await writeLog();

  test('a table with intervals, the same figures as JSON, and a period', async () => {
    const { stdout, code } = await taurec('analytics', 'feedback.db', '--by', 'place');
    expect(code).toBe(0);
    expect(stdout).toContain('140 events of 24 people; impressions from 1970-01-01T00:00 to 1970-01-03T00:00 UTC.');
    expect(stdout).toMatch(/place +impressions +people +click +purchase +items +repeated/);
    expect(stdout).toMatch(/home +60 +24 +16\.67% \(/);
    const result = await json('analytics', 'feedback.db', '--by', 'place');
    expect(
      result.rows.map(({ name, impressions }: { name: string; impressions: number }) => [name, impressions]),
    ).toEqual([
      ['cart', 60],
      ['home', 60],
    ]);
    expect(result.total.answered.click).toMatchObject({ count: 20 });
    const day = await json('analytics', 'feedback.db', '--from', '1970-01-02', '--to', '1970-01-03', '--window', '12h');
    expect(day.rows).toMatchObject([{ name: '1970-01-02', impressions: 40 }]);
  });

  test('kinds from a file; a file of events; nothing was shown', async () => {
    file('events.json', '{"impression":{},"click":{"success":false},"buy":{"success":true}}');
    const { total } = await json('analytics', 'feedback.db', '--events', 'events.json');
    expect(Object.keys(total.answered)).toEqual(['buy']);
    writeFileSync(join(folder, 'shown.csv'), 'user,item,time,kind\na,x,5,impression\na,x,6,click\n');
    expect((await json('analytics', 'shown.csv')).total.answered.click).toMatchObject({ count: 1, rate: 1 });
    writeFileSync(join(folder, 'views.csv'), 'user,item,time,kind\na,x,5,view\n');
    expect((await taurec('analytics', 'views.csv')).stdout).toMatch(
      /1 events of 1 people, and no impression from 1970-01-01T00:00 to 1970-01-01T00:00 UTC: applications/,
    );
  });

  test('two variants', async () => {
    const { stdout } = await taurec('analytics', 'feedback.db', '--compare', 'a', 'b', '--expected', '100');
    expect(stdout).toMatch(/kind +a +b +difference/);
    expect(stdout).toMatch(/click +0\.00% of 12 people +33\.33% of 12 people .*undecided/);
    const { comparisons, inBoth } = await json('analytics', 'feedback.db', '--compare', 'a', 'b');
    expect([comparisons[0].kind, comparisons[0].low, inBoth]).toEqual(['click', null, 0]);
    await fails(2, /one of a, b/, 'analytics', 'feedback.db', '--compare', 'a', 'c');
    await fails(2, /two variants/, 'analytics', 'feedback.db', '--compare', 'a');
  });

  test('wrong usage', async () => {
    await fails(1, /none\.db: no such file/, 'analytics', 'none.db');
    await fails(2, /from/, 'analytics', 'feedback.db', '--from', 'today');
    await fails(2, /day, version/, 'analytics', 'feedback.db', '--by', 'year');
    await fails(2, /there is no such file/, 'analytics', 'feedback.db', '--events', 'nothing.json');
    expect(readFileSync(join(folder, 'events.json'), 'utf8')).toContain('buy');
  });
});
