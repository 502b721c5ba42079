/**
 * The dropout mask: a counter hash in 32-bit integer arithmetic, so that every engine draws the same mask for any thread count, and a row that stands
 * in several places of a batch has one mask. Element (row, column) of a table is kept when
 *
 *     hash(rowKey, column) >>> 8 < floor((1 − p) · 2^24),   rowKey = dropoutRowKey(stepKey, table, row)
 *
 * with stepKey = streamKey(seed, 'dropout', epoch, step) and table 0 for users, 1 for items. All products wrap at 32 bits.
 */
export function dropoutRowKey(stepKey: number, table: 0 | 1, row: number): number {
  return mix((stepKey + Math.imul(row * 2 + table + 1, 0x9e3779b1)) | 0);
}

/** The bound that the upper 24 bits of a kept element's hash stay under. */
export function dropoutThreshold(probability: number): number {
  return Math.floor((1 - probability) * 16777216);
}

/** True when the element is kept. */
export function dropoutKeeps(rowKey: number, column: number, threshold: number): boolean {
  return mix((rowKey + Math.imul(column + 1, 0x85ebca77)) | 0) >>> 8 < threshold;
}

/** A bijection of 32-bit integers in which every input bit moves every output bit. */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
