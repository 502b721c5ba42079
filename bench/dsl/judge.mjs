import { mean } from '../../dist/experiment/statistics.js';
import { ranked } from '../../dist/search/halving.js';
import { latticeSearch } from '../../dist/search/lattice-search.js';
import { bestOf } from '../../dist/search/search.js';
import { members } from './members.mjs';
import { rungs, sizes, TAU_VALUES } from './plan.mjs';
import { dataSets, STRIDE } from './settings.mjs';

/** @typedef {import('./records.mjs').SearchRecord} SearchRecord */
/** @typedef {import('./records.mjs').Trial} Trial */
/** @typedef {import('./records.mjs').Records} Records */
/** @typedef {import('./plan.mjs').Part} Part */

/**
 * A member, or `sl`, on one data set in one setting.
 * @typedef {object} Cell
 * @property {string} member
 * @property {string} data
 * @property {'user' | 'pair'} setting
 * @property {'one' | 'free'} lambda
 * @property {readonly number[]} seeds
 * @property {number} epochs
 */

/** The cells of a part for one member. @param {string} member @param {Part} part @returns {Cell[]} */
export function cellsOf(member, { setting, lambda, data, seeds, length }) {
  return data.map((name) => {
    const epochs = Math.max(1, Math.round(length * dataSets[name][setting].epochs));
    return { member, data: name, setting, lambda, seeds, epochs };
  });
}

/** The next training of a cell; undefined when it is complete. @param {Cell} cell @param {Records} records @returns {Trial | undefined} */
export function nextTrial(cell, records) {
  const { member, data, setting, seeds, epochs } = cell;
  const walks = lambdasOf(cell).map((lambda) => walkOf(cell, lambda, records));
  for (const { missing } of walks) if (missing) return missing;
  const { tau, lambda } = chosen(walks.map(({ best }) => best));
  for (const seed of seeds.slice(1)) {
    const trial = { member, data, seed, setting, tau, lambda, epochs };
    if (!records.find(trial)) return trial;
  }
  return undefined;
}

/** The value of a complete cell by seed; undefined while trainings are missing. @param {Cell} cell @param {Records} records */
export function valuesOf(cell, records) {
  if (nextTrial(cell, records)) return undefined;
  const { member, data, setting, seeds, epochs } = cell;
  const { tau, lambda } = chosen(lambdasOf(cell).map((l) => walkOf(cell, l, records).best));
  return seeds.map((seed) => {
    const found = records.find({ member, data, seed, setting, tau, lambda, epochs });
    return /** @type {SearchRecord} */ (found).value;
  });
}

/** Relative gain over `sl` at its best τ, by seed; undefined while either is incomplete. @param {Cell} cell @param {Records} records */
export function gainsOf(cell, records) {
  const own = valuesOf(cell, records);
  const plain = valuesOf({ ...cell, member: 'sl' }, records);
  return own && plain && own.map((value, at) => value / plain[at] - 1);
}

/** The members of each rung, as far as the rungs before are complete. @param {Records} records @returns {string[][]} */
export function membersByRung(records) {
  const names = Object.keys(members);
  const counts = sizes(names.length);
  const found = [names];
  for (const [rung, parts] of rungs.slice(0, -1).entries()) {
    const runs = found[rung].flatMap((member) => {
      const gains = parts.flatMap((part) => cellsOf(member, part)).map((cell) => gainsOf(cell, records));
      if (!gains.every((gain) => gain !== undefined)) return [];
      return [{ trial: names.indexOf(member), rung, state: 'done', value: mean(gains.map((gain) => mean(gain))) }];
    });
    if (runs.length < found[rung].length) break;
    found.push(
      ranked(runs, rung)
        .slice(0, counts[rung + 1])
        .map(({ trial }) => names[trial]),
    );
  }
  return found;
}

/** @param {Cell} cell */
function lambdasOf({ data, lambda }) {
  return lambda === 'one' ? [1] : [1, dataSets[data].lambda];
}

/**
 * The search for τ on the first seed, at one λ.
 * @param {Cell} cell @param {number} lambda @param {Records} records
 * @returns {{ missing?: Trial, best?: SearchRecord }}
 */
function walkOf({ member, data, setting, seeds, epochs }, lambda, records) {
  const search = latticeSearch(
    [{ name: 'tau', start: dataSets[data].tau, stride: { factor: STRIDE }, least: 0.01, most: 3 }],
    TAU_VALUES,
  );
  /** @type {{ point: import('../../dist/lab.js').LatticePoint, value: number, record: SearchRecord }[]} */
  const seen = [];
  for (;;) {
    const [point] = search.propose(seen);
    if (!point) return { best: bestOf(seen)?.record };
    const trial = { member, data, seed: seeds[0], setting, tau: point.tau, lambda, epochs };
    const record = records.find(trial);
    if (!record) return { missing: trial };
    seen.push({ point, value: record.value, record });
  }
}

/** The best of the records. @param {(SearchRecord | undefined)[]} records @returns {SearchRecord} */
function chosen(records) {
  const best = bestOf(records.flatMap((record) => (record ? [{ point: record, value: record.value }] : [])));
  return /** @type {{ point: SearchRecord }} */ (best).point;
}
