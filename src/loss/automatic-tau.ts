/**
 * The default temperature of the softmax family: .2 for catalogues of up to 10,000 items, .1 from 40,000, in between .05 less for each doubling. The more
 * negatives a positive has, the fewer of them matter. The rule was fitted to validation data (docs/decisions/011-defaults.md); for other data, compare a few
 * values on validation, or set 'auto'.
 */
export function automaticTau(items: number): number {
  const tau = 0.2 - 0.05 * Math.log2(Math.max(items, 1) / 10_000);
  return Math.round(1000 * Math.min(0.2, Math.max(0.1, tau))) / 1000;
}
