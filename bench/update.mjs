/**
 * Compares updates with full retraining. For each case it trains a model on the old interactions, updates it with the new ones, and trains another on both. It measures all three on the same held-out
 * interactions (protocol `clean`, old and new interactions masked), with processor seconds and optimiser steps. See docs/updating.md.
 *
 *     node bench/update.mjs [case …] [--validate] [--seeds 1,2,3] [--epochs 5,10] [--rates 0.25,0.5] [--json]
 *
 * --validate measures on a tenth of the old and of the new interactions instead of the test set: use it to choose settings. --epochs and --rates (fractions of the learning rate) try settings; default: those of updateModel.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { randomStream } from '../dist/array/random.js';
import * as extend from '../dist/extend.js';
import * as taurec from '../dist/index.js';
import { trainEmbeddings, trainedModel } from '../dist/lab.js';

const DATA = process.env.TAUREC_DATA ?? '../shared/data';

/** @typedef {{ old: string[], fresh: string[], test: string[] }} Parts */
/** @typedef {Record<string, { users: number, ndcg: number }>} Measured */
/** @typedef {{ model: import('../dist/index.js').Model, steps: number, cpu: number }} Run */

/** Pairs of a file, as "user\titem". @param {string} file */
const pairsOf = (file) =>
  gunzipSync(readFileSync(join(DATA, file)))
    .toString()
    .split('\n')
    .slice(1)
    .filter(Boolean);
/** @param {string} text @param {0 | 1} column */
const part = (text, column) => text.split('\t')[column];

/** Old: the first 60% of the time. New: all later interactions that are not in the test set, which includes the last interactions of new users. @returns {Parts} */
function movielens() {
  const old = pairsOf('movielens-1m-temporal/train.tsv.gz');
  const test = pairsOf('movielens-1m-temporal/test.tsv.gz');
  const known = new Set([...old, ...test]);
  const all = [...pairsOf('movielens-1m/train.tsv.gz'), ...pairsOf('movielens-1m/test.tsv.gz')];
  return { old, fresh: all.filter((pair) => !known.has(pair)), test };
}

/** Old and new parts of the training file. New: a fraction `share` of the interactions, drawn at random, and all interactions of a fraction `withheld` of the users and items. @param {string} folder @param {number} share @param {number} withheld @returns {Parts} */
function pseudoSplit(folder, share, withheld) {
  const random = randomStream(1, 'pseudo-split');
  const all = pairsOf(`${folder}/train.tsv.gz`);
  /** @param {0 | 1} column */
  const drawn = (column) =>
    new Set([...new Set(all.map((p) => part(p, column)))].filter(() => random.real() < withheld));
  const [users, items] = [drawn(0), drawn(1)];
  /** @type {{ old: string[], fresh: string[] }} */
  const parts = { old: [], fresh: [] };
  for (const pair of all) {
    const isNew = users.has(part(pair, 0)) || items.has(part(pair, 1)) || random.real() < share;
    parts[isNew ? 'fresh' : 'old'].push(pair);
  }
  return { ...parts, test: pairsOf(`${folder}/test.tsv.gz`) };
}

