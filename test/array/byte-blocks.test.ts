import { expect, it } from 'vitest';
import { byteBlocks } from '../../src/array/byte-blocks.ts';

it.each([0, 1, 2 ** 26, 2 ** 26 + 3, 2 ** 27 + 1])(
  'blocks of %d floats lie end to end and hold every byte',
  (length) => {
    // the memory is never touched, so it costs nothing
    const floats = new Float32Array(new ArrayBuffer(8 + length * 4), 8, length);
    let at = floats.byteOffset;
    for (const block of byteBlocks(floats)) {
      expect([block.buffer === floats.buffer, block.byteOffset]).toEqual([true, at]);
      expect(block.length).toBeGreaterThan(0);
      // a digest takes less than 2 GiB at once
      expect(block.length).toBeLessThan(2 ** 31);
      at += block.length;
    }
    expect(at).toBe(floats.byteOffset + floats.byteLength);
  },
);
