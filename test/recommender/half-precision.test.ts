import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/open-engine.ts';
import { learnColdItems } from '../../src/model/learn-cold-items.ts';
import type { Model } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { buildIndex } from '../../src/recommender/index-file.ts';
import { withNewItems } from '../../src/recommender/new-items.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { madeUpWorld } from '../support/made-up-world.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';
import { roundedModel } from '../support/rounded-model.ts';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'taurec-half-')), 'model');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

/** Everything that a recommender says about a model. */
function answers(of: Recommender, { userIds, itemIds }: Model, seed: number): unknown[] {
  const [users, items] = [[...userIds], [...itemIds]];
  const item = items[seed % items.length]!;
  const liked = [...new Set([item, items[0]!])];
  const user = users[seed % users.length]!;
  return [
    of.recommend(users, { k: 5 }),
    of.recommend(users, { k: 4, diversity: 0.4, discover: 0.3 }),
    of.recommend(users, { k: 4, allow: liked }),
    of.recommend(users, { k: 3, exclude: [item], explain: 2 }),
    of.similarItems(item),
    of.similarUsers(user),
    of.score(user, items),
    of.foldIn(liked),
    of.recommendFor(liked, { k: 5 }),
    of.explain(user, item),
    of.withPrior(0.25).recommend(users, { k: 5 }),
  ];
}

describe('a model of 16-bit floats', () => {
  it('answers as one whose embeddings have the rounded values, to the bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          users: fc.integer({ min: 1, max: 7 }),
          items: fc.integer({ min: 2, max: 40 }),
          dimension: fc.integer({ min: 1, max: 9 }),
          score: fc.constantFrom('cosine' as const, 'dot' as const),
          biased: fc.boolean(),
          neighbors: fc.boolean(),
          validation: fc.boolean(),
          titles: fc.boolean(),
          seed: fc.nat(),
        }),
        fc.constantFrom('wasm' as const, 'reference' as const),
        fc.constantFrom(1, 2),
        async (shape, engine, threads) => {
          const model = randomModel(shape);
          await saveModel(directory, model, { precision: 'f16' });
          await using half = await Recommender.open(directory, { engine, threads });
          const plan = {
            ...{ users: model.users.rows, items: model.items.rows, dimension: shape.dimension },
            score: shape.score,
          };
          await using wide = Recommender.fromModel(roundedModel(model), await openEngine(plan, { engine, threads }));
          expect(answers(half, model, shape.seed)).toEqual(answers(wide, model, shape.seed));
        },
      ),
      draws(15),
    );
  });

  it('has the items of the catalogue alone, whose embeddings are rounded too', async () => {
    for (const score of ['cosine', 'dot'] as const) {
      const trained = learnColdItems(madeUpWorld({ score, neighbors: false, biased: true, noise: 0, seed: 3 }).model);
      await saveModel(directory, trained, { precision: 'f16' });
      const all = withNewItems(roundedModel(trained));
      expect(all.items.rows).toBeGreaterThan(trained.items.rows);
      const plan = { users: all.users.rows, items: all.items.rows, dimension: all.items.columns, score };
      await using half = await Recommender.open(directory, { threads: 1 });
      await using wide = Recommender.fromModel(roundedModel(all), await openEngine(plan, { threads: 1 }));
      expect(answers(half, all, all.items.rows - 1)).toEqual(answers(wide, all, all.items.rows - 1));
    }
  });

  it('has an approximate index of its own values', async () => {
    await saveModel(directory, randomModel({ users: 5, items: 60, dimension: 8, biased: true }), { precision: 'f16' });
    expect((await buildIndex(directory, { threads: 1 })).built).toBe(true);
    await using found = await Recommender.open(directory, { index: 'approximate', threads: 1 });
    await using exact = await Recommender.open(directory, { threads: 1 });
    const items = (of: Recommender) => of.recommend([...of.userIds], { k: 5 }).map((list) => list.map(({ id }) => id));
    // fewer items than candidates: the lists are those of all items
    expect(items(found)).toEqual(items(exact));
  });
});
