/**
 * The default temperature of the softmax family for a catalogue of `items` items: .2 up to 10,000 items, .05 less per doubling, .1 from 40,000 items on.
 *
 * With more negatives per positive, a smaller share of them should matter. The rule was read off validation data (docs/decisions/011-defaults.md) and is not
 * a law: compare a few temperatures on your own validation data.
 */
export function automaticTau(items: number): number {
  const tau = 0.2 - 0.05 * Math.log2(Math.max(items, 1) / 10_000);
  // Clamped to [.1, .2], rounded to three decimals.
  return Math.round(1000 * Math.min(0.2, Math.max(0.1, tau))) / 1000;
}
