/**
 * Measures items that a model does not know, placed by their attributes: the tables of docs/cold-items.md. A made-up shop (`taurec generate --shop`) loses a share of its items with all their events, of which `--keep` remain for each; a model is
 * trained on the rest, with the catalogue of all items. Then the lost items are ranked for each person who has some of them, and the other items for each person with held-out events of them.
 *
 *     node bench/cold-items.mjs [--seeds 1,2,3,4,5] [--share .15] [--keep 0] [--explained .5] [--threads 1] [--json]
 *
 * For each seed:
 * - recall@20 among the lost items: by the model; without cold items (`--keep`); by the popularity of an item's category (interactions with the known items of its shelf); by the person's own categories, ties by popularity; at random
 * - NDCG@20 of the known items' held-out events, protocol clean: without cold items, with them (few interactions), and with lists in which the lost items take part
 * - how many of 20 places the lost items take, and how many of them are in any list
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainedItems } from '../dist/extend.js';
import {
  enableFusedMultiplyAdd,
  evaluateSync,
  loadDataset,
  modelRanker,
  openRankingEngine,
  Recommender,
  saveModel,
  syntheticShop,
} from '../dist/index.js';
import { parseTrainConfig, trainEmbeddings, trainedModel } from '../dist/lab.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    share: { type: 'string', default: '.15' },
    keep: { type: 'string', default: '0' },
    explained: { type: 'string', default: '.5' },
    threads: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [share, keep, explained, threads] = [values.share, values.keep, values.explained, values.threads].map(Number);
const K = 20;
/** The declared default, by name: with a validation part an unnamed objective is another one. */
const { loss } = parseTrainConfig({});
const weights = { view: 0.1, cart: 0.5, purchase: 1 };
enableFusedMultiplyAdd();

