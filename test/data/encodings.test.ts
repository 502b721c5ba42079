import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import { readInteractions } from '../../src/data/read.ts';
import { encodingOf, findForeignByte } from '../../src/data/source/text-encoding.ts';
import { openBytes } from '../../src/platform/text-stream.ts';
import { draws } from '../support/property-seed.ts';
import { file, pairs } from './temporary.ts';

const cases = join(import.meta.dirname, 'cases');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('text encodings', () => {
  test('UTF-16 with a byte-order mark, plain and gzip', async () => {
    const log = await readInteractions(join(cases, 'utf16.csv'));
    expect([log.users.length, log.userIds.size, log.itemIds.size]).toEqual([383, 40, 30]);
    expect(log.ratings).toHaveLength(383);
    const text = '\uFEFFuser,item\r\n1,é\r\n2,日本\r\n';
    for (const bytes of [Buffer.from(text, 'utf16le'), utf16be(text), Buffer.from(text)]) {
      for (const packed of [bytes, gzipSync(bytes)]) {
        expect(pairs(await readInteractions(file('marked.csv', packed)))).toEqual([
          ['1', 'é'],
          ['2', '日本'],
        ]);
      }
    }
  });

  test('UTF-16 without a mark is named, and read with --encoding', async () => {
    const text = 'user,item\n1,é\n';
    for (const [encoding, bytes] of [
      ['utf-16le', Buffer.from(text, 'utf16le')],
      ['utf-16be', utf16be(text)],
    ] as const) {
      const path = file(`${encoding}.csv`, bytes);
      await expect(readInteractions(path)).rejects.toMatchObject({
        code: 'bad-encoding',
        facts: { file: path, encoding },
      });
      expect(pairs(await readInteractions(path, { encoding }))).toEqual([['1', 'é']]);
    }
  });

  test('Latin-1 ids: the error names the byte, its line and the option', async () => {
    const path = file('latin.csv', Buffer.from('user,item\n1,tea\n2,caf\xe9\n', 'latin1'));
    await expect(readInteractions(path)).rejects.toMatchObject({
      code: 'bad-encoding',
      facts: { file: path, line: 3, column: 'item', encoding: 'latin1' },
    });
    await expect(readInteractions(path)).rejects.toThrow('0xE9 is not UTF-8, so the text is probably Latin-1');
    expect(pairs(await readInteractions(path, { encoding: 'latin1' }))).toContainEqual(['2', 'café']);
    // A text in UTF-8 may hold U+FFFD itself.
    const replaced = file('replaced.csv', 'user,item\n1,\uFFFD\n2,\n');
    await expect(readInteractions(replaced)).rejects.toMatchObject({ code: 'bad-row' });
  });

  test('titles in Latin-1', async () => {
    const titles = join(cases, 'titles-latin1.item');
    const train = join(cases, 'parts');
    await expect(loadDataset({ train, titles })).rejects.toMatchObject({
      code: 'bad-encoding',
      facts: { file: titles, line: 1 },
    });
    for (const options of [{ encoding: 'latin1' }, { titleOptions: { encoding: 'latin1' } }]) {
      const dataset = await loadDataset({ train, titles, ...options });
      expect(dataset.titles![dataset.items.indexOf('7')]).toBe('Misérables, Les (1967)');
    }
  });

  test('a byte-order mark wins over --encoding, and Parquet has no encoding', async () => {
    const marked = file('mark.csv', '\uFEFFuser,item\n1,é\n');
    expect(pairs(await readInteractions(marked, { encoding: 'latin1' }))).toEqual([['1', 'é']]);
    const parquet = join(cases, 'list-column.parquet');
    expect((await readInteractions(parquet, { encoding: 'latin1' })).users).toHaveLength(383);
    await expect(readInteractions(marked, { encoding: 'klingon' })).rejects.toMatchObject({ code: 'bad-option' });
  });

  test('property: the first byte that is not UTF-8 is found where a plain search finds it', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
      fc.constant(Buffer.from('\n')),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const bytes = Buffer.concat(pieces);
        // The plain search: the longest prefix that decodes without a fault.
        const decodes = (length: number) => {
          try {
            new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length));
            return true;
          } catch {
            return false;
          }
        };
        const found = await findForeignByte(openBytes(file('bytes.bin', bytes), false));
        let whole = bytes.length;
        while (!decodes(whole)) whole--;
        const line = bytes.subarray(0, whole).filter((byte) => byte === 10).length + 1;
        expect(found).toEqual(whole === bytes.length ? undefined : { line, byte: bytes[whole] });
      }),
      draws(300),
    );
  });

  test('text of few zero bytes is not taken for UTF-16', () => {
    const head = { gzip: false, whole: true, bytes: Buffer.from('user,item\n1,a\0b\n') };
    expect(encodingOf('x', head)).toBeUndefined();
    expect(encodingOf('x', { ...head, bytes: readFileSync(join(cases, 'utf16.csv')) })).toBe('utf-16le');
  });
});
