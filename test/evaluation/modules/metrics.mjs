// @ts-nocheck: a user writes this in plain JavaScript
/** Rank-biased precision, in each of the ways a module may export it. */
export const rankBiasedPrecision =
  ({ p = 0.8 } = {}) =>
  (hits, _relevant, _k) =>
    hits.reduce((sum, at) => sum + (1 - p) * p ** at, 0);
export const withDefaults = rankBiasedPrecision();
export default (hits, relevant) => hits.length / relevant;
export const oneParameter = (hits) => hits.length;
export const notANumber = (_hits, _relevant, _k) => Number.NaN;
export const factoryOfNothing = () => ({});
export const text = 'recall';
