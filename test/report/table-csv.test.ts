import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cell, Table } from '../../src/report/report.ts';
import { tableCsv } from '../../src/report/table-csv.ts';

/** A reader of RFC 4180, as plain as can be. Quoted fields are marked, so that an empty text is told from a missing one. */
function readCsv(text: string): string[][] {
  const records: string[][] = [];
  for (let at = 0; at < text.length; ) {
    const record: string[] = [];
    for (let end = ''; end !== '\n'; ) {
      const [field] = /^(?:"(?:[^"]|"")*"|[^",\n]*)/.exec(text.slice(at))!;
      at += field.length;
      end = text[at++]!;
      expect([',', '\n']).toContain(end);
      record.push(field);
    }
    records.push(record);
  }
  return records;
}

function unquoted(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', 'a,b', '"', '\n', '\r\n', '=1+1', "'", ' x'),
);
const number = fc.double({ noNaN: true }).map((x) => x + 0);
const cell: fc.Arbitrary<Cell> = fc.oneof(
  text,
  number,
  fc.constant(null),
  fc.record({ mean: number, deviation: number }),
);

test('every cell comes back from the file, in full', () => {
  const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      name: fc.constant('a'),
      caption: text,
      columns: fc.array(fc.record({ name: text }), { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 }),
    }),
  );
  fc.assert(
    fc.property(table, (original) => {
      const [header, ...records] = readCsv(tableCsv(original));
      expect(records).toHaveLength(original.rows.length);
      let field = 0;
      for (const [c, { name }] of original.columns.entries()) {
        const [first, second] = [field, header![field + 1]];
        expect(unquoted(header![field++]!)).toBe(name);
        const deviations = original.rows.some((row) => typeof row[c] === 'object' && row[c] !== null);
        if (deviations) expect(unquoted(second!)).toBe(`${name} deviation`);
        if (deviations) field++;
        original.rows.forEach((row, r) => {
          const value = records[r]![first]!;
          const [got, deviation] = [row[c]!, records[r]![first + 1]!];
          if (got === null) expect(value).toBe('');
          else if (typeof got === 'string') expect([unquoted(value), value === '']).toEqual([got, false]);
          else if (typeof got === 'number') expect(Number(value)).toBe(got);
          else expect([Number(value), Number(deviation)]).toEqual([got.mean, got.deviation]);
          if (deviations && (typeof got !== 'object' || got === null)) expect(deviation).toBe('');
        });
      }
      expect(field).toBe(header!.length);
    }),
  );
});

test('mean and deviation stand in two columns', () => {
  const table: Table = {
    name: 'a',
    caption: '',
    columns: [{ name: 'loss', show: 'text' }, { name: 'ndcg@20' }],
    rows: [
      ['SL, plain', { mean: 0.1 + 0.2, deviation: 1e-7 }],
      ['BSL', null],
    ],
  };
  expect(tableCsv(table)).toBe('loss,ndcg@20,ndcg@20 deviation\n"SL, plain",0.30000000000000004,1e-7\nBSL,,\n');
});
