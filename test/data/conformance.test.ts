// The readers of Node and of a browser read the same: logs, reports, errors. Files on which they differ for a reason are listed here and in docs/browser.md.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { loadDataset as loadInPage } from '../../src/browser/reading/load-dataset.ts';
import { readCatalogue as readCatalogueInPage } from '../../src/browser/reading/read-catalogue.ts';
import { readTitles as readTitlesInPage } from '../../src/browser/reading/read-titles.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { readCatalogue } from '../../src/data/read-catalogue.ts';
import { readTitles } from '../../src/data/read-titles.ts';
import { blobOf, both, expectSame, parquet, rowsForParquet } from './conformance.ts';
import { file } from './temporary.ts';

const { gzipSync } = zlib;
/** In Node 22 and later. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Uint8Array };
const cases = join(import.meta.dirname, 'cases');

describe('files of the field', () => {
  const names = readdirSync(cases).filter((name) => name !== 'parts');
  test('are read alike', async () => {
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) await expectSame(join(cases, name));
    const parts = readdirSync(join(cases, 'parts')).map((name) => join(cases, 'parts', name));
    await expectSame(parts);
  });
});

describe('bytes', () => {
  const text = 'user,item,rating,time\nu1,a,3,2024-05-31\nu2,b,4.5,2024-06-01T12:30Z\nu1,a,5,\nu3,"c, d",2,7\n';
  const member = (part: string) => gzipSync(part);
  test('compressed, several members, encoded, in an archive, as an array', async () => {
    const made: Record<string, string | Uint8Array> = {
      'plain.csv': text,
      'one.csv.gz': gzipSync(text),
      'members.csv.gz': Buffer.concat([member(text.slice(0, 30)), member(''), member(text.slice(30))]),
      'zip.zip': zipSync({ 'log.csv': new TextEncoder().encode(text) }),
      'two.zip': zipSync({ 'a.csv': new Uint8Array(3), 'b.csv': new Uint8Array(3) }),
      'mark.csv': `\uFEFF${text}`,
      'wide.csv': Buffer.from(`\uFEFF${text}`, 'utf16le'),
      'array.json': JSON.stringify([
        { user: 'a', item: [1, 2], rating: [3, 4] },
        { user: 'b', item: 7 },
      ]),
      'cut.json': '[{"user":1,"item":2},',
      'empty.csv': '',
      'header.csv': 'user,item\n',
      'bzip.csv': Buffer.from([0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59]),
      'sevenzip.7z': Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0]),
      'latin.csv': Buffer.from('user,item\nJosé,1\n', 'latin1'),
      'bad.csv': 'user,item,rating\na,b,x\nc,d,1\n,e,2\nf,g\n',
      'lgn.txt': '1 2 3\n4 5\n6 7 8 9\n',
      'lgnbad.txt': '1 2 3\n4 x\n',
    };
    if (zstdCompressSync) made['zstd.csv.zst'] = zstdCompressSync(text);
    for (const [name, bytes] of Object.entries(made)) {
      await expectSame(file(name, bytes));
      await expectSame(file(name, bytes), { onBadRow: 'skip' });
    }
    await expectSame(file('lgnbad.txt', made['lgnbad.txt']!), { format: 'lightgcn', onBadRow: 'skip' });
    await expectSame([
      file('plain.csv', text),
      file('one.csv.gz', gzipSync(text)),
      file('empty2.csv', 'user,item,rating,time\n'),
    ]);
    await expectSame([file('plain.csv', text), file('pairs.csv', 'user,item\nx,y\n')]);
  });

  test('a gzip stream that is cut off or changed is refused, whatever its rows', async () => {
    const long = `user,item\n${Array.from({ length: 3000 }, (_, e) => `${(e * 7919) % 997},${(e * e) % 1009}`).join('\n')}\n`;
    const whole = gzipSync(long);
    const changed = Buffer.from(whole);
    changed[changed.length - 6]! ^= 1;
    for (const bytes of [whole.subarray(0, whole.length - 9), whole.subarray(0, 4000), changed]) {
      for (const bad of [{}, { time: 1, onBadRow: 'fail' as const }]) {
        const [node, page] = await both(file('cut.csv.gz', bytes), bad);
        expect([node, page]).toMatchObject([{ code: 'unreadable-file' }, { code: 'unreadable-file' }]);
      }
    }
  });
});

describe('JSON', () => {
  test('values are the texts that stand there', async () => {
    const values = [
      '1',
      '1.0',
      '1e3',
      '-0',
      '12345678901234567890',
      '0.1',
      'true',
      '"a\\u0041"',
      '"x y"',
      '1e-7',
      '"7"',
    ];
    const lines = values.map((value) => `{"user":${value},"item":"i","rating":3.50,"time":"2024-05-31"}\n`).join('');
    await expectSame(file('values.jsonl', lines));
    for (const bad of [
      '{"user":[1],"item":2}',
      '{"user":{"a":1},"item":2}',
      'x',
      '{"user":null,"item":2}',
      '[1]',
      '{"user":1,"item":2,"rating":"x"}',
    ])
      for (const onBadRow of ['fail', 'skip'] as const)
        await expectSame(file('bad.jsonl', `${lines}${bad}\n`), { onBadRow });
    const listed =
      '{"user":"a","item":["x","y"],"rating":[1,2]}\n{"user":"b","item":["z"],"rating":[3]}\n{"user":"c","item":"w"}\n';
    await expectSame(file('lists.jsonl', listed));
    await expectSame(file('uneven.jsonl', `${listed}{"user":"d","item":["x"],"rating":[1,2]}\n`), { onBadRow: 'skip' });
    await expectSame(file('nothing.jsonl', 'x\n'), { format: 'jsonl', onBadRow: 'skip' });
  });
});

describe('Parquet', () => {
  test.each(['uncompressed', 'snappy', 'gzip', 'zstd'])('%s', async (codec) => {
    const path = await parquet(`${codec}.parquet`, rowsForParquet, `compression ${codec}, row_group_size 2048`);
    expect(await expectSame(path)).toMatchObject({ report: { rows: 5000 } });
    await expectSame(file(`${codec}.parquet.gz`, gzipSync(readFileSync(path))), { minRating: 3 });
  });
});

describe('datasets, titles and catalogues', () => {
  const items =
    'id,title,price,isNew,added,tags,note\n1,One,1.5,true,2024-05-31,a|b,x\n2, Two ,2,f,2024-05-31T12:00:00Z,c,\n3,,,,,,"y, z"\n';
  const objects =
    '{"id":1,"title":"One","price":1.5,"isNew":true,"tags":["a","b"],"deep":{"a":1}}\n{"id":2,"price":null,"tags":[]}\n{"id":12345678901234567890,"title":"Three"}\n';

  test('a dataset with splits, weights by age, titles', async () => {
    const path = join(cases, 'blank-rows.csv');
    const titles = file('titles.csv', items);
    const options = { kCore: 2, split: 'random', validRatio: 0.1, seed: 3 } as const;
    const node = await loadDataset({ ...options, train: path, titles });
    const page = await loadInPage({ ...options, train: blobOf(path), titles: blobOf(titles) });
    expect(page).toEqual({ ...node, reports: page.reports });
  });

  test('titles', async () => {
    const map = IdMap.fromIds(['1', '2', '3', '12345678901234567890']);
    for (const [name, text] of Object.entries({
      'titles.csv': items,
      'titles.jsonl': objects,
      'titles.dat': '1::One\n2::Two\n',
    })) {
      const path = file(name, text);
      expect(await readTitlesInPage(blobOf(path), map)).toEqual(await readTitles(path, map));
    }
  });

  test('catalogues', async () => {
    for (const [name, text] of Object.entries({ 'items.csv': items, 'items.jsonl': objects })) {
      const path = file(name, text);
      const [node, page] = [await readCatalogue(path), await readCatalogueInPage(blobOf(path))];
      const shown = (table: typeof node) => ({
        ...table,
        ids: [...table.ids],
        leftOut: table.leftOut.map(({ name }) => name),
      });
      expect(shown(page)).toEqual(shown(node));
    }
    for (const text of ['id,x\n1,2\n1,3\n', 'id,x\n1,2\n\n"",3\n', 'id,x,x\n1,2,3\n', 'id,x\n']) {
      const path = file('items.csv', text);
      const facts = (read: Promise<unknown>) =>
        read.then(
          () => undefined,
          ({ code, facts }) => ({ code, facts }),
        );
      const node = await facts(readCatalogue(path));
      expect(node).toBeDefined();
      expect(await facts(readCatalogueInPage(blobOf(path)))).toEqual(node);
    }
  });
});
