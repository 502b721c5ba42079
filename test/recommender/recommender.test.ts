import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrHas, csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { SoftmaxLoss } from '../../src/loss/sl.ts';
import type { Model } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import type { RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

async function recommenderOf(model: Model) {
  const { users, items, config } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  return Recommender.fromModel(model, await openReferenceEngine(plan));
}

async function collect<T>(blocks: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const block of blocks) all.push(...block);
  return all;
}

/** Scores by the definition, as 32-bit floats like an engine's. */
function scoreByDefinition(model: Model, a: Float32Array, b: Float32Array, score = model.config.score) {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, c) => sum + value * y[c]!, 0);
  return Math.fround(score === 'dot' ? dot(a, b) : dot(a, b) / Math.sqrt(dot(a, a)) / Math.sqrt(dot(b, b)));
}

/** All items, filtered by plain set logic, sorted by score and then index. */
function bruteForce(model: Model, user: number, options: RecommendOptions & { known?: boolean } = {}) {
  const { k = 10, exclude = [], allow, includeSeen } = options;
  const out = new Set(Array.from(exclude, String));
  const allowed = allow && new Set(Array.from(allow, String));
  return Array.from(model.itemIds, (id, item) => ({
    id,
    item,
    score: scoreByDefinition(model, row(model.users, user), row(model.items, item)) + (model.itemBias?.[item] ?? 0),
  }))
    .filter(
      ({ id, item }) =>
        (includeSeen || !csrHas(model.seen, user, item)) && !out.has(id) && (!allowed || allowed.has(id)),
    )
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, k);
}

/** Same items and scores within rounding; items whose scores differ by rounding alone may have changed places. */
function expectList(got: readonly { id: string; score: number }[], expected: readonly { id: string; score: number }[]) {
  expect(got.length).toBe(expected.length);
  got.forEach((g, i) => {
    expect(g.score).toBeCloseTo(expected[i]!.score, 5);
  });
  const clear = (i: number) =>
    Math.abs((expected[i - 1]?.score ?? Number.POSITIVE_INFINITY) - expected[i]!.score) > 1e-5 &&
    Math.abs((expected[i + 1]?.score ?? Number.NEGATIVE_INFINITY) - expected[i]!.score) > 1e-5;
  expected.forEach((e, i) => {
    if (clear(i) && i + 1 < expected.length) expect(got[i]!.id).toBe(e.id);
  });
}

const score = fc.constantFrom('cosine' as const, 'dot' as const);
const someItems = fc.array(
  fc.integer({ min: 0, max: 25 }).map((i) => `i${i}`),
  { maxLength: 20 },
);

