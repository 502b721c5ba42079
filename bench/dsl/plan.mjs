import { rungSizes } from '../../dist/search/halving.js';
import { dataSets, searchSets } from './settings.mjs';

/**
 * Part of a rung: data sets, seeds and a setting on which its members are judged.
 * @typedef {object} Part
 * @property {'user' | 'pair'} setting
 * @property {'one' | 'free'} lambda `free` also tries the λ of the data set
 * @property {readonly string[]} data
 * @property {readonly number[]} seeds τ (and λ) are tuned on the first and used on the others
 * @property {number} length epochs, as a fraction of a full training
 */

const small = ['movielens-100k', 'amazon2014-health'];
const large = searchSets.filter((name) => !small.includes(name));
/** The sets that no rung before the last has seen. */
export const unseen = Object.keys(dataSets).filter((name) => !searchSets.includes(name));
const allSets = Object.keys(dataSets);

/** @type {readonly (readonly Part[])[]} */
export const rungs = [
  [{ setting: 'user', lambda: 'one', data: ['amazon2014-health'], seeds: [1, 2], length: 0.4 }],
  [{ setting: 'pair', lambda: 'one', data: small, seeds: [1], length: 1 }],
  [
    { setting: 'pair', lambda: 'one', data: small, seeds: [1, 2], length: 1 },
    { setting: 'pair', lambda: 'one', data: large, seeds: [1], length: 1 },
  ],
  [
    { setting: 'pair', lambda: 'one', data: searchSets, seeds: [1, 2], length: 1 },
    { setting: 'user', lambda: 'free', data: searchSets, seeds: [1, 2], length: 1 },
  ],
  [
    { setting: 'pair', lambda: 'one', data: allSets, seeds: [1, 2, 3], length: 1 },
    { setting: 'user', lambda: 'free', data: allSets, seeds: [1, 2, 3], length: 1 },
  ],
];

/** At most so many values of τ are tried for a cell, of `sl` and of members; fewer where the best lies between two others. */
export const TAU_VALUES = 6;
const FINALISTS = 4;

/** Members on each rung: half of the rung before, at least four. @param {number} count */
export function sizes(count) {
  return rungSizes(count, { rungs: rungs.map((_, rung) => (rung + 1) / rungs.length), factor: 2 }, FINALISTS);
}
