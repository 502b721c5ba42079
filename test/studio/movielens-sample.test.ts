import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { movieLensSamples } from '../../src/studio/server/movielens-sample.ts';
import { workbenchThread } from '../../src/studio/server/workbench-thread.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { folderWith } from './studio.ts';

const ratings = Array.from(
  { length: 60 },
  (_, n) => `${(n % 12) + 1}\t${((n * 5 + Math.floor(n / 12)) % 20) + 1}\t${(n % 5) + 1}\t${8e8 + n}`,
);
const titles = ['item,title', ...Array.from({ length: 20 }, (_, n) => `${n + 1},"Film, the ${n + 1}th"`)];
const cache = folderWith('cache', {
  'movielens-100k/ratings.tsv': `${ratings.join('\n')}\n`,
  'movielens-100k/titles.csv': `${titles.join('\n')}\n`,
});

test('MovieLens is a sample with titles where the demo has put it, and none elsewhere', async () => {
  expect(movieLensSamples({ TAUREC_CACHE: folderWith('empty-cache') })).toEqual([]);
  const half = folderWith('half', { 'movielens-100k/ratings.tsv': '1\t1\t5\t1\n' });
  expect(movieLensSamples({ TAUREC_CACHE: half })).toEqual([]);
  const session = new Workbench(nodeHost({ samples: movieLensSamples({ TAUREC_CACHE: cache }) }));
  const sample = (await session.sources()).sources.find(({ name }) => name === 'MovieLens 100K')!;
  expect(sample).toMatchObject({ id: 'sample:movielens', kind: 'sample', catalogue: 'sample:movielens:items' });
  const data = await session.load({ train: sample.id, catalogue: sample.catalogue!, minRating: 4 });
  expect(data).toMatchObject({ hasTitles: true, info: { rows: 60, interactions: 24 } });
  expect(data.info.times).toMatchObject({ from: 8e8 + 3 });
  await session.close();
});

test('the studio of a folder offers it', async () => {
  const before = process.env.TAUREC_CACHE;
  process.env.TAUREC_CACHE = cache;
  const { session, end } = workbenchThread(join(cache, '..', 'half'), {});
  try {
    expect((await session.sources()).sources.map(({ id }) => id)).toContain('sample:movielens');
  } finally {
    if (before === undefined) delete process.env.TAUREC_CACHE;
    else process.env.TAUREC_CACHE = before;
    await end();
  }
});
