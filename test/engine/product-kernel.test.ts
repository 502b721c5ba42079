import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantiate } from '../../dist/engine/wasm/kernels.js';

const file = new URL('../../dist/engine/wasm/kernels-simd.wasm', import.meta.url);
const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true });
const kernels = instantiate(new WebAssembly.Module(readFileSync(file)), memory);
const floats = new Float32Array(memory.buffer);

/** Byte addresses of A, B, C and of a packed copy; each has 256 KiB. */
const [a, b, c, packed] = [1, 2, 3, 4].map((part) => part * 262144) as [number, number, number, number];

/** Fills `count` floats at an address with values that depend on `seed`. */
function fill(address: number, count: number, seed: number): void {
  for (let i = 0; i < count; i++) floats[(address >>> 2) + i] = (((i + seed) * 7919) % 2039) / 1019 - 1;
}

/** The chain of sums that product.ts promises, in single precision: p ascending, a multiplication and an addition with one rounding each. */
function chain(start: number, k: number, left: (p: number) => number, right: (p: number) => number): number {
  let sum = start;
  for (let p = 0; p < k; p++) sum = Math.fround(sum + Math.fround(left(p) * right(p)));
  return sum;
}

const size = fc.record({
  m: fc.integer({ min: 1, max: 14 }),
  n: fc.integer({ min: 1, max: 6 }).map((fours) => 4 * fours),
  k: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 120, max: 270 })),
  accumulate: fc.boolean(),
  transposed: fc.boolean(),
  seed: fc.nat(1000),
});

describe('product', () => {
  it('is one chain of multiply-adds for every element, for all sizes of tiles and strips', () => {
    fc.assert(
      fc.property(size, ({ m, n, k, accumulate, transposed, seed }) => {
        // A as it lies [m × k], or transposed [k × m] with padding after each row
        const [aRow, aColumn] = transposed ? [1, m + 3] : [k, 1];
        fill(a, (m + 3) * k, seed);
        fill(b, k * n, seed + 5);
        fill(c, m * n, seed + 9);
        const before = floats.slice(c >>> 2, (c >>> 2) + m * n);
        const right = { b, bRow: n * 4, bTile: 32, c, cRow: n * 4 };
        kernels.product({ a, aRow: aRow * 4, aColumn: aColumn * 4, ...right, m, n, k, accumulate });
        const got = floats.slice(c >>> 2, (c >>> 2) + m * n);
        const expected = before.map((start, e) => {
          const [i, j] = [Math.floor(e / n), e % n];
          const left = (p: number) => floats[(a >>> 2) + i * aRow + p * aColumn]!;
          return chain(accumulate ? start : 0, k, left, (p) => floats[(b >>> 2) + p * n + j]!);
        });
        expect(got).toEqual(expected);
        if (!transposed) return;
        // a packed copy of A, as the item gradients read it
        const width = (m + 3) & ~3;
        kernels.packColumns(a, aColumn * 4, k, m, packed, width * 4);
        floats.set(before, c >>> 2);
        kernels.product({ a: packed, aRow: 4, aColumn: width * 4, ...right, m, n, k, accumulate });
        expect(floats.slice(c >>> 2, (c >>> 2) + m * n)).toEqual(got);
      }),
      { numRuns: 60 },
    );
  });

  it('reads panels that packPanels has filled up with zeros', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 27 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1000),
        (count, fours, seed) => {
          const d = 4 * fours;
          const rows = Math.ceil(count / 8) * 8;
          fill(a, rows * d, seed);
          kernels.packPanels(a, d * 4, d, 0, rows, count, b);
          for (let row = 0; row < rows; row++)
            for (let e = 0; e < d; e++) {
              const inPanel = floats[(b >>> 2) + ((row >>> 3) * d + e) * 8 + (row & 7)]!;
              expect(inPanel).toBe(row < count ? floats[(a >>> 2) + row * d + e]! : 0);
            }
        },
      ),
      { numRuns: 40 },
    );
  });
});
