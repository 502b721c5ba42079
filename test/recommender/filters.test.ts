import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { ItemSet } from '../../src/catalogue/item-set.ts';
import { columnOf } from '../../src/data/attribute-columns.ts';
import { openEngine } from '../../src/engine/open-engine.ts';
import { exportRecommendations } from '../../src/lists/export-recommendations.ts';
import type { Model } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { ApproximateIndex, IndexVectors } from '../../src/recommender/approximate-index.ts';
import { buildIndex } from '../../src/recommender/index-file.ts';
import { ItemRanker } from '../../src/recommender/item-ranker.ts';
import type { RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { errorOf, rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { type PlainCatalogue, plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { randomModel } from '../support/random-model.ts';
import { passes, wheres } from '../support/random-where.ts';

type Listed = readonly { readonly id: string; readonly score: number }[];

async function recommenderOf(model: Model, engine: 'reference' | 'wasm' = 'wasm') {
  const plan = {
    users: model.users.rows,
    items: model.items.rows,
    dimension: model.items.columns,
    score: model.config.score,
  };
  return Recommender.fromModel(model, await openEngine(plan, { engine, threads: 1 }));
}

/** Same length and scores; same items, but for those whose scores differ by rounding alone. */
function expectSame(got: Listed, expected: Listed): void {
  expect(got.length).toBe(expected.length);
  got.forEach(({ id, score }, at) => {
    expect(score).toBeCloseTo(expected[at]!.score, 5);
    if (expected.every((other, b) => b === at || Math.abs(other.score - expected[at]!.score) > 1e-5))
      expect(id).toBe(expected[at]!.id);
  });
}

const users = 6;
const items = 40;
const ids = Array.from({ length: items }, (_, i) => `i${i}`);
const catalogues = plainCatalogues(fc.constant([...ids.slice(2), 'other']));
const shapes = fc.record({
  score: fc.constantFrom('cosine' as const, 'dot' as const),
  biased: fc.boolean(),
  neighbors: fc.boolean(),
  seed: fc.integer(),
});
const valuesIn = ({ rows }: PlainCatalogue, id: string) => rows.find((one) => one.id === id) ?? {};

describe.each(['reference', 'wasm'] as const)('a filter is what filtering the full list gives (%s)', (engine) => {
  test('for users, new users, similar items, popular items', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        catalogues,
        wheres,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (shape, plain, where, k, discover) => {
          const model = randomModel({ users, items, density: 0.15, ...shape });
          await using recommender = await recommenderOf(
            { ...model, catalogue: Catalogue.from(tableOf(plain), model.itemIds) },
            engine,
          );
          const filtered = (list: Listed) => list.filter(({ id }) => passes(valuesIn(plain, id), where)).slice(0, k);
          const lists: ((options: RecommendOptions) => Listed)[] = [
            (options) => recommender.recommend('u1', options),
            (options) => recommender.recommend('u2', { ...options, exclude: ['i3', 'i9'] }),
            (options) => recommender.recommend('u2', { ...options, allow: ids.slice(0, 25), includeSeen: true }),
            (options) => recommender.recommendFor(['i4', 'i5'], options),
            (options) => recommender.recommend('nobody', { ...options, fallback: 'popular' }),
            ({ k, where }) => recommender.similarItems('i1', { k, where }),
            ...(shape.neighbors
              ? [({ k, where }: RecommendOptions) => recommender.similarItems('i1', { k, where, by: 'together' })]
              : []),
          ];
          for (const list of lists) expectSame(list({ k, where }), filtered(list({ k: items })));
          // The dial orders lists by other numbers than their scores.
          const dial = (options: RecommendOptions) => recommender.recommend('u3', { ...options, discover });
          expect(dial({ k, where }).map(({ id }) => id)).toEqual(filtered(dial({ k: items })).map(({ id }) => id));
        },
      ),
      draws(engine === 'wasm' ? 150 : 50),
    );
  });
});

