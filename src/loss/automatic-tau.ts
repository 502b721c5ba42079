/**
 * The temperature of the softmax family when nobody says: .2 for catalogues of up to 10,000 items, .1 from 40,000, in between .05 less for each doubling. The more
 * negatives stand against a positive, the fewer of them matter. A rule read off validation data (docs/decisions/011-defaults.md), not a law: to
 * choose τ for one's own data, compare a few on validation.
 */
export function automaticTau(items: number): number {
  const tau = 0.2 - 0.05 * Math.log2(Math.max(items, 1) / 10_000);
  return Math.round(1000 * Math.min(0.2, Math.max(0.1, tau))) / 1000;
}
