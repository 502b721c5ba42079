/** Everything that a page asks of a trained model and its data, by name, and Node too. Answers are plain data, to be compared. */
import {
  buildNeighbors,
  easeRanker,
  evaluate,
  evaluateSync,
  itemKnnRanker,
  popularRanker,
  randomRanker,
  slimRanker,
  Trends,
  train,
  variantOf,
} from 'taurec';
import { popularityGroups, trainedItems } from 'taurec/extend';
import { commandLineOf, compareUsers, pairedBootstrap, pairedTTest, trainConfigJsonSchema } from 'taurec/lab';
import { shop } from './shop.mjs';

const ks = [5, 10];
const cheap = { where: { price: { lte: 50 }, stocked: true } };
const people = ['7', '23', '60'];

/**
 * @typedef {{ model: import('taurec').TrainedModel, data: import('taurec').Dataset }} Case
 * @type {Record<string, (of: Case) => unknown>}
 */
export const questions = {
  'the model': ({ model }) => {
    const { users, items, popularity, neighbors, cold } = model.model;
    return [users.data, items.data, popularity, neighbors?.votes.values, neighbors?.beta, cold?.coefficients];
  },
  'the record of training': ({ model }) => {
    const { history, config, valid, neighborChoice } = model.result;
    const { seconds: _, ...choice } = neighborChoice ?? {};
    return [history.map(({ seconds: _, ...epoch }) => epoch), config, valid, choice];
  },
  lists: ({ model }) => model.recommend(people, { k: 12 }),
  'lists with reasons': ({ model }) => people.map((user) => model.recommend(user, { k: 8, explain: 4 })),
  'an unknown person': ({ model }) => model.recommend('nobody', { fallback: 'popular' }),
  filters: ({ model }) => model.recommend('7', { k: 9, ...cheap, atMost: { brand: 2 } }),
  'filters of any kind': ({ model }) =>
    model.recommend('23', { where: { or: [{ brand: { any: ['b', 'Ångström'] } }, { not: { price: { gt: 20 } } }] } }),
  dials: ({ model }) => model.recommend('60', { k: 10, diversity: 0.4, discover: 0.3 }),
  'what is not in a list': ({ model }) => {
    const [first, , , , tenth] = model.recommend('7', { k: 10 });
    const seen = model.itemIds.idOf(model.model.seen.indices[0] ?? 0);
    return [
      model.explain('7', first?.id ?? ''),
      model.explain('7', tenth?.id ?? '', { k: 3 }),
      model.explain('0', seen),
      model.explain('7', first?.id ?? '', { exclude: [first?.id ?? ''] }),
      model.explain('7', tenth?.id ?? '', cheap),
    ];
  },
  'people from what they like': ({ model }) => [
    model.foldIn(['3', '11', '20']),
    model.recommendFor(['3', '11', '20'], { k: 7, explain: 3, weights: [1, 2, 0.5] }),
    model.recommendFor(['3', 'unheard of'], { k: 5, unknown: 'skip', ...cheap }),
    model.explainFor(['3', '11'], '30'),
  ],
  'items alike, bought together, people alike, scores': ({ model }) => [
    model.similarItems('3', { k: 6 }),
    model.similarItems('3', { k: 6, by: 'together' }),
    model.similarUsers('7', { k: 4 }),
    model.score('7', ['3', '11', '30']),
  ],
  'popular and trending items': ({ model }) => {
    const trends = new Trends();
    trends.add(
      ['3', '11', '3', '42'].map((item, at) => ({ user: `${at}`, item, time: 1000 + at })),
      2000,
    );
    return [model.popular({ k: 5, ...cheap }), model.trending(trends, { k: 3, now: 2000 })];
  },
  'edited items': ({ model }) => {
    const before = model.recommend('7', { k: 3 });
    const item = before[0]?.id ?? '';
    model.editItems([{ item, deleted: true, replaces: false, values: {} }]);
    const without = model.recommend('7', { k: 3 });
    model.editItems([{ item, deleted: false, replaces: false, values: { title: 'Again' } }]);
    return [before, without, model.recommend('7', { k: 3 })];
  },
  evaluation: ({ model }) => model.evaluate(undefined, { ks, auc: true, perUser: true, groups: true, diversity: true }),
  'evaluation of a sample': ({ model }) => model.evaluate(undefined, { ks, sample: { count: 30, seed: 3 } }),
  baselines: async ({ data }) => {
    const { train, valid, test, items } = data;
    const rankers = [
      popularRanker(train),
      itemKnnRanker(train),
      randomRanker(3, items.size),
      await easeRanker(train),
      await slimRanker(train),
    ];
    const options = { train, valid, test, protocol: /** @type {const} */ ('clean'), ks };
    return Promise.all(
      rankers.map(async (ranker) => [await evaluate(ranker, options), evaluateSync(ranker, options).metrics]),
    );
  },
  significance: async ({ model, data }) => {
    const { train, valid, test } = data;
    const options = { train, valid, test, protocol: /** @type {const} */ ('clean'), ks, perUser: true };
    const [a, b] = [await model.evaluate(undefined, options), await evaluate(popularRanker(train), options)];
    if (!a.perUser || !b.perUser) return undefined;
    const [own, other] = [a.perUser.columns['ndcg@10'] ?? [], b.perUser.columns['ndcg@10'] ?? []];
    const differences = Array.from(own, (value, at) => value - (other[at] ?? 0));
    return [
      pairedTTest(differences),
      pairedBootstrap([differences], { seed: 4 }),
      compareUsers(a.perUser, b.perUser, { resamples: 200 }),
    ];
  },
  'neighbours of their own': ({ data }) => {
    const settings = { kind: 'ridge', size: 5, exponent: 0.5, shrink: 1, ridge: 20, beta: 1 };
    return buildNeighbors(data.train, /** @type {Parameters<typeof buildNeighbors>[1]} */ (settings), 4);
  },
  data: ({ data, model }) => [
    ...[popularityGroups(model.model.popularity, 'items', 4), trainedItems(model.model), data.sha256],
    ...[[...data.items], data.titles],
  ],
  variants: () => Array.from({ length: 20 }, (_, at) => variantOf(`${at}`, { a: 50, b: 50 })),
  'the schema of the options, and their flags': () => [
    trainConfigJsonSchema(),
    commandLineOf({ loss: 'dsl', dimension: 7, refit: true }),
  ],
};

/** Trains on the shop and asks everything. @param {import('taurec').TrainConfigInput} options */
export async function answers(options) {
  const data = shop({ validRatio: 0.1 });
  const config = { dimension: 12, epochs: 3, batch: { rows: 16, negatives: 20 }, validation: { every: 1 } };
  const model = await train(data, { ...config, seed: 5, threads: 1, ...options });
  /** @type {Record<string, unknown>} */
  const all = {};
  for (const [name, ask] of Object.entries(questions)) all[name] = await ask({ model, data });
  await model.close();
  return all;
}
