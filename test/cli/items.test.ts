import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { Trends } from '../../src/feedback/trends.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { file, folder, json, quick, taurec, writeData } from './taurec.ts';

writeData();
const log = join(folder, 'feedback.db');
const now = Math.floor(Date.now() / 1000);
let library: Recommender;

beforeAll(async () => {
  const day = (n: number) => new Date(1000 * (now - 86_400 * n)).toISOString().slice(0, 10);
  const rows = Array.from({ length: 20 }, (_, n) => `i${n},Item ${n},${day((n * 7) % 20)},${n % 3}`);
  const items = file('items.csv', `id,title,released,brand\n${rows.join('\n')}\ni21,Item 21,2999-01-01,1\n`);
  await json('train', 'train.csv', '--catalogue', items, ...quick, '--seed', '1', '--out', 'model');
  const feedback = await openFeedback(log);
  await feedback.append([
    ...Array.from({ length: 60 }, (_, n) => ({
      ...{ user: `u${n % 11}`, item: `i${(n * n) % 13}`, time: now - n * 5000 },
      kind: n % 2 ? 'view' : 'purchase',
    })),
    { user: 'u1', item: 'i19', time: now - 6 * 86_400, kind: 'purchase' },
  ]);
  await feedback.close();
  library = await Recommender.open(join(folder, 'model'), { threads: 1 });
  return () => library.close();
});

describe('items', () => {
  test('--json is what the library lists, with filters and limits', async () => {
    expect(await json('items', 'model', '-k', '7')).toEqual({ by: 'popular', items: library.popular({ k: 7 }) });
    const where = { brand: { lte: 1 } };
    const flags = ['--where', JSON.stringify(where), '--at-most', 'brand=3', '--exclude', 'i0,i3'];
    const latest = library.latest({ where, atMost: { brand: 3 }, exclude: ['i0', 'i3'] });
    expect(await json('items', 'model', '--by', 'latest', ...flags)).toEqual({ by: 'latest', items: latest });
    expect(latest).toHaveLength(6);
    expect(latest.map(({ id }) => id)).not.toContain('i21');
  });

  test('--by trending reads the log: its window, its half-life and weights of kinds', async () => {
    const feedback = await openFeedback(log);
    const trends = await Trends.read(feedback, { eventWeights: { purchase: 1 } });
    await feedback.close();
    const trending = async (...flags: string[]): Promise<{ id: string; score: number }[]> =>
      (await json('items', 'model', '--by', 'trending', '--feedback', log, '-k', '30', ...flags)).items;
    const got = await trending('--event-weights', 'purchase=1', '--half-life', '12h');
    const expected = library.trending(trends, { k: 30, halfLife: 43_200 });
    expect(got.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    got.forEach(({ score }, at) => {
      expect(score / expected[at]!.score).toBeCloseTo(1, 2);
    });
    expect(got.map(({ id }) => id)).toContain('i19');
    expect((await trending('--window', '5d')).map(({ id }) => id)).not.toContain('i19');
  });

  test('people read a table: titles, and of the latest the dates', async () => {
    const { stdout } = await taurec('items', 'model', '--by', 'latest', '-k', '2', '--time', 'released');
    const [first] = library.latest();
    expect(stdout).toMatch(/item +title +time/);
    expect(stdout).toContain(`${first!.id}    Item ${first!.id.slice(1)}`);
    expect(stdout).toContain(new Date(1000 * first!.score).toISOString().slice(0, 10));
    expect((await taurec('items', 'model', '-k', '2')).stdout).toMatch(/score\n/);
  });
});
