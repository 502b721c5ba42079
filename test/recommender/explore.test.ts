import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/engine/open-engine.ts';
import { learnColdItems } from '../../src/model/learn-cold-items.ts';
import { drawSlots, merged } from '../../src/recommender/explored-slots.ts';
import { withNewItems } from '../../src/recommender/new-items.ts';
import type { RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { madeUpWorld } from '../support/made-up-world.ts';
import { draws } from '../support/property-seed.ts';

async function recommenderOf(neighbors: boolean) {
  const model = withNewItems(learnColdItems(madeUpWorld({ noise: 0.4, neighbors }).model));
  const plan = { users: model.users.rows, items: model.items.rows, dimension: model.items.columns };
  const engine = await openEngine({ ...plan, score: model.config.score }, { engine: 'reference', threads: 1 });
  return { model, recommender: Recommender.fromModel(model, engine) };
}

const shares = fc.constantFrom(0.1, 0.25, 0.5, 1);

test('the places are k · explore on average, distinct, equally often each, and the same for the same seed and person', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), shares, fc.nat(1e6), fc.string(), (k, explore, seed, person) => {
      const { places } = drawSlots(k, explore, seed, person);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      expect(Math.abs(places.length - k * explore)).toBeLessThan(1);
      for (const place of places) expect(place).toBeGreaterThanOrEqual(0);
      expect(Math.max(-1, ...places)).toBeLessThan(k);
      expect(drawSlots(k, explore, seed, person)).toEqual({ places });
    }),
  );
  const counts = new Array(10).fill(0);
  const people = 4000;
  for (let p = 0; p < people; p++) for (const place of drawSlots(10, 0.25, 3, `u${p}`).places) counts[place]++;
  // 2.5 of 10 places each: 1000 ± 5 standard deviations.
  for (const count of counts) expect(Math.abs(count - 0.25 * people)).toBeLessThan(5 * Math.sqrt(people * 0.25 * 0.75));
});

test('new items take their places in order, all others keep theirs', () => {
  const list = (items: number[]) => items.map((item) => ({ item, score: -item }));
  expect(merged({ places: [1, 3] }, list([7, 8]), list([1, 2, 3, 4]), 4)).toEqual(list([1, 7, 2, 8]));
  expect(merged({ places: [1, 3] }, list([7]), list([1, 2, 3, 4]), 4)).toEqual(list([1, 7, 2, 3]));
  expect(merged({ places: [0, 5] }, list([7, 8]), list([1]), 6)).toEqual(list([7, 1, 8]));
});

test.each([true, false])(
  'a list holds the best new items and the best others; filters and limits hold (neighbours: %s)',
  async (neighbors) => {
    const { model, recommender: opened } = await recommenderOf(neighbors);
    await using recommender = opened;
    const isNew = (id: string) => model.popularity[model.itemIds.indexOf(id)]! < 10;
    const attributeOf = (id: string, name: string) =>
      String(model.catalogue!.valuesOf(model.itemIds.indexOf(id))[name]);
    const options = fc.record({
      k: fc.integer({ min: 1, max: 90 }),
      explore: shares,
      seed: fc.nat(1000),
      where: fc.constantFrom(undefined, { shelf: { any: ['shelf 1', 'shelf 2'] } }, { shelf: 'no such shelf' }),
      atMost: fc.constantFrom(undefined, { brand: 3 }),
      discover: fc.constantFrom(0, 0.4),
      exclude: fc.constantFrom(undefined, ['p61', 'p3']),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.constantFrom('u1', 'u2', 'nobody'), async (given, user) => {
        const asked: RecommendOptions = { ...given, fallback: 'popular' };
        const list = recommender.recommend(user, asked);
        const ids = list.map(({ id }) => id);
        expect(recommender.recommend(user, asked)).toEqual(list);
        expect(new Set(ids).size).toBe(ids.length);
        const { explore: _, atMost, ...rest } = asked;
        const all = recommender.recommend(user, { ...rest, k: 100 }).map(({ id }) => id);
        // What the limits take of a list that begins with what is there.
        const taking = (of: readonly string[], from: readonly string[]) => {
          const counts = new Map<string, number>();
          const fits = (id: string) => (counts.get(attributeOf(id, 'brand')) ?? 0) < (atMost?.brand ?? Infinity);
          const take = (id: string) =>
            counts.set(attributeOf(id, 'brand'), (counts.get(attributeOf(id, 'brand')) ?? 0) + 1);
          from.forEach(take);
          return of.filter((id) => !from.includes(id) && fits(id) && take(id));
        };
        const { places } = drawSlots(given.k, given.explore, given.seed, user);
        const chosen = taking(all.filter(isNew), []).slice(0, places.length);
        const others = taking(all, chosen);
        expect(ids.filter((id) => chosen.includes(id))).toEqual(chosen);
        expect(ids.filter((id) => !chosen.includes(id))).toEqual(others.slice(0, Math.max(0, given.k - chosen.length)));
        chosen.forEach((id, n) => {
          const place = ids.indexOf(id);
          if (place !== places[n]) expect(ids.slice(place).every((later) => chosen.includes(later))).toBe(true);
        });
        // Explanations agree with the list.
        for (const id of all.slice(0, 3)) {
          const { place, absent } = recommender.explain(user, id, asked);
          expect(place ?? 0).toBe(1 + ids.indexOf(id));
          expect(absent === undefined).toBe(ids.includes(id));
          if (!atMost && absent && recommender.recommend(user, rest).some((one) => one.id === id))
            expect(absent).toEqual([{ cause: 'explore' }]);
        }
      }),
      draws(25),
    );
  },
);
