import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { type Model, trainedItems } from '../../src/model/model.ts';
import { DiscoveryBias } from '../../src/recommender/item-ranker.ts';
import { modelRanker } from '../../src/recommender/model-ranker.ts';
import { reRankedRanker } from '../../src/recommender/re-ranked-ranker.ts';
import type { RecommendedItem, RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { biasedScore, scoreOf } from '../../src/recommender/vectors.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

async function engineOf({ users, items, config }: Model) {
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  return openReferenceEngine(plan);
}

async function recommenderOf(model: Model) {
  return Recommender.fromModel(model, await engineOf(model));
}

const idsOf = (list: readonly RecommendedItem[]) => list.map((item) => item.id);
const dial = fc.constantFrom(0, 0.01, 0.25, 0.5, 1);
const someItems = fc.array(
  fc.integer({ min: 0, max: 30 }).map((i) => `i${i}`),
  { maxLength: 12 },
);

/** Mean of `values` over a list's items. */
const meanOf = (list: readonly RecommendedItem[], value: (id: string) => number) =>
  list.reduce((sum, { id }) => sum + value(id), 0) / list.length;

/** Mean cosine over the pairs of a list. */
function similarity(model: Model, list: readonly RecommendedItem[]): number {
  const rows = list.map(({ id }) => row(model.items, model.itemIds.indexOf(id)));
  const pairs = rows.flatMap((a, i) => rows.slice(i + 1).map((b) => scoreOf('cosine', a, b)));
  return pairs.reduce((a, b) => a + b, 0) / pairs.length;
}

describe('the dials of a request', () => {
  it('at 0 are as good as absent, to the last bit', async () => {
    const recommender = await recommenderOf(randomModel({ users: 20, items: 40, biased: true }));
    for (const id of recommender.userIds) {
      const plain = recommender.recommend(id, { k: 7 });
      expect(recommender.recommend(id, { k: 7, diversity: 0, discover: 0 })).toEqual(plain);
      expect(recommender.recommend(id, { k: 7, discover: 0.004 })).toEqual(plain);
    }
  });

  it('change the order, never what may come, how many, or the scores', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer(),
          score: fc.constantFrom('cosine' as const, 'dot' as const),
          biased: fc.boolean(),
        }),
        fc.record({ diversity: dial, discover: dial, k: fc.integer({ min: 1, max: 40 }) }),
        fc.record({ exclude: someItems, allow: someItems, includeSeen: fc.boolean() }, { requiredKeys: [] }),
        async (shape, dials, filters) => {
          const model = randomModel({ items: 30, ...shape });
          const recommender = await recommenderOf(model);
          const all = recommender.recommend('u1', { ...filters, k: 100 });
          const list = recommender.recommend('u1', { ...filters, ...dials });
          expect(list).toHaveLength(Math.min(dials.k, all.length));
          expect(new Set(idsOf(list)).size).toBe(list.length);
          expect(idsOf(all)).toEqual(expect.arrayContaining(idsOf(list)));
          const scores = recommender.score('u1', idsOf(list));
          list.forEach((item, i) => {
            expect(item.score).toBeCloseTo(scores[i]!, 5);
          });
        },
      ),
    );
  });

  it.each(['diversity', 'discover'] as const)('%s out of [0, 1] is refused', async (name) => {
    const recommender = await recommenderOf(randomModel());
    for (const value of [-0.1, 1.01, Number.NaN, '1' as unknown as number]) {
      expect(() => recommender.recommend('u0', { [name]: value })).toThrow(
        new RegExp(`Option ${name}: got .*, expected a number from 0 to 1`),
      );
    }
  });

  it('leave popular fallback lists alone', async () => {
    const recommender = await recommenderOf(randomModel({ items: 20 }));
    const plain = { fallback: 'popular', k: 5 } as const;
    const turned = { ...plain, discover: 1, diversity: 1 };
    expect(recommender.recommend('nobody', turned)).toEqual(recommender.recommend('nobody', plain));
    expect(recommender.recommendFor([], turned)).toEqual(recommender.recommendFor([], plain));
  });
});

