// The data sets and the training settings of the search. They are the same for `sl` and for every member.

/**
 * @typedef {object} DataSettings
 * @property {'random' | 'debiased'} validSplit how a tenth of the training file is held out to judge by
 * @property {number} tau where the search for τ starts
 * @property {number} lambda λ tried besides 1 where λ is free
 * @property {Training} user
 * @property {Training} pair
 */
/**
 * Rows per step, learning rates to choose from and epochs of a full training. With several rates validation chooses for `sl` (settle.mjs): the rate, and whether more epochs pay.
 * @typedef {{ rows: number, rates: readonly number[], epochs: number }} Training
 */

/** @type {Readonly<Record<string, DataSettings>>} */
export const dataSets = {
  'movielens-100k': {
    ...{ validSplit: 'random', tau: 0.25, lambda: 1.2 },
    user: { rows: 16, rates: [0.04], epochs: 24 },
    pair: { rows: 1024, rates: [0.01, 0.02, 0.04], epochs: 12 },
  },
  'amazon2014-health': {
    ...{ validSplit: 'random', tau: 0.28, lambda: 1.25 },
    user: { rows: 16, rates: [0.03], epochs: 24 },
    pair: { rows: 1024, rates: [0.01, 0.02, 0.04], epochs: 12 },
  },
  'amazon2014-electronic': {
    ...{ validSplit: 'random', tau: 0.25, lambda: 1.3 },
    user: { rows: 128, rates: [0.03], epochs: 40 },
    pair: { rows: 1024, rates: [0.01, 0.02, 0.04], epochs: 12 },
  },
  'amazon2014-electronic-popularity': {
    ...{ validSplit: 'debiased', tau: 0.12, lambda: 0.75 },
    user: { rows: 128, rates: [0.03], epochs: 40 },
    pair: { rows: 1024, rates: [0.01, 0.02, 0.04], epochs: 12 },
  },
  // not seen by the search: only its last rung trains on them
  'movielens-1m': {
    ...{ validSplit: 'random', tau: 0.17, lambda: 1.1 },
    user: { rows: 128, rates: [0.02], epochs: 40 },
    pair: { rows: 1024, rates: [0.02], epochs: 12 },
  },
  gowalla: {
    ...{ validSplit: 'random', tau: 0.1, lambda: 1.25 },
    user: { rows: 256, rates: [0.03], epochs: 40 },
    pair: { rows: 1024, rates: [0.02], epochs: 12 },
  },
  'gowalla-popularity': {
    ...{ validSplit: 'debiased', tau: 0.08, lambda: 0.8 },
    user: { rows: 256, rates: [0.03], epochs: 40 },
    pair: { rows: 1024, rates: [0.02], epochs: 12 },
  },
  'amazon2014-cd-popularity': {
    ...{ validSplit: 'debiased', tau: 0.1, lambda: 0.8 },
    user: { rows: 256, rates: [0.03], epochs: 40 },
    pair: { rows: 1024, rates: [0.02], epochs: 12 },
  },
};

/** The four sets that choose members. */
export const searchSets = [
  'movielens-100k',
  'amazon2014-health',
  'amazon2014-electronic',
  'amazon2014-electronic-popularity',
];

/** Uniform negatives of a row, as published programs draw them. */
export const NEGATIVES = 1000;
/** Factor between neighbouring values of τ. */
export const STRIDE = 1.4;
