import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Csr, csrRow } from '../../src/array/csr.ts';
import { buildDataset } from '../../src/data/build-dataset.ts';
import { type Dataset, loadDataset } from '../../src/data/dataset.ts';
import { logOf } from './log-of.ts';
import { file } from './temporary.ts';

const texts = (dataset: Dataset, matrix: Csr | undefined): string[] =>
  matrix === undefined
    ? []
    : Array.from({ length: matrix.rows }, (_, u) =>
        Array.from(csrRow(matrix, u), (i) => `${dataset.users.idOf(u)} ${dataset.items.idOf(i)}`),
      ).flat();

const list = fc.array(fc.tuple(fc.nat(30).map(String), fc.oneof(fc.nat(30).map(String), fc.constantFrom('x', '007'))), {
  minLength: 1,
  maxLength: 40,
});

test('any three parts come into one index space, trained ids first', () => {
  fc.assert(
    fc.property(list, fc.option(list), fc.option(list), (train, valid, test) => {
      const about = { sha256: '', source: '' };
      const parts = {
        train: logOf(train),
        valid: valid ? logOf(valid) : undefined,
        test: test ? logOf(test) : undefined,
      };
      const dataset = buildDataset(parts, about);
      const distinct = (pairs: [string, string][] | null) =>
        [...new Set((pairs ?? []).map((pair) => pair.join(' ')))].sort();
      expect(texts(dataset, dataset.train).sort()).toEqual(distinct(train));
      expect(texts(dataset, dataset.valid).sort()).toEqual(distinct(valid));
      expect(texts(dataset, dataset.test).sort()).toEqual(distinct(test));
      const users = new Set([...train, ...(valid ?? [])].map(([user]) => user));
      const items = [...new Set([...train, ...(valid ?? [])].map(([, item]) => item))];
      expect([dataset.train.rows, dataset.train.columns]).toEqual([users.size, items.length]);
      expect(new Set([...dataset.users].slice(0, users.size))).toEqual(users);
      const byNumber = items.every((id) => /^(0|[1-9]\d*)$/.test(id));
      expect([...dataset.items].slice(0, items.length)).toEqual(
        byNumber ? items.sort((a, b) => Number(a) - Number(b)) : items.sort(),
      );
      for (const id of dataset.items) expect(dataset.items.idOf(dataset.items.indexOf(id))).toBe(id);
      const seen = new Set([...distinct(train), ...distinct(valid)]);
      if (test) expect(dataset.overlap).toBe(distinct(test).filter((pair) => seen.has(pair)).length);
    }),
  );
});