describe('discover', () => {
  it('ranks by score − c · log(1 + n) over all items, and over a short allow-list', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.boolean(),
        fc.integer({ min: 1, max: 100 }),
        async (seed, biased, hundredths) => {
          const model = randomModel({ users: 12, items: 30, seed, biased, score: 'dot' });
          const engine = await engineOf(model);
          const recommender = Recommender.fromModel(model, engine);
          const { itemBias, popularity, config } = model;
          const { unit } = new DiscoveryBias(engine, { score: config.score, itemBias, popularity });
          const discover = hundredths / 100;
          const value = (item: number) =>
            scoreOf('dot', row(model.users, 3), row(model.items, item)) +
            (itemBias?.[item] ?? 0) -
            discover * unit * Math.log1p(popularity[item]!);
          for (const allow of [undefined, ['i1', 'i4', 'i9', 'i20', 'i28']]) {
            const values = recommender
              .recommend('u3', { k: 30, discover, allow, includeSeen: true })
              .map(({ id }) => value(model.itemIds.indexOf(id)));
            expect(values).toHaveLength(allow?.length ?? 30);
            values.slice(1).forEach((x, i) => {
              expect(x).toBeLessThanOrEqual(values[i]! + 1e-5);
            });
          }
        },
      ),
      draws(50),
    );
  });

  it('has the scale of the scores: a model times ten gives the same lists', async () => {
    const model = randomModel({ users: 30, items: 60, dimension: 8, score: 'dot' });
    const ten = { ...model, users: { ...model.users, data: model.users.data.map((x) => 10 * x) } };
    const [one, other] = [await recommenderOf(model), await recommenderOf(ten)];
    for (const discover of [0.2, 0.7]) {
      for (const id of model.userIds)
        expect(idsOf(other.recommend(id, { discover }))).toEqual(idsOf(one.recommend(id, { discover })));
    }
  });

  it('its unit is the spread of the scores over that of log popularity', async () => {
    const model = randomModel({ users: 9, items: 50, dimension: 4, biased: true });
    const { itemBias, popularity, users, items } = model;
    const deviation = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    };
    const ofUsers = Array.from({ length: 9 }, (_, u) =>
      deviation(
        Array.from({ length: 50 }, (_, i) =>
          biasedScore(scoreOf('cosine', row(users, u), row(items, i)), itemBias?.[i]),
        ),
      ),
    );
    const ofScores = Math.sqrt(ofUsers.reduce((sum, x) => sum + x * x, 0) / 9);
    const { engine } = await recommenderOf(model);
    const discovery = new DiscoveryBias(engine, { score: 'cosine', itemBias, popularity });
    expect(discovery.unit).toBeCloseTo(ofScores / deviation(Array.from(popularity, Math.log1p)), 5);
  });

  it('does nothing where all items are equally popular', async () => {
    const model = randomModel({ density: 1 });
    const recommender = await recommenderOf(model);
    const options = { includeSeen: true } as const;
    expect(recommender.recommend('u1', { ...options, discover: 1 })).toEqual(recommender.recommend('u1', options));
  });

  it('makes the biases of a value once while few are in use', async () => {
    const model = randomModel({ items: 40 });
    const { engine } = await recommenderOf(model);
    const { popularity } = model;
    const discovery = new DiscoveryBias(engine, { score: 'cosine', popularity });
    const half = discovery.biasOf(0.5);
    expect(discovery.biasOf(0.501)).toBe(half);
    for (let step = 1; step <= 7; step++) {
      discovery.biasOf(step / 100);
      expect(discovery.biasOf(0.5)).toBe(half);
    }
    for (let step = 11; step <= 18; step++) discovery.biasOf(step / 100);
    expect(discovery.biasOf(0.5)).not.toBe(half);
    expect(discovery.biasOf(0.5)).toEqual(half);
  });
});

