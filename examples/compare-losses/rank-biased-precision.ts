/** Rank-biased precision: (1 − p) Σ over hits of p^position, for a reader who goes on to the next item with probability p = .9. Moffat & Zobel, TOIS 2008. */
export function rankBiasedPrecision(hits: readonly number[], _relevant: number): number {
  return hits.reduce((sum, position) => sum + 0.1 * 0.9 ** position, 0);
}
