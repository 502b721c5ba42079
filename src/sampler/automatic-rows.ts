/**
 * The default number of rows per step (option `rows`: `auto`).
 *
 * User batches: the power of two nearest to users / 64, within 32 … 256. Small data then still gets about 64 steps per epoch, and with large data many rows share the cost of the pool.
 * Pair batches: 1,024, the usual value in papers. Evidence: docs/decisions/011-defaults.md.
 */
export function automaticRows(kind: 'user' | 'pair', users: number): number {
  if (kind === 'pair') return 1024;
  return Math.min(256, Math.max(32, 2 ** Math.round(Math.log2(Math.max(users, 1) / 64))));
}