test('limits are what taking from the full list gives, item by item', async () => {
  const limits = fc.record(
    {
      brand: fc.integer({ min: 1, max: 3 }),
      category: fc.integer({ min: 1, max: 4 }),
      available: fc.integer({ min: 1, max: 9 }),
      price: fc.constant(2),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      shapes,
      catalogues,
      fc.option(wheres, { nil: undefined }),
      limits,
      fc.integer({ min: 1, max: 50 }),
      async (shape, plain, where, atMost, k) => {
        const model = randomModel({ users, items, density: 0.15, ...shape });
        await using recommender = await recommenderOf({
          ...model,
          catalogue: Catalogue.from(tableOf(plain), model.itemIds),
        });
        const limited = (list: Listed) => {
          const counts = new Map<string, number>();
          const taken: { id: string; score: number }[] = [];
          for (const one of list) {
            const values = valuesIn(plain, one.id) as Record<string, unknown>;
            const keys = Object.keys(atMost).flatMap((name) => {
              const value = values[name];
              return value === undefined ? [] : [value].flat().map((text) => [name, `${name}=${text}`] as const);
            });
            if (
              taken.length === k ||
              keys.some(([name, key]) => (counts.get(key) ?? 0) >= (atMost as Record<string, number>)[name]!)
            )
              continue;
            for (const [, key] of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
            taken.push(one);
          }
          return taken;
        };
        const exactly = (got: Listed, expected: Listed) =>
          expect(got.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        exactly(
          recommender.recommend('u1', { k, where, atMost }),
          limited(recommender.recommend('u1', { k: items, where })),
        );
        exactly(
          recommender.recommendFor(['i4'], { k, where, atMost }),
          limited(recommender.recommendFor(['i4'], { k: items, where })),
        );
        exactly(
          recommender.similarItems('i1', { k, where, atMost }),
          limited(recommender.similarItems('i1', { k: items, where })),
        );
        const popular = { fallback: 'popular' as const, where };
        exactly(
          recommender.recommend('nobody', { ...popular, k, atMost }),
          limited(recommender.recommend('nobody', { ...popular, k: items })),
        );
        // A diverse list keeps the limits too, and is as long as the candidates allow.
        const diverse = recommender.recommend('u1', { k, where, atMost, diversity: 0.5 });
        expect(limited(diverse)).toHaveLength(diverse.length);
        expect(diverse.length).toBe(recommender.recommend('u1', { k, where, atMost }).length);
      },
    ),
    draws(60),
  );
});

test('an explanation agrees with the list about filters and limits', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      catalogues,
      wheres,
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      fc.constantFrom('u1', 'nobody'),
      async (shape, plain, where, k, limit, user) => {
        const model = randomModel({ users, items, density: 0.15, ...shape });
        await using recommender = await recommenderOf({
          ...model,
          catalogue: Catalogue.from(tableOf(plain), model.itemIds),
        });
        const options: RecommendOptions = { k, where, fallback: 'popular', ...(limit && { atMost: { brand: 1 } }) };
        const list = recommender.recommend(user, options).map(({ id }) => id);
        const all = recommender.recommend(user, { ...options, k: items, atMost: undefined }).map(({ id }) => id);
        for (const id of ids) {
          const { place, absent = [], rank, of } = recommender.explain(user, id, options);
          const causes = absent.map(({ cause }) => cause);
          expect(place).toBe(list.includes(id) ? list.indexOf(id) + 1 : undefined);
          expect(of).toBe(all.length);
          expect(causes.includes('filtered')).toBe(!passes(valuesIn(plain, id), where));
          expect(rank).toBe(all.includes(id) ? all.indexOf(id) + 1 : undefined);
          if (list.includes(id) || !all.includes(id)) continue;
          // Without limits the items of lower rank are beyond k; with them a brand may be used up.
          const brand = (valuesIn(plain, id) as { brand?: string }).brand;
          const usedUp =
            limit &&
            brand !== undefined &&
            all.slice(0, all.indexOf(id)).some((other) => {
              return (valuesIn(plain, other) as { brand?: string }).brand === brand;
            });
          expect(causes).toEqual([usedUp ? 'limit' : 'beyond-k']);
        }
      },
    ),
    draws(40),
  );
});