/** @param {number} seed */
function* numbers(seed) {
  for (let x = seed >>> 0; ; ) {
    // mulberry32
    x = (x + 0x6d2b79f5) >>> 0;
    let t = Math.imul(x ^ (x >>> 15), x | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    yield ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** @param {ReadonlyMap<string, ReadonlySet<string>>} wanted @param {(user: string) => string[]} listOf */
function recall(wanted, listOf) {
  let sum = 0;
  for (const [user, items] of wanted) sum += listOf(user).filter((item) => items.has(item)).length / items.size;
  return sum / wanted.size;
}

/** @param {ReadonlyMap<string, ReadonlySet<string>>} wanted @param {(user: string) => string[]} listOf */
function ndcg(wanted, listOf) {
  let sum = 0;
  const gain = (/** @type {number} */ place) => 1 / Math.log2(place + 2);
  for (const [user, items] of wanted) {
    let [got, best] = [0, 0];
    listOf(user).forEach((item, place) => {
      if (items.has(item)) got += gain(place);
    });
    for (let place = 0; place < Math.min(K, items.size); place++) best += gain(place);
    sum += got / best;
  }
  return sum / wanted.size;
}

/** @param {Iterable<readonly [string, string]>} pairs */
function byUser(pairs) {
  /** @type {Map<string, Set<string>>} */
  const sets = new Map();
  for (const [user, item] of pairs) sets.set(user, (sets.get(user) ?? new Set()).add(item));
  return sets;
}

/** @param {number} seed */
async function measure(seed) {
  const shop = syntheticShop({ seed, explained });
  const stream = numbers(seed);
  const draw = () => Number(stream.next().value);
  const order = shop.items.map(({ id }) => ({ id, at: draw() })).sort((a, b) => a.at - b.at);
  const lost = new Set(order.slice(0, Math.round(share * order.length)).map(({ id }) => id));
  // Pairs, each with a number that decides where it goes.
  const pairs = new Map(shop.events.map(({ user, item }) => [`${user} ${item}`, { user, item, at: 0 }]));
  for (const pair of pairs.values()) pair.at = draw();
  const kept = new Set();
  for (const item of lost) {
    const own = [...pairs].filter(([, pair]) => pair.item === item).sort((a, b) => a[1].at - b[1].at);
    for (const [key] of own.slice(0, keep)) kept.add(key);
  }
  const isTrained = (/** @type {{ user: string, item: string }} */ { user, item }) => {
    const key = `${user} ${item}`;
    return lost.has(item) ? kept.has(key) : (pairs.get(key)?.at ?? 0) >= 0.1;
  };
  const folder = await mkdtemp(join(tmpdir(), 'taurec-cold-'));
  try {
    const rows = (/** @type {readonly object[]} */ list) => list.map((one) => JSON.stringify(one)).join('\n');
    await writeFile(join(folder, 'events.jsonl'), rows(shop.events.filter(isTrained)));
    const released = (/** @type {number} */ time) => new Date(time * 1000).toISOString();
    await writeFile(
      join(folder, 'items.jsonl'),
      rows(shop.items.map((item) => ({ ...item, released: released(item.released) }))),
    );
    const data = await loadDataset({
      train: join(folder, 'events.jsonl'),
      catalogue: join(folder, 'items.jsonl'),
      eventWeights: weights,
      validRatio: 0.1,
      seed,
    });
    const result = await trainEmbeddings(data, { loss, seed, threads, refit: true });
    const started = performance.now();
    const model = trainedModel(data, result);
    const seconds = (performance.now() - started) / 1000;
    const plain = trainedModel(data, { ...result, config: { ...result.config, coldItems: 'off' } });
    await saveModel(join(folder, 'model'), model);
    await saveModel(join(folder, 'plain'), plain);
    const recommender = await Recommender.open(join(folder, 'model'), { threads });
    const alone = await Recommender.open(join(folder, 'plain'), { threads });
    const known = (/** @type {string} */ user) => recommender.userIds.indexOf(user) >= 0;
    const listed = [...pairs.values()].filter((pair) => known(pair.user) && !isTrained(pair));
    const wanted = byUser(listed.filter(({ item }) => lost.has(item)).map(({ user, item }) => [user, item]));
    const warm = byUser(listed.filter(({ item }) => !lost.has(item)).map(({ user, item }) => [user, item]));

    // Baselines: interactions by shelf, of everybody and of a person.
    const shelves = new Map(shop.items.map(({ id, category }) => [id, category[1] ?? '']));
    const shelfOf = (/** @type {string} */ item) => shelves.get(item) ?? '';
    /** @type {Map<string, number>} */
    const popularity = new Map();
    /** @type {Map<string, Map<string, number>>} */
    const own = new Map();
    for (const pair of pairs.values()) {
      if (lost.has(pair.item) || !isTrained(pair)) continue;
      const shelf = shelfOf(pair.item);
      popularity.set(shelf, (popularity.get(shelf) ?? 0) + 1);
      const mine = own.get(pair.user) ?? new Map();
      own.set(pair.user, mine.set(shelf, (mine.get(shelf) ?? 0) + 1));
    }
    const popular = (/** @type {string} */ item) => popularity.get(shelfOf(item)) ?? 0;
    // Ties, such as items of one shelf, are broken at random.
    const tied = new Map([...lost].map((item) => [item, draw()]));
    const best = (/** @type {(item: string) => number} */ score) =>
      [...lost].sort((a, b) => score(b) - score(a) || (tied.get(a) ?? 0) - (tied.get(b) ?? 0)).slice(0, K);
    const ofShelf = best(popular);
    const listOf = (/** @type {string} */ user, options = {}) =>
      recommender.recommend(user, { k: K, ...options }).map(({ id }) => id);

    /** @type {(model: import('../dist/index.js').Model) => Promise<number>} */
    const clean = async (model) => {
      const engine = await openRankingEngine(model, { threads });
      const index = (/** @type {string} */ id) => model.itemIds.indexOf(id);
      /** @type {Map<number, number[]>} */
      const sorted = new Map();
      for (const [user, items] of warm) {
        const own = [...items].map(index).filter((i) => i >= 0);
        sorted.set(
          model.userIds.indexOf(user),
          own.sort((a, b) => a - b),
        );
      }
      const offsets = Int32Array.from({ length: model.users.rows + 1 }, () => 0);
      /** @type {number[]} */
      const indices = [];
      for (let u = 0; u < model.users.rows; u++) {
        indices.push(...(sorted.get(u) ?? []));
        offsets[u + 1] = indices.length;
      }
      const test = {
        rows: model.users.rows,
        columns: model.items.rows,
        offsets,
        indices: Int32Array.from(indices),
      };
      const { metrics } = evaluateSync(modelRanker(model, engine), {
        train: trainedItems(model),
        test,
        protocol: 'clean',
        ks: [K],
      });
      await engine.close();
      return metrics[`ndcg@${K}`];
    };
    const warmLists = { exclude: [...lost] };
    const everybody = [...recommender.userIds];
    const taken = everybody.flatMap((user) => listOf(user).filter((item) => lost.has(item)));
    const row = {
      seed,
      people: wanted.size,
      explained: model.cold?.explained ?? 0,
      lambda: model.cold?.lambda ?? 0,
      seconds,
      recall: recall(wanted, (user) => listOf(user, { allow: [...lost] })),
      recallOff: recall(wanted, (user) => alone.recommend(user, { k: K, allow: [...lost] }).map(({ id }) => id)),
      category: recall(wanted, () => ofShelf),
      own: recall(wanted, (user) => best((item) => (own.get(user)?.get(shelfOf(item)) ?? 0) + 1e-9 * popular(item))),
      random: recall(wanted, () => best(() => draw())),
      off: await clean(plain),
      auto: await clean(model),
      without: ndcg(warm, (user) => listOf(user, warmLists)),
      with: ndcg(warm, (user) => listOf(user)),
      places: taken.length / everybody.length,
      reached: new Set(taken).size / lost.size,
    };
    await recommender.close();
    await alone.close();
    return row;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @type {Record<string, number>[]} */
const rows = [];
for (const seed of values.seeds.split(',').map(Number)) {
  const row = await measure(seed);
  rows.push(row);
  if (!values.json) console.error(JSON.stringify(row));
}
/** @param {readonly number[]} list */
const spread = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (/** @type {number} */ q) => sorted[Math.round(q * (sorted.length - 1))].toFixed(4);
  return `${at(0.5)} (${at(0)}–${at(1)})`;
};
if (values.json) console.log(JSON.stringify(rows, null, 2));
else {
  const of = (/** @type {(row: any) => number} */ value) => spread(rows.map(value));
  console.log(`recall@${K} among lost items: ${of((r) => r.recall)}`);
  for (const name of [...(keep > 0 ? ['recallOff'] : []), 'category', 'own', 'random'])
    console.log(`  ${name}: ${of((r) => r[name])}, ratio ${of((r) => r.recall / r[name])}`);
  console.log(`NDCG@${K} of known items, off: ${of((r) => r.off)}; auto / off: ${of((r) => r.auto / r.off)}`);
  console.log(`  lists with lost items / without: ${of((r) => r.with / r.without)}`);
  console.log(`places of lost items in ${K}: ${of((r) => r.places)}; lost items in a list: ${of((r) => r.reached)}`);
  console.log(`explained: ${of((r) => r.explained)}; seconds: ${of((r) => r.seconds)}`);
}