describe('Recommender', () => {
  it('recommends what a brute-force ranking does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          score,
          seed: fc.integer(),
          items: fc.integer({ min: 1, max: 24 }),
          density: fc.double({ min: 0, max: 1, noNaN: true }),
          biased: fc.boolean(),
        }),
        fc.record(
          { k: fc.integer({ min: 1, max: 30 }), exclude: someItems, allow: someItems, includeSeen: fc.boolean() },
          { requiredKeys: [] },
        ),
        async (shape, options) => {
          const model = randomModel(shape);
          const recommender = await recommenderOf(model);
          const lists = recommender.recommend([...model.userIds], options);
          lists.forEach((list, user) => {
            expectList(list, bruteForce(model, user, options));
            expect(recommender.recommend(`u${user}`, options)).toEqual(list);
          });
        },
      ),
    );
  });

  it('ties go to the item that comes first, in a short allow-list as in the whole catalogue', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 24 }), fc.boolean(), async (seed, k, biased) => {
        // Elements are 1 or 2: inner products are small whole numbers, exact in any arithmetic.
        const model = randomModel({ score: 'dot', levels: 2, items: 24, seed, biased });
        const recommender = await recommenderOf(model);
        const ids = (list: readonly { id: string }[]) => list.map((entry) => entry.id);
        expect(ids(recommender.recommend('u0', { k }))).toEqual(ids(bruteForce(model, 0, { k })));
        const allow = ['i3', 'i20', 'i7', 'i1'];
        expect(ids(recommender.recommend('u0', { k, allow }))).toEqual(ids(bruteForce(model, 0, { k, allow })));
      }),
    );
  });

  it('gives exactly k items where that many remain, and all that remain where not', async () => {
    const model = randomModel({ items: 40, density: 0.5 });
    const recommender = await recommenderOf(model);
    for (let user = 0; user < 4; user++) {
      const remain = 40 - csrRow(model.seen, user).length;
      for (const k of [1, remain - 1, remain, remain + 1, 1000]) {
        expect(recommender.recommend(`u${user}`, { k })).toHaveLength(Math.min(k, remain));
      }
      expect(recommender.recommend(`u${user}`, { k: 1000, includeSeen: true })).toHaveLength(40);
    }
  });

  it('users who have seen everything, or may get nothing, get an empty list', async () => {
    const recommender = await recommenderOf(randomModel({ density: 1 }));
    expect(recommender.recommend('u0')).toEqual([]);
    expect(recommender.recommend('u0', { allow: [], includeSeen: true })).toEqual([]);
  });

  it('gives titles where there are any', async () => {
    const recommender = await recommenderOf(randomModel({ items: 4, titles: true, density: 0 }));
    const titles = Object.fromEntries(recommender.recommend('u0').map((item) => [item.id, item.title]));
    expect(titles).toEqual({ i0: 'The “i0”', i1: undefined, i2: 'The “i2”', i3: undefined });
  });

  it('takes numbers for ids', async () => {
    const recommender = await recommenderOf(
      randomModel({ userIds: ['10', '20'], itemIds: ['1', '2', '3'], density: 0 }),
    );
    expect(
      recommender
        .recommend(20, { exclude: [2] })
        .map((item) => item.id)
        .sort(),
    ).toEqual(['1', '3']);
  });

  it('names an unknown id', async () => {
    const recommender = await recommenderOf(randomModel());
    expect(() => recommender.recommend('nobody')).toThrow(/Unknown user "nobody": it is not among the 4 users/);
    expect(() => recommender.recommend(['u0', 'nobody'])).toThrow(/"nobody"/);
    expect(() => recommender.similarUsers('nobody')).toThrow(/Unknown user "nobody"/);
    expect(() => recommender.similarItems('nothing')).toThrow(/Unknown item "nothing": it is not among the 9 items/);
    expect(() => recommender.score('u0', ['i0', 'nothing'])).toThrow(/Unknown item "nothing"/);
    expect(() => recommender.foldIn(['nothing'])).toThrow(/Unknown item "nothing"/);
    expect(() => recommender.recommend('u0', { k: 0 })).toThrow(
      /Option k: got 0, expected a whole number of at least 1/,
    );
    expect(() => recommender.recommend('u0', { k: 1.5 })).toThrow(/got 1.5/);
  });

  it('falls back to the popular items on request', async () => {
    const model = randomModel({ users: 30 });
    const recommender = await recommenderOf(model);
    const popular = Array.from(model.itemIds, (id, item) => ({ id, score: model.popularity[item]! })).sort(
      (a, b) => b.score - a.score || model.itemIds.indexOf(a.id) - model.itemIds.indexOf(b.id),
    );
    const options = { k: 3, fallback: 'popular' } as const;
    expect(recommender.recommend('nobody', options)).toEqual(popular.slice(0, 3));
    const [first, second, third] = recommender.recommend(['u1', 'nobody', 'u2'], options);
    expect(first).toEqual(recommender.recommend('u1', { k: 3 }));
    expect(second).toEqual(popular.slice(0, 3));
    expect(third).toEqual(recommender.recommend('u2', { k: 3 }));
    const exclude = [popular[0]!.id];
    const allow = popular.slice(0, 3).map((item) => item.id);
    expect(recommender.recommend('nobody', { ...options, exclude, allow })).toEqual(popular.slice(1, 3));
    expect(recommender.recommendFor([], options)).toEqual(popular.slice(0, 3));
  });

  it('neighbours are those of the largest cosine, itself left out', async () => {
    await fc.assert(
      fc.asyncProperty(score, fc.integer(), fc.integer({ min: 1, max: 12 }), async (kind, seed, k) => {
        const model = randomModel({ score: kind, seed, users: 10, items: 10 });
        const recommender = await recommenderOf(model);
        for (const [table, ids, similar] of [
          [model.items, model.itemIds, recommender.similarItems('i4', { k })],
          [model.users, model.userIds, recommender.similarUsers('u4', { k })],
        ] as const) {
          const expected = Array.from(ids, (id, r) => ({
            id,
            score: scoreByDefinition(model, row(table, 4), row(table, r), 'cosine'),
          }))
            .filter((_, r) => r !== 4)
            .sort((a, b) => b.score - a.score)
            .slice(0, k);
          expectList(similar, expected);
        }
      }),
      draws(30),
    );
  });

  it('score is the model’s score', async () => {
    const model = randomModel({ score: 'dot' });
    const expected = [2, 0].map((item) => scoreByDefinition(model, row(model.users, 1), row(model.items, item)));
    expect((await recommenderOf(model)).score('u1', ['i2', 'i0'])).toEqual(expected);
  });

  it('item biases are part of scores and lists, not of fold-in and neighbours', async () => {
    const model = randomModel({ items: 30, biased: true });
    const { itemBias, ...plain } = model;
    const [recommender, unbiased] = [await recommenderOf(model), await recommenderOf(plain)];
    const [withBias] = recommender.score('u1', ['i2']);
    expect(withBias).toBeCloseTo(unbiased.score('u1', ['i2'])[0]! + itemBias![2]!, 6);
    const liked = ['i4', 'i9'];
    const embedding = recommender.foldIn(liked);
    expect(embedding).toEqual(unbiased.foldIn(liked));
    expect(recommender.similarItems('i4')).toEqual(unbiased.similarItems('i4'));
    expect(recommender.similarUsers('u1')).toEqual(unbiased.similarUsers('u1'));
    const expected = Array.from(model.itemIds, (id, item) => ({
      id,
      score: scoreByDefinition(model, embedding, row(model.items, item)) + itemBias![item]!,
    }))
      .filter(({ id }) => !liked.includes(id))
      .sort((a, b) => b.score - a.score);
    expectList(recommender.recommendFor(liked, { k: 100 }), expected);
    const allow = ['i3', 'i5', 'i20'];
    expectList(
      recommender.recommendFor(liked, { allow }),
      expected.filter(({ id }) => allow.includes(id)),
    );
  });

  it('recommendAll gives every user what recommend gives, in order', async () => {
    const model = randomModel({ users: 1500, items: 12 });
    const recommender = await recommenderOf(model);
    const all = await collect(recommender.recommendAll({ k: 2 }));
    expect(all.map((entry) => entry.user)).toEqual([...model.userIds]);
    expect(all.map((entry) => entry.items)).toEqual(recommender.recommend([...model.userIds], { k: 2 }));
    const some = await collect(recommender.recommendAll({ k: 2, users: ['u7', 'u3'] }));
    expect(some).toEqual([all[7], all[3]]);
  });

  it('recommendAll gives listed people whom the model does not know their fallback', async () => {
    const recommender = await recommenderOf(randomModel({ users: 20, items: 12 }));
    const feedback = [{ user: 'anna', item: 'i3' }];
    const options = { k: 4, fallback: 'popular', feedback } as const;
    const users = ['u7', 'nobody', 'anna', 42];
    const lists = await collect(recommender.recommendAll({ ...options, users }));
    expect(lists.map(({ user }) => user)).toEqual(users.map(String));
    expect(lists.map(({ items }) => items)).toEqual(recommender.recommend(users, options));
    await expect(collect(recommender.recommendAll({ users }))).rejects.toMatchObject({ code: 'unknown-id' });
  });

  it('recommendFor leaves out what the person likes, unless told otherwise', async () => {
    const recommender = await recommenderOf(randomModel({ items: 30 }));
    const liked = ['i4', 'i9', 'i4'];
    const ids = (list: readonly { id: string }[]) => list.map((entry) => entry.id);
    expect(ids(recommender.recommendFor(liked, { k: 100 })).sort()).toEqual(
      Array.from({ length: 30 }, (_, i) => `i${i}`)
        .filter((id) => !liked.includes(id))
        .sort(),
    );
    expect(ids(recommender.recommendFor(liked, { k: 100, includeSeen: true }))).toHaveLength(30);
    expect(recommender.recommendFor(['nothing', 'i4'], { unknown: 'skip' })).toEqual(recommender.recommendFor(['i4']));
    expect(() => recommender.recommendFor(['nothing'], { unknown: 'skip' })).toThrow(
      /got "no known item", expected at least one/,
    );
    expect(() => recommender.recommendFor(['i4'], { weights: [0] })).toThrow(/weights\[0\]: got 0/);
    expect(() => recommender.recommendFor(['i4'], { weights: [1, 2] })).toThrow(/got "2 weights", expected 1/);
  });

  it('folds in under a loss that is not built in only when it is given', async () => {
    const model = randomModel();
    const engine = await openReferenceEngine({ users: 4, items: 9, dimension: 3, score: 'cosine' });
    const custom = { ...model, config: { ...model.config, loss: { module: './my-loss.ts' } } };
    expect(() => Recommender.fromModel(custom, engine).foldIn(['i1'])).toThrow(
      /trained with the loss module .\/my-loss.ts.*Recommender.open\(directory, \{ loss \}\)/,
    );
    expect(Recommender.fromModel(custom, engine, new SoftmaxLoss()).foldIn(['i1'])).toHaveLength(3);
  });

  it.each(['reference', 'wasm'] as const)('a saved model recommends the same: %s', async (engine) => {
    const folder = await mkdtemp(join(tmpdir(), 'taurec-recommender-'));
    const model = randomModel({ users: 40, items: 200, dimension: 17, biased: true });
    await saveModel(join(folder, 'model'), model);
    const opened = await Recommender.open(join(folder, 'model'), { engine });
    try {
      expect(opened.engine.name).toBe(engine);
      const before = (await recommenderOf(model)).recommend([...model.userIds]);
      opened.recommend([...model.userIds]).forEach((list, user) => {
        expectList(list, before[user]!);
      });
    } finally {
      await opened.close();
      await rm(folder, { recursive: true });
    }
  });
});
