import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TensorMemory, viewsOf } from '../../src/model/tensor-memory.ts';

it('views of any bytes are these bytes, in the order of the file', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9), { maxLength: 8 }),
      fc.nat(80),
      fc.nat(80),
      fc.boolean(),
      (lengths, a, b, reversed) => {
        let bytes = 0;
        const entries = lengths.map((length, n) => {
          const begin = bytes;
          bytes += length;
          return { name: `${n}`, type: 'U8' as const, shape: [length], begin, end: bytes };
        });
        const { parts, placeOf } = new TensorMemory(reversed ? [...entries].reverse() : entries);
        const written = Uint8Array.from({ length: bytes }, (_, i) => i + 1);
        for (const entry of entries) {
          const { buffer, at } = placeOf(entry);
          expect([buffer.byteLength % 4, at]).toEqual([0, 0]);
          new Uint8Array(buffer).set(written.subarray(entry.begin, entry.end));
        }
        const [from, to] = [Math.min(a, b, bytes), Math.min(Math.max(a, b), bytes)];
        const views = viewsOf(parts, from, to);
        expect(views.every(({ length }) => length > 0)).toBe(true);
        expect(Buffer.concat(views)).toEqual(Buffer.from(written.subarray(from, to)));
      },
    ),
  );
});
