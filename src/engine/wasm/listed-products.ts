import type { ItemProducts } from '../engine.ts';
import type { ItemRows } from './item-rows.ts';
import type { ThreadMemory } from './memory.ts';

/**
 * The products of an engine, by the kernels of the batch's positives. They use the regions of ranking as scratch, which hold nothing between two calls of `rank`: the vector in `rawQueries`,
 * the list in `excluded`, scores and factors in `topScores`, the sum in `queries`. A list longer than a region is done in parts.
 */
export function listedProducts({ kernels, floats, ints, layout }: ThreadMemory, rows: ItemRows): ItemProducts {
  const { at, length, baseStride } = layout;
  const most = Math.min(length.excluded, length.topScores) & ~3;
  const bytes = baseStride * 4;
  const vectorAt = at.rawQueries >>> 2;
  const sumAt = at.queries >>> 2;
  const valuesAt = at.topScores >>> 2;
  const listAt = at.excluded >>> 2;
  return {
    dots(listed, vector, out) {
      floats.fill(0, vectorAt, vectorAt + baseStride);
      floats.set(vector, vectorAt);
      for (let from = 0; from < listed.length; from += most) {
        const count = Math.min(most, listed.length - from);
        ints.set(listed.subarray(from, from + count), listAt);
        for (const block of rows.blocks(at.items, at.excluded, count)) {
          const scores = at.topScores + block.from * 4;
          kernels.gatherDots(at.rawQueries, block.table, bytes, baseStride, block.list, block.count, scores);
        }
        out.set(floats.subarray(valuesAt, valuesAt + count), from);
      }
    },
    sum(listed, factors, out) {
      floats.fill(0, sumAt, sumAt + baseStride);
      for (let from = 0; from < listed.length; from += most) {
        const count = Math.min(most, listed.length - from);
        ints.set(listed.subarray(from, from + count), listAt);
        floats.set(factors.subarray(from, from + count), valuesAt);
        for (const block of rows.blocks(at.items, at.excluded, count)) {
          const values = at.topScores + block.from * 4;
          kernels.gatherSum(at.queries, block.table, bytes, baseStride, block.list, values, 0, block.count);
        }
      }
      out.set(floats.subarray(sumAt, sumAt + out.length));
    },
  };
}
