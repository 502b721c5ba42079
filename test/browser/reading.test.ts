// What only the reader of a browser has: its sources, progress, a signal, the list of skipped rows as text, and previews.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as taurec from '../../src/browser.ts';
import { readInteractions as readInNode } from '../../src/data/read.ts';
import { parquet } from '../data/conformance.ts';
import { file } from '../data/temporary.ts';

const { readInteractions, previewTable, columnOptionsFor, loadDataset } = taurec;
const named = (name: string, content: string | Uint8Array) => new File([content as BlobPart], name);
const long = `user,item\n${Array.from({ length: 200_000 }, (_, e) => `${(e * 7919) % 997},${e % 1009}`).join('\n')}\n`;

describe('sources', () => {
  test('files, Blobs and several of them; anything else is an error that says so', async () => {
    const text = 'user,item\na,b\n';
    const all = [named('x.csv', text), new Blob([text]), { name: 'folder/y.csv', blob: new Blob([text]) }];
    const log = await readInteractions(all);
    expect(log.report).toMatchObject({ rows: 3, duplicates: 2 });
    expect(log.source).toBe('x.csv, blob, folder/y.csv');
    for (const source of [[], 7, { name: 'x' }, null] as never[])
      await expect(readInteractions(source)).rejects.toMatchObject({ code: 'bad-option', facts: { option: 'source' } });
    await expect(loadDataset({} as never)).rejects.toMatchObject({ code: 'bad-option', facts: { option: 'train' } });
    await expect(readInteractions(all, { rejectsDirectory: 'x' })).rejects.toThrow('a browser has no folders');
    await expect(readInteractions(all, { minRating: Number.NaN })).rejects.toMatchObject({ code: 'bad-option' });
  });

  test('an address, with the errors of a download', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/log.csv')) response.end('user,item\na,b\n');
      else response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const log = await readInteractions(new URL(`${base}/log.csv?key=secret`));
      expect([log.users.length, log.source]).toEqual([1, `${base}/log.csv`]);
      await expect(readInteractions(`${base}/none.csv`)).rejects.toMatchObject({ code: 'download-failed' });
      await expect(readInteractions(`${base}/log.csv`, { downloadLimit: 1e-6 })).rejects.toThrow('larger than');
    } finally {
      server.close();
    }
  });
});

describe('controls', () => {
  test('progress grows to the size of each file, and a signal stops', async () => {
    for (const one of [named('long.csv', long), named('long.csv.gz', gzipSync(long))]) {
      const seen: taurec.ReadProgress[] = [];
      await readInteractions(one, {}, { onProgress: (progress) => seen.push(progress) });
      expect(seen.at(-1)).toEqual({ file: one.name, bytes: one.size, totalBytes: one.size });
      const bytes = seen.map((progress) => progress.bytes);
      expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
      const stop = new AbortController();
      const read = readInteractions(one, {}, { signal: stop.signal, onProgress: () => stop.abort() });
      await expect(read).rejects.toMatchObject({ code: 'aborted' });
    }
    const aborted = readInteractions(named('x.csv', long), {}, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
  });

  test('skipped rows are a text for each file', async () => {
    const files = [
      named('a.csv', 'user,item,rating\na,b,"x, ""y"""\nc,d,1\n'),
      named('a.csv', 'user,item,rating\n,e,1\nf,g,2\n'),
    ];
    const log = await readInteractions(files, { onBadRow: 'skip' });
    const header = 'line,column,value,reason\n';
    expect(log.report.skippedRows).toEqual([
      { name: 'a.csv.rejects.csv', text: `${header}2,rating,"x, ""y""",expected a number\n` },
      { name: '2-a.csv.rejects.csv', text: `${header}2,user,,expected a user id that is not blank\n` },
    ]);
  });
});

describe('previews', () => {
  test('show what the reader takes, or why it would not', async () => {
    const dated = named('orders.csv', 'order_date;customer;sku;qty\n2024-01-01;c1;s1;2\n2024-01-02;c2;s2;1\n');
    const preview = await previewTable(dated, { rows: 1 });
    expect(preview).toMatchObject({ file: 'orders.csv', format: 'csv', delimiter: ';', quote: '"', header: true });
    expect(preview.rows).toEqual([['2024-01-01', 'c1', 's1', '2']]);
    expect(preview.columns).toEqual([
      { position: 1, name: 'order_date' },
      { position: 2, name: 'customer', role: 'user', by: 'name' },
      { position: 3, name: 'sku', role: 'item', by: 'name' },
      { position: 4, name: 'qty' },
    ]);
    const unclear = await previewTable(named('x.csv', 'a,b,c\n1,x,2024-05-31\n'));
    expect(unclear.problem).toMatchObject({ code: 'unclear-columns' });
    expect(unclear.columns.every(({ role }) => role === undefined)).toBe(true);
    const json = await previewTable(named('x.json', '[{"user":1,"item":[1,2]},{"user":2,"item":3}]'));
    expect(json).toMatchObject({
      format: 'jsonl',
      rows: [
        ['1', '[1,2]'],
        ['2', '3'],
      ],
    });
    const pairs = await previewTable(named('x.txt', '1 2 3\n4 5\n6 7 8 9\n'), { rows: 2 });
    expect(pairs).toMatchObject({
      format: 'lightgcn',
      rows: [
        ['1', '2 3'],
        ['4', '5'],
      ],
    });
    await expect(previewTable(named('x.csv', ''))).rejects.toMatchObject({ code: 'empty-data' });
    await expect(previewTable(dated, { rows: 0 })).rejects.toMatchObject({ code: 'bad-option' });
  });

  test('property: chosen columns are the ones that Node reads by the options', async () => {
    const name = fc.constantFrom('a', 'A', '2', 'user', 'item', 'time', 'n o', 'ü');
    const property = fc.asyncProperty(
      fc.array(name, { minLength: 3, maxLength: 5 }),
      fc.boolean(),
      fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
      async (names, header, [user, item, rating, time]) => {
        const text = `${header ? `${names.join(',')}\n` : ''}${names.map((_, c) => c + 1).join(',')}\n`;
        const all = Object.entries({ user, item, rating, time });
        const positions = Object.fromEntries(all.filter(([, position]) => position! <= names.length));
        fc.pre('user' in positions && 'item' in positions);
        const preview = await previewTable(named('x.csv', text), { header });
        const options = { header, ...columnOptionsFor(preview, positions) };
        const { columns } = (await readInNode(file('chosen.csv', text), options)).report;
        const { unread: _, ...taken } = columns!;
        const read = Object.entries(taken).map(([role, column]) => [role, column.position]);
        expect(Object.fromEntries(read)).toEqual(positions);
        expect((await readInteractions(named('x.csv', text), options)).report.columns).toEqual(columns);
      },
    );
    await fc.assert(property, { numRuns: 8 });
  });
});

test('a catalogue in a Parquet file may have 200,000 items in one row group', async () => {
  const rows = `SELECT 'i' || i AS item, 'Title ' || i AS title FROM range(200000) t(i)`;
  const path = await parquet('many-items.parquet', rows, 'row_group_size 250000');
  const { titles } = await taurec.readCatalogue(named('many-items.parquet', readFileSync(path)));
  expect([titles!.length, titles!.at(-1)]).toEqual([200_000, 'Title 199999']);
});
