import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { openEngine } from '../../src/engine/open-engine.ts';
import { learnColdItems } from '../../src/model/learn-cold-items.ts';
import { type Model, modelProblem } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { replaceCatalogue } from '../../src/model/replace-catalogue.ts';
import { buildIndex } from '../../src/recommender/index-file.ts';
import { withNewItems } from '../../src/recommender/new-items.ts';
import { QueryScorer } from '../../src/recommender/query-scorer.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { forgetUser } from '../../src/training/update/forget-user.ts';
import { madeUpWorld } from '../support/made-up-world.ts';
import { draws } from '../support/property-seed.ts';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-new-items-'));
  directory = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

const worlds = fc.record({
  score: fc.constantFrom('cosine' as const, 'dot' as const),
  neighbors: fc.boolean(),
  biased: fc.boolean(),
  noise: fc.constantFrom(0, 0.4),
  seed: fc.nat(99),
});
const newIds = Array.from({ length: 20 }, (_, i) => `p${60 + i}`);
const isNew = (id: string) => newIds.includes(id);

async function recommenderOf(model: Model) {
  const plan = { users: model.users.rows, items: model.items.rows, dimension: model.items.columns };
  const engine = await openEngine({ ...plan, score: model.config.score }, { engine: 'reference', threads: 1 });
  return Recommender.fromModel(model, engine);
}

test('ids follow those of another map, in the order of both', () => {
  const texts = fc.uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 12 });
  fc.assert(
    fc.property(texts, fc.nat(12), (ids, cut) => {
      const [first, second] = [ids.slice(0, cut), ids.slice(cut)];
      const both = IdMap.fromIds(first).followedBy(IdMap.fromIds(second));
      expect([...both]).toEqual(ids);
      expect([...both.order]).toEqual([...IdMap.fromIds(ids).order]);
    }),
  );
});

test('items of the catalogue alone are items like others: lists are the best of all, known items score as without them', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.integer({ min: 1, max: 80 }), async (world, k) => {
      const model = learnColdItems(madeUpWorld(world).model);
      const extended = withNewItems(model);
      expect(modelProblem(extended)).toBeUndefined();
      expect(extended.items.rows).toBe(80);
      await using plain = await recommenderOf({ ...model, catalogue: undefined });
      await using recommender = await recommenderOf(extended);
      for (const user of ['u0', 'u7']) {
        const all = recommender.recommend(user, { k: 80 });
        // Warm results are the same to the bit.
        expect(all.filter(({ id }) => !isNew(id)).map(({ id, score }) => [id, score])).toEqual(
          plain.recommend(user, { k: 80 }).map(({ id, score }) => [id, score]),
        );
        expect(all.filter(({ id }) => isNew(id)).map(({ title }) => title)).not.toContain(undefined);
        const scorer = new QueryScorer(
          extended.items,
          { score: extended.config.score, itemBias: extended.itemBias },
          { embedding: row(extended.users, Number(user.slice(1))) },
        );
        for (const { id, score } of all)
          if (isNew(id)) expect(score).toBeCloseTo(scorer.of(extended.itemIds.indexOf(id)), 5);
        const scores = all.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(recommender.recommend(user, { k })).toEqual(all.slice(0, k));
        const where = { shelf: 'shelf 1' };
        const passes = (id: string) => {
          const { catalogue, itemIds } = extended;
          return String(catalogue!.valuesOf(itemIds.indexOf(id)).shelf) === 'shelf 1';
        };
        expect(recommender.recommend(user, { k, where })).toEqual(all.filter(({ id }) => passes(id)).slice(0, k));
        const brands = recommender.recommend(user, { k, atMost: { brand: 1 } });
        expect(brands.length).toBe(Math.min(k, 5));
      }
      const similar = recommender.similarItems('p70', { k: 80 });
      expect(similar).toHaveLength(79);
      const popular = recommender.recommend('nobody', { k: 80, fallback: 'popular' });
      expect(popular.slice(60).map(({ id, score }) => [id, score])).toEqual(newIds.map((id) => [id, 0]));
      const explained = recommender.explain('u0', 'p61');
      const because = explained.because!;
      const sum = because.items.reduce(
        (total, { part }) => total + part,
        because.others + because.embedding + because.bias,
      );
      expect(sum).toBeCloseTo(explained.score!, 5);
      // Someone who likes a new item is folded in by it.
      expect(recommender.recommendFor(['p65'], { k: 3 }).map(({ id }) => id)).not.toContain('p65');
    }),
    draws(12),
  );
});

test('a folder opens with its new items, keeps them when a user is forgotten, and takes those of a new catalogue', async () => {
  const { model, table } = madeUpWorld({ neighbors: true });
  await saveModel(directory, learnColdItems(model));
  const list = async () => {
    await using recommender = await Recommender.open(directory, { threads: 1 });
    return recommender.recommend('u3', { k: 80 });
  };
  const before = await list();
  expect(before.some(({ id }) => isNew(id))).toBe(true);
  await using direct = await recommenderOf(withNewItems(await openModel(directory)));
  expect(direct.recommend('u3', { k: 80 }).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  await forgetUser(directory, 'u9');
  expect(await list()).toHaveLength(before.length);
  const known = before.filter(({ id }) => !isNew(id)).length;
  const ids = [...table.ids].map((id) => (isNew(id) ? `new ${id}` : id));
  await replaceCatalogue(directory, { ...table, ids: IdMap.fromIds(ids) });
  const after = await list();
  expect(after).toHaveLength(known + 20);
  expect(after.filter(({ id }) => id.startsWith('new '))).toHaveLength(20);
  expect((await openModel(directory)).items.rows).toBe(60);
});

test('a catalogue beside a model that has none places new items too; coldItems off does not', async () => {
  const { model, table } = madeUpWorld();
  const bare = { ...model, catalogue: undefined };
  await saveModel(directory, bare);
  const idsOf = async () => {
    await using recommender = await Recommender.open(directory, { threads: 1, catalogue: table });
    return recommender.recommend('u3', { k: 80 }).map(({ id }) => id);
  };
  expect((await idsOf()).filter(isNew)).toHaveLength(20);
  const off = { ...model, config: { ...model.config, training: { ...model.config.training, coldItems: 'off' } } };
  expect(learnColdItems(off)).toEqual(off);
  await saveModel(directory, { ...off, catalogue: undefined });
  expect((await idsOf()).filter(isNew)).toEqual([]);
});

test('an approximate index finds new items: they are candidates of every search', async () => {
  for (const score of ['cosine', 'dot'] as const) {
    await saveModel(directory, learnColdItems(madeUpWorld({ score }).model));
    await buildIndex(directory);
    const lists = (index: 'exact' | 'approximate') =>
      Recommender.open(directory, { threads: 1, index }).then(async (recommender) => {
        const all = ['u0', 'u1', 'u2'].map((user) => recommender.recommend(user, { k: 10 }).map(({ id }) => id));
        await recommender.close();
        return all;
      });
    expect(await lists('approximate')).toEqual(await lists('exact'));
  }
});
