import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PIECE_BYTES, PieceCheck } from '../../src/model/reading-check.ts';
import { TensorMemory } from '../../src/model/tensor-memory.ts';

test('digest and search are those of the whole data, however far the reading got between two looks', () => {
  const floats = PIECE_BYTES / 4;
  const tensors = [
    { name: 'a', type: 'F32' as const, shape: [3 * floats], begin: 0, end: 3 * PIECE_BYTES },
    { name: 'b', type: 'F32' as const, shape: [5], begin: 3 * PIECE_BYTES, end: 3 * PIECE_BYTES + 20 },
  ];
  const { parts, placeOf } = new TensorMemory(tensors);
  for (const { buffer, begin } of parts) {
    const all = new Float32Array(buffer);
    for (let e = 0; e < all.length; e++) all[e] = Math.sin(e + begin);
  }
  const bad = 2 * floats + 7;
  new Float32Array(parts[0]!.buffer)[bad] = NaN;
  const whole = createHash('sha256').update('head');
  for (const { buffer } of parts) whole.update(new Uint8Array(buffer));
  const sha256 = whole.digest('hex');
  const end = parts.at(-1)!.end;
  const ranges = tensors.map(({ name, type, begin, end }) => ({
    name,
    type,
    begin,
    end,
    ...placeOf({ name } as never),
  }));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: end }), { maxLength: 4 }), (looks) => {
      const check = new PieceCheck([Buffer.from('head')], parts, { hash: true, finite: ranges });
      for (const look of [...looks.sort((a, b) => a - b), end]) check.advance(look);
      expect(check.found()).toEqual({ sha256, notFinite: { tensor: 'a', element: bad } });
    }),
    { numRuns: 8 },
  );
});
