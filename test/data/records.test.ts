import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordSplitter, splitRecords, type TextRecord } from '../../src/data/formats/records.ts';

const field = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', '\r', ':', ' ', 'é'), maxLength: 6 });
const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });
const delimiter = fc.constantFrom(',', '::', '\t');

test('splitting undoes writing, in pieces of any size', () => {
  fc.assert(
    fc.property(
      table,
      delimiter,
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 7 }),
      (rows, between, end, size) => {
        const text = stringify(rows, { delimiter: between, record_delimiter: end, quoted: true, quoted_empty: true });
        const splitter = new RecordSplitter(between);
        const records: TextRecord[] = [];
        for (let at = 0; at < text.length; at += size) records.push(...splitter.push(text.slice(at, at + size)));
        records.push(...splitter.end());
        expect(records.map((record) => record.fields)).toEqual(rows);
        expect(records.every((record) => record.broken === undefined)).toBe(true);
      },
    ),
  );
});

test('a record carries the line on which it starts', () => {
  const text = 'a,b\r\n\r\n"x\ny",c\n\nd,e';
  expect(splitRecords(text, ',')).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 3, fields: ['x\ny', 'c'], lines: 2 },
    { line: 6, fields: ['d', 'e'] },
  ]);
});

test('a broken quote spoils its own line alone', () => {
  expect(splitRecords('a,"b\nc,d\n', ',')).toEqual([
    { line: 1, fields: ['a', '"b'], broken: 2 },
    { line: 2, fields: ['c', 'd'] },
  ]);
  expect(splitRecords('"a"b,c\nd,e', ',')).toEqual([
    { line: 1, fields: ['ab', 'c'], broken: 1 },
    { line: 2, fields: ['d', 'e'] },
  ]);
});