describe.each<[string, TrainConfigInput]>([
  ['cosine', { loss: { name: 'sl', tau: 0.2 } }],
  ['inner products', { loss: { name: 'bpr' } }],
  ['a popularity prior', { loss: { name: 'sl', tau: 0.2 }, popularityPrior: 0.1 }],
])('on a trained model, %s', (_, config) => {
  const data = syntheticDataset({ users: 300, items: 150, interactions: 6000, seed: 3 });
  let model: Model;
  let recommender: Recommender;
  beforeAll(async () => {
    const result = await trainEmbeddings(data, { ...config, epochs: 8, dimension: 16, seed: 1, threads: 1 });
    model = trainedModel(data, result);
    recommender = await recommenderOf(model);
  });
  const logPopularity = (id: string) => Math.log1p(model.popularity[model.itemIds.indexOf(id)]!);
  const listsOf = (options: RecommendOptions) => recommender.recommend([...model.userIds], options);
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

  it('no list is more popular with discover turned up, and on average each is much less so', () => {
    const steps = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1];
    const means = steps.map((discover) => listsOf({ discover }).map((list) => meanOf(list, logPopularity)));
    for (let s = 1; s < steps.length; s++) {
      means[s]!.forEach((mean, u) => {
        // rounding of two scores that are equal to within it
        expect(mean).toBeLessThanOrEqual(means[s - 1]![u]! + 1e-3);
      });
      expect(average(means[s]!)).toBeLessThan(average(means[s - 1]!));
    }
    const all = average(Array.from(model.itemIds, logPopularity));
    expect(average(means[0]!)).toBeGreaterThan(all);
    expect(average(means.at(-1)!)).toBeLessThan(all);
  });

  it('the same for people who are folded in, and in recommendAll', async () => {
    const liked = idsOf(recommender.recommend(model.userIds.idOf(5), { k: 4 }));
    const means = [0, 0.3, 0.6, 1].map((discover) =>
      meanOf(recommender.recommendFor(liked, { discover, k: 20 }), logPopularity),
    );
    expect(means).toEqual(means.toSorted((a, b) => b - a));
    expect(means[3]).toBeLessThan(means[0]!);
    const options = { discover: 0.4, diversity: 0.3, k: 5 };
    const all: unknown[] = [];
    for await (const block of recommender.recommendAll(options)) all.push(...block.map(({ items }) => items));
    expect(all).toEqual(listsOf(options));
  });

  it('lists are less alike with diversity turned up', () => {
    const means = [0, 0.2, 0.5, 0.8].map((diversity) =>
      average(listsOf({ diversity, k: 10 }).map((list) => similarity(model, list))),
    );
    expect(means).toEqual(means.toSorted((a, b) => b - a));
    expect(means[3]).toBeLessThan(means[0]! - 0.05);
  });

  it('an evaluation of the dials sees the lists that people get', async () => {
    const engine = await engineOf(model);
    Recommender.fromModel(model, engine);
    const { train: trained, test } = { train: trainedItems(model), test: data.test! };
    const excluded = csrFromEntries(2, model.items.rows, [], []);
    const dials = { discover: 0.3, diversity: 0.4 };
    const { items, scores } = reRankedRanker(model, engine, dials).rankUsers(Int32Array.of(7, 2), 6, excluded);
    [7, 2].forEach((user, q) => {
      const list = recommender.recommend(model.userIds.idOf(user), { k: 6, includeSeen: true, ...dials });
      expect(Array.from(items.subarray(q * 6, q * 6 + 6), (i) => model.itemIds.idOf(i))).toEqual(idsOf(list));
      expect([...scores.subarray(q * 6, q * 6 + 6)]).toEqual(list.map((item) => item.score));
    });
    const options = { train: trained, test, protocol: 'clean', diversity: model.items } as const;
    const plain = evaluateSync(modelRanker(model, engine), { ...options, auc: true });
    expect(evaluateSync(reRankedRanker(model, engine, {}), { ...options, auc: true })).toEqual(plain);
    const discovered = evaluateSync(reRankedRanker(model, engine, { discover: 0.3 }), { ...options, auc: true });
    expect(discovered.metrics['popularity@20']).toBeLessThan(plain.metrics['popularity@20']!);
    expect(discovered.metrics.auc).not.toBe(plain.metrics.auc);
    const diverse = evaluateSync(reRankedRanker(model, engine, { diversity: 0.5 }), options);
    expect(diverse.metrics['diversity@20']).toBeGreaterThan(plain.metrics['diversity@20']!);
    expect(() => evaluateSync(reRankedRanker(model, engine, { diversity: 0.5 }), { ...options, auc: true })).toThrow(
      /Option diversity: got 0.5, expected 0 with AUC/,
    );
  });
});