describe('loadDataset', () => {
  const rows = Array.from({ length: 400 }, (_, e) => `${e % 20},${(e * 7) % 31},${e},${1 + (e % 5)}`);
  const log = () => file('log.csv', `user,item,time,rating\n${rows.join('\n')}\n`);

  test('one file, split: validation comes from train, and the parts sum to the whole', async () => {
    const whole = await loadDataset({ train: log() });
    for (const split of ['random', 'leave-last-out', 'temporal'] as const) {
      const parts = await loadDataset({ train: log(), split, testRatio: 0.25, validRatio: 0.1, seed: 5 });
      const all = [parts.train, parts.valid, parts.test].flatMap((part) => texts(parts, part));
      expect(new Set(all).size).toBe(all.length);
      expect(all.sort()).toEqual(texts(whole, whole.train).sort());
      const withoutValid = await loadDataset({ train: log(), split, testRatio: 0.25, seed: 5 });
      expect(texts(parts, parts.test)).toEqual(texts(withoutValid, withoutValid.test));
    }
  });

  test('validation may be held out in another way than test, and both ways are recorded', async () => {
    const parts = await loadDataset({
      train: log(),
      split: 'leave-last-out',
      validRatio: 0.1,
      validSplit: 'debiased',
      seed: 5,
    });
    expect(parts.splits).toEqual({
      test: { method: 'leave-last-out', seed: 5 },
      valid: { method: 'debiased', ratio: 0.1, seed: 5 },
    });
    expect(parts.valid!.indices.length).toBe(Math.round(0.1 * (400 - 20)));
    await expect(loadDataset({ train: log(), validSplit: 'debiased' })).rejects.toThrow('a validRatio above 0');
  });

  test('separate files are used as given, and the digest covers all of them', async () => {
    const train = file('train.csv', 'user,item\nb,2\na,1\n');
    const test = file('test.csv', 'user,item\na,3\nzed,2\nb,2\n');
    const dataset = await loadDataset({ train, test });
    expect([...dataset.users]).toEqual(['a', 'b', 'zed']);
    expect([...dataset.items]).toEqual(['1', '2', '3']);
    expect([dataset.train.rows, dataset.train.columns, dataset.test!.rows, dataset.test!.columns]).toEqual([
      2, 2, 3, 3,
    ]);
    expect([dataset.overlap, dataset.reports!.test!.rows]).toEqual([1, 3]);
    const digest = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(dataset.sha256).toBe(digest(digest('user,item\nb,2\na,1\n') + digest('user,item\na,3\nzed,2\nb,2\n')));
    expect((await loadDataset({ train })).sha256).toBe(digest('user,item\nb,2\na,1\n'));
  });

  test('filter and recency weights act on training entries', async () => {
    const train = file('core.csv', 'user,item,time\na,x,0\na,y,10\nb,x,20\nb,y,30\nc,x,40\n');
    const dataset = await loadDataset({ train, kCore: 2, recencyHalfLife: 10 });
    expect(texts(dataset, dataset.train)).toEqual(['a x', 'a y', 'b x', 'b y']);
    expect([...dataset.train.values!]).toEqual([2 ** -3, 2 ** -2, 2 ** -1, 1]);
  });

  test('recency counts from the latest training entry, for validation too', async () => {
    const train = file('recent.csv', 'user,item,time\na,x,0\na,y,10\na,z,20\n');
    const valid = file('recent-valid.csv', 'user,item,time\na,v,30\n');
    const dataset = await loadDataset({ train, valid, recencyHalfLife: 10 });
    const itemsAndWeights = texts(dataset, dataset.train).map((pair, e) => [pair, dataset.train.values![e]]);
    expect(itemsAndWeights).toEqual([
      ['a x', 2 ** -2],
      ['a y', 2 ** -1],
      ['a z', 1],
    ]);
    expect([...dataset.valid!.values!]).toEqual([2]);
    const untimed = file('untimed.csv', 'user,item\na,x\n');
    await expect(loadDataset({ train: untimed, recencyHalfLife: 1 })).rejects.toThrow('recency weights need');
  });

  test('a weight column becomes the values', async () => {
    const train = file('weights.csv', 'user,item,w\na,x,0.5\na,y,3\n');
    expect([...(await loadDataset({ train, weight: 'w' })).train.values!]).toEqual([0.5, 3]);
    expect((await loadDataset({ train })).train.values).toBeUndefined();
  });

  test('titles stand by item', async () => {
    const train = file('titled.csv', 'user,item\na,007\na,8\na,"q,r"\n');
    const contents = {
      'titles.csv': 'item_id,title\n"q,r","Comma, quoted"\n007,Bond\n9,Nobody\n',
      'titles.tsv': 'title\tid\nComma, quoted\tq,r\nBond\t007\n',
      'titles.jsonl': '{"name":"Bond","id":"007"}\n{"name":"Comma, quoted","id":"q,r"}\n',
    };
    for (const [name, text] of Object.entries(contents)) {
      const dataset = await loadDataset({ train, titles: file(name, text) });
      expect([...dataset.items]).toEqual(['007', '8', 'q,r']);
      expect(dataset.titles).toEqual(['Bond', '', 'Comma, quoted']);
    }
    const asked = file('asked.csv', 'Bond,007\nEight,8\n');
    expect((await loadDataset({ train, titles: asked, titleOptions: { id: 2, title: 1 } })).titles).toEqual([
      'Bond',
      'Eight',
      '',
    ]);
    await expect(loadDataset({ train, titles: asked, titleOptions: { title: 'caption' } })).rejects.toMatchObject({
      code: 'missing-column',
    });
    await expect(loadDataset({ train, titles: file('broken.csv', 'id,title\n8,a,b\n') })).rejects.toThrow('line 2');
  });

  test('options that exclude each other are refused', async () => {
    const path = log();
    await expect(loadDataset({ train: path, test: path, split: 'random' })).rejects.toThrow(
      'no split, because a test file is given',
    );
    await expect(loadDataset({ train: path, valid: path, validRatio: 0.1 })).rejects.toThrow(
      'no ratio, because a validation file is given',
    );
    await expect(loadDataset({ train: path, validRatio: 1 })).rejects.toMatchObject({ code: 'bad-option' });
    const one = file('one.csv', 'user,item\na,b\n');
    await expect(loadDataset({ train: one, split: 'random' })).rejects.toThrow('holds nothing out');
  });
});

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