describe('many items', () => {
  const many = 20_000;
  const model = randomModel({ users: 4, items: many, density: 0.001, dimension: 8, seed: 9 });
  // Each item has a number from 0 to 1: u < s lets the share s of the items pass.
  const shares = Float64Array.from({ length: many }, (_, i) => ((i * 7919) % many) / many);
  const catalogue = new Catalogue({
    ...Catalogue.from(tableOf({ types: {}, rows: [] }), model.itemIds),
    ...{
      source: 'shares',
      items: many,
      others: Catalogue.from(tableOf({ types: {}, rows: [] }), model.itemIds).others,
    },
    attributes: new Map([['u', columnOf('number', [...shares])]]),
  });
  const selectivities = [0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 0.9, 1];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taurec-filters-'));
    await saveModel(join(folder, 'model'), { ...model, catalogue });
    await buildIndex(join(folder, 'model'), { threads: 1 });
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['exact', 'approximate'] as const)(
    '%s lists have k items of any selectivity, in the order of the full list',
    async (index) => {
      await using recommender = await Recommender.open(join(folder, 'model'), { index, threads: 1 });
      await using exact = await recommenderOf({ ...model, catalogue });
      for (const user of ['u0', 'u1', 'u2', 'u3']) {
        const all = exact.recommend(user, { k: many });
        for (const share of selectivities) {
          const expected = all.filter(({ id }) => shares[model.itemIds.indexOf(id)]! < share);
          const got = recommender.recommend(user, { k: 20, where: { u: { lt: share } } });
          expect(got.every(({ id }) => shares[model.itemIds.indexOf(id)]! < share)).toBe(true);
          if (index === 'exact') expectSame(got, expected.slice(0, 20));
          expect(got).toHaveLength(Math.min(20, expected.length));
          // What an index misses, others follow in order.
          const places = got.map(({ id }) => expected.findIndex((one) => one.id === id));
          expect(places).toEqual([...places].sort((a, b) => a - b));
        }
      }
    },
  );

  test('a batch export has the lists of recommend', async () => {
    await using recommender = await recommenderOf({ ...model, catalogue });
    const options = { k: 7, where: { u: { gte: 0.4, lt: 0.45 } } };
    const file = join(folder, 'lists.jsonl');
    await exportRecommendations(recommender, file, options);
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([...model.userIds].map((user) => ({ user, items: recommender.recommend(user, options) })));
  });
});

test('an index that misses nothing gives the exact filtered lists, and is asked where enough items pass', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.uniqueArray(fc.nat(items - 1)),
      fc.integer({ min: 1, max: 12 }),
      async ({ neighbors: _, ...shape }, allowed, k) => {
        const model = randomModel({ users, items, ...shape });
        const plan = { users, items, dimension: 3, score: shape.score };
        const engine = await openEngine(plan, { engine: 'reference' });
        Recommender.fromModel(model, engine);
        const { itemBias, popularity } = model;
        const facts = { score: shape.score, itemBias, popularity };
        const vectors = new IndexVectors(model.items, facts).of(0, items);
        const width = vectors.length / items;
        let asked = 0;
        const search = (vector: Float32Array, count: number) => {
          asked++;
          const product = (i: number) => vector.reduce((sum, x, c) => sum + x * vectors[i * width + c]!, 0);
          const order = Array.from({ length: items }, (_, i) => i).sort((a, b) => product(b) - product(a));
          return { keys: BigUint64Array.from(order.slice(0, count), BigInt) };
        };
        const where = ItemSet.of(items, allowed);
        const request = { k, diversity: 0, discover: 0, filter: { excluded: Int32Array.of(1), where } };
        const queries = [1, 2].map((u) => ({ embedding: row(model.users, u), seen: csrRow(model.seen, u) }));
        const got = new ItemRanker(engine, facts, new ApproximateIndex({ search }, facts)).rank(queries, request);
        const expected = new ItemRanker(engine, facts).rank(queries, request);
        got.forEach((list, q) => {
          const named = (ranked: typeof list) => ranked.map(({ item, score }) => ({ id: `${item}`, score }));
          expectSame(named(list), named(expected[q]!));
        });
        // 40 items are fewer than a search asks for.
        expect(asked).toBe(2 * k * items > 1000 * Math.max(1, allowed.length) ? 0 : 2);
        await engine.close();
      },
    ),
    draws(60),
  );
});

test('a model without a catalogue, unknown attributes and bad limits are refused by name', async () => {
  const model = randomModel();
  await using bare = await recommenderOf(model);
  expect(errorOf(() => bare.recommend('u1', { where: { price: 1 } })).code).toBe('no-catalogue');
  expect(errorOf(() => bare.similarItems('i1', { atMost: { brand: 1 } })).code).toBe('no-catalogue');
  const [plain] = fc.sample(catalogues, { numRuns: 1, seed: 1 }) as [PlainCatalogue];
  bare.setCatalogue(tableOf(plain));
  expect(errorOf(() => bare.recommend('u1', { atMost: { colour: 1 } })).message).toMatch(
    /Unknown attribute "colour"; known: price/,
  );
  expect(errorOf(() => bare.recommend('u1', { atMost: { brand: 0 } })).code).toBe('bad-option');
  expect((await rejectionOf(bare.recommendAll({ where: { colour: 1 } }).next())).code).toBe('unknown-name');
});
