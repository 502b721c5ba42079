/** People who are held out whole, a model of everyone else, and how good lists are that new people get for some of their items. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { randomStream, shuffle } from '../../dist/array/random.js';
import { ndcg } from '../../dist/evaluation/metrics.js';
import { loadDataset, train } from '../../dist/index.js';
import { inTemporaryFolder } from './temporary.mjs';

/** Part of the users that is held out. */
const SHARE = 0.1;
const K = 20;

/** The items of each user, from both parts of a data set. @param {string} name @returns {Map<string, string[]>} */
function itemsByUser(name) {
  const items = new Map();
  for (const part of ['train', 'test']) {
    const text = gunzipSync(readFileSync(join(process.env.TAUREC_DATA ?? '../shared/data', name, `${part}.tsv.gz`)));
    for (const line of text.toString().split('\n').slice(1)) {
      const [user, item] = line.split('\t');
      if (item === undefined) continue;
      const list = items.get(user);
      if (list) list.push(item);
      else items.set(user, [item]);
    }
  }
  return items;
}

/** The elements in an order drawn from the stream. @template T @param {readonly T[]} list @param {import('../../dist/array/random.js').Random} random */
const shuffled = (list, random) => Array.from(shuffle(Uint32Array.from(list.keys()), random), (at) => list[at]);

/**
 * Holds out a tenth of the users, drawn by the seed. `train` makes a model of the others; `people` gives the items of each held-out person that the model knows, in an order drawn by the seed, of those who have `least` of them.
 * @param {string} name @param {number} seed
 */
export function holdOutPeople(name, seed) {
  const users = shuffled([...itemsByUser(name)], randomStream(seed, 'new-people'));
  const held = users.slice(0, Math.round(SHARE * users.length));
  return {
    /** @param {{ validRatio?: number }} split @param {object} options those of `train` */
    train: (split, options) =>
      inTemporaryFolder(async (/** @type {string} */ folder) => {
        const file = join(folder, 'others.tsv');
        const rows = users.slice(held.length).flatMap(([user, items]) => items.map((i) => `${user}\t${i}\n`));
        writeFileSync(file, `user\titem\n${rows.join('')}`);
        return await train(await loadDataset({ train: file, ...split, seed }), { seed, ...options });
      }),
    /** @param {{ indexOf(id: string): number }} itemIds @param {number} least */
    people(itemIds, least) {
      const random = randomStream(seed, 'given');
      return held
        .map(([, items]) => items.filter((item) => itemIds.indexOf(item) >= 0))
        .filter((items) => items.length >= least)
        .map((items) => shuffled(items, random));
    },
  };
}

/**
 * NDCG@20 of the list that a person gets for the first `given` items; the others are relevant.
 * @param {import('../../dist/index.js').Recommender} recommender @param {string[]} items @param {number} given
 */
export function ndcgOfPerson(recommender, items, given) {
  const relevant = new Set(items.slice(given));
  const list = recommender.recommendFor(items.slice(0, given), { k: K });
  return ndcg(
    list.flatMap(({ id }, at) => (relevant.has(id) ? [at] : [])),
    relevant.size,
    K,
  );
}
