import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';

const data = process.env.TAUREC_DATA;
describe.skipIf(!data || !existsSync(join(data, 'gowalla')))('published data (needs TAUREC_DATA)', () => {
  test.each([
    ['gowalla', 'tsv', 29_858, 40_988, 810_128, 217_336],
    ['movielens-100k', 'tsv', 939, 1016, 63_944, 16_449],
    ['yelp2018', 'txt', 31_668, 38_048, 1_237_259, 324_147],
  ])('%s has the numbers its README states', async (name, extension, users, items, train, held) => {
    const at = (part: string) => join(data!, name, `${part}.${extension}.gz`);
    const dataset = await loadDataset({ train: at('train'), test: at('test') });
    expect([dataset.users.size, dataset.items.size]).toEqual([users, items]);
    expect([dataset.train.indices.length, dataset.test!.indices.length]).toEqual([train, held]);
    expect(dataset.items.indexOf(10)).toBe(10);
  });
});
