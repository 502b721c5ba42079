import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KthLargest } from '../../src/loss/kth-largest.ts';

const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 80 });

test('is the entry at place K of the sorted numbers, or the last', () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: 1, max: 50 }), (first, second, k) => {
      const kth = new KthLargest(k);
      for (let round = 0; round < 2; round++) {
        kth.clear();
        kth.offerAll(Float32Array.from(first));
        kth.offerAll(Float64Array.from(second));
        const sorted = [...first, ...second].sort((a, b) => b - a);
        expect(kth.value).toBe(sorted[Math.min(k, sorted.length) - 1]);
      }
    }),
  );
});

test('a weight is a number of entries, 0 none', () => {
  const weighted = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 4 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(weighted, fc.integer({ min: 1, max: 50 }), (entries, k) => {
      const [a, b] = [new KthLargest(k), new KthLargest(k)];
      a.offerAll(
        Float64Array.from(entries, ([x]) => x),
        Float64Array.from(entries, ([, w]) => w),
      );
      b.offerAll(Float64Array.from(entries.flatMap(([x, w]) => new Array<number>(w).fill(x))));
      expect(a.value).toBe(b.value);
    }),
  );
});

test('small weights gather until they weigh K', () => {
  const kth = new KthLargest(1);
  kth.offerAll(
    Float64Array.from({ length: 1000 }, (_, x) => x),
    new Float64Array(1000).fill(1 / 256),
  );
  expect(kth.value).toBe(1000 - 256);
});

test('of nothing is −Infinity', () => {
  expect(new KthLargest(3).value).toBe(-Infinity);
});
