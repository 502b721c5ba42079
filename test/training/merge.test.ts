import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import { mergeInteractions } from '../../src/training/merge.ts';

const cells = fc.array(fc.tuple(fc.nat(5), fc.nat(4), fc.integer({ min: 1, max: 8 })), { maxLength: 30 });

function cellMap(m: Csr): Map<string, number> {
  const map = new Map<string, number>();
  for (let r = 0; r < m.rows; r++) {
    for (let e = m.offsets[r]!; e < m.offsets[r + 1]!; e++) map.set(`${r},${m.indices[e]}`, m.values?.[e] ?? 1);
  }
  return map;
}

it('is the union of both, the larger value where both hold a cell, absent values as 1', () => {
  fc.assert(
    fc.property(cells, cells, fc.boolean(), fc.boolean(), (a, b, aWeighted, bWeighted) => {
      const build = (of: typeof a, weighted: boolean) =>
        csrFromEntries(
          6,
          5,
          of.map((c) => c[0]),
          of.map((c) => c[1]),
          weighted ? of.map((c) => c[2]) : undefined,
        );
      const [left, right] = [build(a, aWeighted), build(b, bWeighted)];
      const expected = cellMap(left);
      for (const [cell, value] of cellMap(right)) expected.set(cell, Math.max(value, expected.get(cell) ?? value));
      const merged = mergeInteractions(left, right);
      expect(cellMap(merged)).toEqual(expected);
      expect(merged.values !== undefined).toBe(aWeighted || bWeighted);
    }),
  );
});
