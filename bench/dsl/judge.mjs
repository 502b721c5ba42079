import { mean } from '../../dist/experiment/statistics.js';
import { ranked } from '../../dist/search/halving.js';
import { latticeSearch } from '../../dist/search/lattice-search.js';
import { bestOf } from '../../dist/search/search.js';
import { members } from './members.mjs';
import { rungs, sizes, TAU_VALUES } from './plan.mjs';
import { dataSets, STRIDE } from './settings.mjs';
import { settle } from './settle.mjs';

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
 * @property {number} length epochs, as a fraction of a full training
 */

/** The cells of a part for one member. @param {string} member @param {Part} part @returns {Cell[]} */
export function cellsOf(member, { data, ...rest }) {
  return data.map((name) => ({ ...rest, member, data: name }));
}

/** The trainings of a cell in order: its values by seed, or the next one that is missing. @param {Cell} cell @param {Records} records @returns {{ missing: Trial } | { missing?: undefined, values: number[] }} */
function follow(cell, records) {
  const { member, data, setting, seeds, length } = cell;
  const settled = settle(data, setting, records);
  if (settled.missing) return settled;
  const { rate } = settled;
  const epochs = Math.max(1, Math.round(length * settled.epochs));
  const trialOf = (/** @type {number} */ seed, /** @type {number} */ tau, /** @type {number} */ lambda) => ({
    member,
    data,
    seed,
    setting,
    tau,
    lambda,
    rate,
    epochs,
  });
  /** @type {import('../../dist/search/search.js').Observation<Trial>[]} */
  const summits = [];
  for (const lambda of cell.lambda === 'one' ? [1] : [1, dataSets[data].lambda]) {
    const found = climb(dataSets[data].tau, (tau) => trialOf(seeds[0], tau, lambda), records);
    if ('missing' in found) return found;
    summits.push(found);
  }
  const { tau, lambda } = /** @type {{ point: Trial }} */ (bestOf(summits)).point;
  const values = [];
  for (const seed of seeds) {
    const trial = trialOf(seed, tau, lambda);
    const record = records.find(trial);
    if (!record) return { missing: trial };
    values.push(record.value);
  }
  return { values };
}

/**
 * The search for τ at one λ and seed: its best trial, or the next one that is missing.
 * @param {number} start @param {(tau: number) => Trial} trialOf @param {Records} records
 * @returns {{ missing: Trial } | { point: Trial, value: number }}
 */
function climb(start, trialOf, records) {
  const stride = { factor: STRIDE };
  const search = latticeSearch([{ name: 'tau', start, stride, least: 0.01, most: 3 }], TAU_VALUES);
  /** @type {{ point: import('../../dist/lab.js').LatticePoint, value: number }[]} */
  const seen = [];
  for (;;) {
    const [point] = search.propose(seen);
    if (!point) break;
    const trial = trialOf(point.tau);
    const record = records.find(trial);
    if (!record) return { missing: trial };
    seen.push({ point, value: record.value });
  }
  const best = /** @type {typeof seen[number]} */ (bestOf(seen));
  return { point: trialOf(best.point.tau), value: best.value };
}

/** The next training of a cell; undefined when it is complete. @param {Cell} cell @param {Records} records @returns {Trial | undefined} */
export function nextTrial(cell, records) {
  return follow(cell, records).missing;
}

/** The value of a complete cell by seed; undefined while trainings are missing. @param {Cell} cell @param {Records} records @returns {number[] | undefined} */
export function valuesOf(cell, records) {
  const found = follow(cell, records);
  return found.missing ? undefined : found.values;
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

/**
 * The trainings of the whole plan that are missing, one after the other; each must be recorded before the next is asked for. They depend on the records alone, so a search continues after a stop at any moment. Within a rung they
 * go data set by data set, `sl` first.
 * @param {Records} records
 * @returns {Generator<Trial, void, void>}
 */
export function* trialsOf(records) {
  for (const [rung, parts] of rungs.entries()) {
    const names = membersByRung(records)[rung];
    for (const part of parts) {
      for (const data of part.data) {
        for (let count = 1; count <= part.seeds.length; count++) {
          for (const member of ['sl', ...names]) {
            const [cell] = cellsOf(member, { ...part, data: [data], seeds: part.seeds.slice(0, count) });
            for (let trial = nextTrial(cell, records); trial; trial = nextTrial(cell, records)) yield trial;
          }
        }
      }
    }
  }
}