const sl = { loss: 'sl', batch: { rows: 128 }, epochs: 60 };
const cases = {
  'movielens-1m-temporal': { split: movielens, config: sl },
  'amazon2014-health, a quarter new': {
    split: () => pseudoSplit('amazon2014-health', 0.2, 0.05),
    config: { ...sl, batch: { rows: 64 } },
  },
  'amazon2014-health, a fiftieth new': {
    split: () => pseudoSplit('amazon2014-health', 0.01, 0.005),
    config: { ...sl, batch: { rows: 64 } },
  },
  'amazon2014-electronic, a quarter new': {
    split: () => pseudoSplit('amazon2014-electronic', 0.2, 0.05),
    config: { ...sl, learningRate: 0.03 },
  },
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    validate: { type: 'boolean' },
    seeds: { type: 'string', default: '1' },
    epochs: { type: 'string' },
    rates: { type: 'string' },
    json: { type: 'boolean' },
  },
});
/** @param {string | undefined} text @returns {(number | undefined)[]} */
const numbers = (text) => text?.split(',').map(Number) ?? [undefined];
await taurec.enableFusedMultiplyAdd();
const folder = mkdtempSync(join(tmpdir(), 'taurec-update-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
/** @type {object[]} */
const rows = [];
for (const [name, { split, config }] of Object.entries(cases)) {
  if (positionals.length > 0 && !positionals.some((wanted) => name.includes(wanted))) continue;
  const parts = flags.validate ? heldOut(split()) : split();
  for (const seed of numbers(flags.seeds)) await measureCase(name, parts, { ...config, seed, threads: 1 });
}
if (flags.json) console.log(JSON.stringify(rows));

/** Replaces the test set by a tenth of the old and of the new interactions. @param {Parts} parts @returns {Parts} */
function heldOut({ old, fresh }) {
  const random = randomStream(2, 'held-out');
  /** @type {string[]} */
  const held = [];
  /** @param {string[]} pairs */
  const keep = (pairs) => pairs.filter((pair) => random.real() >= 0.1 || !held.push(pair));
  return { old: keep(old), fresh: keep(fresh), test: held };
}

/** Measures one case with one seed: the old model, the retrained one, and an update per setting. @param {string} name @param {Parts} parts @param {import('../dist/index.js').TrainConfigInput} config */
async function measureCase(name, { old, fresh, test }, config) {
  /** @param {string} label @param {string[]} pairs */
  const file = (label, pairs) => {
    const path = join(folder, `${label}.tsv`);
    writeFileSync(path, `user\titem\n${pairs.join('\n')}\n`);
    return path;
  };
  const oldData = await taurec.loadDataset({ train: file('old', old) });
  const allData = await taurec.loadDataset({ train: file('all', [...old, ...fresh]) });
  const log = await taurec.readInteractions(file('fresh', fresh));
  const users = groups(old, fresh, test);
  // keepState: an update continues from the optimiser's state
  const base = await timed(async () => modelOf(oldData, await trainEmbeddings(oldData, config, { keepState: true })));
  report(name, 'before', config, base, await measure(base.model, allData, test, users), base);
  const anew = await timed(async () => modelOf(allData, await trainEmbeddings(allData, config)));
  const best = await measure(anew.model, allData, test, users);
  report(name, 'retrained', config, anew, best, anew);
  for (const epochs of numbers(flags.epochs)) {
    for (const rate of numbers(flags.rates)) {
      const options = { threads: 1, epochs, ...(rate && { learningRate: rate * (config.learningRate ?? 0.02) }) };
      const updated = await timed(async () => taurec.updateModel(base.model, log, options));
      const how = `update, ${updated.epochs} epochs at ${updated.learningRate}`;
      report(name, how, config, updated, await measure(updated.model, allData, test, users), anew, best);
    }
  }
}

/** @param {import('../dist/index.js').Dataset} data @param {import('../dist/index.js').TrainResult} result */
function modelOf(data, result) {
  return { model: trainedModel(data, result), steps: result.steps };
}

/** The result of `work`, with the processor seconds it took on all threads. @template T @param {() => Promise<T>} work @returns {Promise<T & { cpu: number }>} */
async function timed(work) {
  const started = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(started);
  return { ...result, cpu: (user + system) / 1e6 };
}

/** The users of the test set by their interactions: only old ones, both, or only new ones. @param {string[]} old @param {string[]} fresh @param {string[]} test @returns {Map<string, string | undefined>} */
function groups(old, fresh, test) {
  const [had, have] = [old, fresh].map((pairs) => new Set(pairs.map((pair) => part(pair, 0))));
  const kind = (/** @type {string} */ user) =>
    had.has(user) ? (have.has(user) ? 'both' : 'old') : have.has(user) ? 'new' : undefined;
  return new Map([...new Set(test.map((pair) => part(pair, 0)))].map((user) => [user, kind(user)]));
}

/** NDCG@20 over all test users and over each group. Users unknown to the model count as 0, so that all models are measured on the same users. @param {import('../dist/index.js').Model} model @param {import('../dist/index.js').Dataset} allData @param {string[]} test @param {Map<string, string | undefined>} users @returns {Promise<Measured>} */
async function measure(model, allData, test, users) {
  /** @param {string[]} source */
  const pairs = (source) => {
    const entries = source
      .map((pair) => [model.userIds.indexOf(part(pair, 0)), model.itemIds.indexOf(part(pair, 1))])
      .filter(([user, item]) => user >= 0 && item >= 0);
    const column = (/** @type {0 | 1} */ c) => entries.map((entry) => entry[c]);
    return extend.csrFromEntries(model.users.rows, model.items.rows, column(0), column(1));
  };
  const everything = [];
  for (let u = 0; u < allData.train.rows; u++)
    for (const i of extend.csrRow(allData.train, u))
      everything.push(`${allData.users.idOf(u)}\t${allData.items.idOf(i)}`);
  const wanted = new Map();
  for (const pair of test) wanted.set(part(pair, 0), (wanted.get(part(pair, 0)) ?? 0) + 1);
  const engine = await taurec.openRankingEngine(model, { threads: 1 });
  const { rankUsers } = taurec.embeddingRanker(engine, model.itemBias);
  const seen = pairs(everything);
  const targets = pairs(test);
  /** @type {Record<string, { users: number, sum: number }>} */
  const sums = {};
  // one query per known test user, with all its old and new interactions excluded
  const known = [...users.keys()].map((id) => model.userIds.indexOf(id)).filter((user) => user >= 0);
  const excluded = extend.csrFromEntries(
    known.length,
    seen.columns,
    known.flatMap((user, row) => Array(extend.csrDegree(seen, user)).fill(row)),
    known.flatMap((user) => [...extend.csrRow(seen, user)]),
  );
  const lists = rankUsers(Int32Array.from(known), 20, excluded).items;
  let row = 0;
  for (const [id, group] of users) {
    const user = model.userIds.indexOf(id);
    let dcg = 0;
    if (user >= 0) {
      lists.subarray(20 * row, 20 * ++row).forEach((item, at) => {
        if (item >= 0 && extend.csrHas(targets, user, item)) dcg += 1 / Math.log2(at + 2);
      });
    }
    // the DCG of a perfect list, for as many test items as the user has, at most 20
    let ideal = 0;
    for (let at = 0; at < Math.min(20, wanted.get(id) ?? 0); at++) ideal += 1 / Math.log2(at + 2);
    for (const key of ['all', group ?? 'unknown']) {
      sums[key] ??= { users: 0, sum: 0 };
      sums[key].users++;
      sums[key].sum += dcg / ideal;
    }
  }
  await engine.close();
  return Object.fromEntries(Object.entries(sums).map(([key, { users, sum }]) => [key, { users, ndcg: sum / users }]));
}

/** Records one measurement and prints it; with `best`, as a change from the retrained model. @param {string} name @param {string} how @param {import('../dist/index.js').TrainConfigInput} config @param {Run} run @param {Measured} metrics @param {Run} anew @param {Measured} [best] */
function report(name, how, { seed }, { cpu, steps }, metrics, anew, best) {
  rows.push({ case: name, how, seed, steps, cpu, metrics });
  const shown = ['all', 'old', 'both', 'new'].filter((key) => metrics[key]);
  const texts = shown.map((key) => {
    const { ndcg, users } = metrics[key];
    const change = best ? ` (${((ndcg / best[key].ndcg - 1) * 100).toFixed(1)}%)` : '';
    return `${key} ${ndcg.toFixed(4)}${change} of ${users}`;
  });
  const cost = best
    ? `, ${((steps / anew.steps) * 100).toFixed(0)}% of the steps, ${((cpu / anew.cpu) * 100).toFixed(0)}% of the time`
    : '';
  if (!flags.json)
    console.log(`${name}, seed ${seed}: ${how}: ${texts.join(', ')}; ${steps} steps, ${cpu.toFixed(1)} s${cost}`);
}
