/**
 * Rows a step when nobody says: for user batches the power of two nearest to users / 64, within 32 … 256, so that small data still gets some 64 steps an
 * epoch and large data keeps the pool's cost shared; for pair batches the 1,024 that papers use. Evidence: docs/decisions/011-defaults.md.
 */
export function automaticRows(kind: 'user' | 'pair', users: number): number {
  if (kind === 'pair') return 1024;
  return Math.min(256, Math.max(32, 2 ** Math.round(Math.log2(Math.max(users, 1) / 64))));
}
