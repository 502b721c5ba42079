import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemPopularity } from '../../src/evaluation/metrics.ts';
import { learnColdItems } from '../../src/model/learn-cold-items.ts';
import { createModel, trainedItems } from '../../src/model/model.ts';
import { withNewItems } from '../../src/recommender/new-items.ts';
import { popularityBias } from '../../src/recommender/popularity-prior.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { errorOf } from '../support/error-of.ts';
import { madeUpWorld } from '../support/made-up-world.ts';
import { randomModel } from '../support/random-model.ts';

test('another prior gives the lists and reasons of the model with these biases', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1000 }),
      fc.boolean(),
      fc.array(fc.constantFrom(-0.5, -0.05, 0, 0.05, 2), { minLength: 1, maxLength: 4 }),
      async (seed, validation, priors) => {
        const model = randomModel({ users: 6, items: 20, dimension: 4, seed, validation, neighbors: true });
        const engine = await openRankingEngine(model, { engine: 'reference' });
        const one = Recommender.fromModel(model, engine);
        const plain = one.recommend('u1', { k: 20 });
        for (const c of priors) {
          const itemBias = c === 0 ? undefined : popularityBias(trainedItems(model), c);
          const other = await openRankingEngine(model, { engine: 'reference' });
          const made = Recommender.fromModel(createModel({ ...model, itemBias }), other);
          const under = one.withPrior(c);
          const answers = (asked: Recommender) =>
            // As JSON, in which −0 is 0.
            JSON.stringify([
              asked.recommend('u1', { k: 20, explain: 3 }),
              asked.recommendFor(['i1', 'i3'], { k: 20 }),
              asked.explainFor(['i1', 'i3'], 'i2'),
            ]);
          expect(answers(under)).toBe(answers(made));
          expect(one.withPrior(c)).toBe(under);
          await made.close();
        }
        expect(one.recommend('u1', { k: 20 })).toEqual(plain);
        const last = one.withPrior(priors.at(-1)!);
        await one.close();
        expect(errorOf(() => last.recommend('u1'))).toMatchObject({ code: 'recommender-closed' });
      },
    ),
    { numRuns: 15 },
  );
});

test('edits of the catalogue count under another prior too, and c is a number', async () => {
  const model = randomModel({ users: 4, items: 9, titles: true });
  const engine = await openRankingEngine(model, { engine: 'reference' });
  await using one = Recommender.fromModel(model, engine);
  const under = one.withPrior(0.3);
  const [first] = under.recommend('u0', { k: 1 });
  one.editItems([{ item: first!.id, deleted: true }] as never);
  expect(under.recommend('u0', { k: 9 }).map(({ id }) => id)).not.toContain(first!.id);
  for (const c of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(errorOf(() => one.withPrior(c))).toMatchObject({ code: 'bad-option' });
});

test('another prior adds its difference to what a model has: biases of its own, and of items of the catalogue alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(-0.05, 0, 0.1),
      fc.constantFrom(-0.2, 0, 0.3),
      fc.nat(99),
      async (biased, own, c, seed) => {
        const learned = learnColdItems(
          madeUpWorld({ score: 'cosine', neighbors: true, biased, noise: 0.2, seed }).model,
        );
        const training = { ...learned.config.training, popularityPrior: own };
        const model = withNewItems({ ...learned, config: { ...learned.config, training } });
        const counts = itemPopularity(trainedItems(model));
        const engine = await openRankingEngine(model, { engine: 'reference' });
        await using one = Recommender.fromModel(model, engine);
        const user = model.userIds.idOf(0);
        const all = (asked: Recommender) => asked.recommend(user, { k: model.items.rows });
        expect(all(one.withPrior(own))).toEqual(all(one));
        expect(all(one.withPrior(-0.3).withPrior(c))).toEqual(all(one.withPrior(c)));
        const before = new Map(all(one).map(({ id, score }) => [id, score]));
        const after = all(one.withPrior(c));
        expect(after.length).toBe(before.size);
        for (const { id, score } of after) {
          const item = model.itemIds.indexOf(id);
          const n = counts[item]!;
          // What attributes tell of a new item's popularity is in proportion to c.
          const told = own === 0 ? 0 : (c / own - 1) * model.predictedPrior![item]!;
          const added = n > 0 ? (c - own) * Math.log1p(n) : told;
          expect(score - before.get(id)!).toBeCloseTo(added, 4);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('closing a recommender or one of its priors closes all of them', async () => {
  const model = randomModel({ users: 4, items: 9 });
  for (const close of ['own', 'other'] as const) {
    const one = Recommender.fromModel(model, await openRankingEngine(model, { engine: 'reference' }));
    const family = [one, one.withPrior(0.1), one.withPrior(0.2)];
    await family[close === 'own' ? 0 : 1]!.close();
    for (const each of family)
      expect(errorOf(() => each.recommend('u1'))).toMatchObject({ code: 'recommender-closed' });
  }
});
