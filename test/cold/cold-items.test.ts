import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matrix, row } from '../../src/array/matrix.ts';
import { type ColdItems, fitColdItems, ownPart, predictItems, shrunkItems } from '../../src/cold/cold-items.ts';
import { type Model, trainedItems } from '../../src/model/model.ts';
import { madeUpWorld } from '../support/made-up-world.ts';

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, c) => sum + value * y[c]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
const sourceOf = (model: Model, popularity = model.popularity) => ({
  ...{ users: model.users, items: model.items, itemBias: model.itemBias, neighbors: model.neighbors, seen: model.seen },
  ...{ score: model.config.score, catalogue: model.catalogue!, popularity, trained: trainedItems(model) },
});

test.each(['cosine', 'dot'] as const)('finds unknown items by their attributes: %s', (score) => {
  const { model, truth } = madeUpWorld({ score, biased: true });
  const cold = fitColdItems(sourceOf(model))!;
  expect(cold.explained).toBeGreaterThan(0.8);
  const { items, bias } = predictItems(cold, 8, model.catalogue!, 60, 80);
  const cosines = Array.from({ length: 20 }, (_, i) => cosine(row(items, i), row(truth, 60 + i)));
  expect(cosines.reduce((a, b) => a + b) / 20).toBeGreaterThan(0.9);
  for (let i = 0; i < 20; i++) {
    // A tenth of the number of the shelf, which is in the whole part of the price.
    const price = model.catalogue!.attributes.get('price')!.values[60 + i]!;
    const certainty = Math.min(1, Math.hypot(...row(items, i)));
    const predicted = bias[i]! + (score === 'cosine' ? (1 - certainty) * cold.level : 0) - cold.offset;
    expect(Math.abs(predicted - Math.floor(price) / 10)).toBeLessThan(0.15);
  }
});

test('says nothing where attributes tell nothing, and where nobody has an item', () => {
  expect(fitColdItems(sourceOf(madeUpWorld({ noise: 1 }).model))).toBeUndefined();
  const { model } = madeUpWorld();
  expect(fitColdItems(sourceOf(model, new Int32Array(60)))).toBeUndefined();
});

test('the own part of an embedding rises from 0 to 1 with the number of users', () => {
  fc.assert(
    fc.property(fc.nat(1e6), (n) => {
      expect(ownPart(n)).toBeGreaterThanOrEqual(0);
      expect(ownPart(n + 1)).toBeGreaterThan(ownPart(n));
      expect(ownPart(n)).toBeLessThanOrEqual(1);
    }),
  );
  expect(ownPart(0)).toBe(0);
  expect(ownPart(10)).toBe(0.5);
  expect(1 - ownPart(10_000)).toBeLessThan(2e-6);
});

test.each(['cosine', 'dot'] as const)(
  'an item that nobody has gets the prediction, one that many have keeps its own, others lie between: %s',
  (score) => {
    const { model } = madeUpWorld({ score, noise: 0.5 });
    const cold = fitColdItems(sourceOf(model))!;
    const predicted = predictItems(cold, 8, model.catalogue!, 0, 60).items;
    const shrunkWith = (n: number) => shrunkItems(cold, sourceOf(model, new Int32Array(60).fill(n)));
    const [none, ten, many] = [shrunkWith(0), shrunkWith(10), shrunkWith(1e6)];
    for (let i = 0; i < 60; i++) {
      const own = row(model.items, i);
      expect(cosine(row(none, i), row(predicted, i))).toBeCloseTo(1, 5);
      for (let c = 0; c < 8; c++) {
        expect(row(many, i)[c]).toBeCloseTo(own[c]!, 5);
        expect(row(ten, i)[c]).toBeCloseTo((row(none, i)[c]! + row(many, i)[c]!) / 2, 5);
      }
    }
  },
);

test('an item without attributes keeps its embedding', () => {
  const { model } = madeUpWorld();
  const cold = fitColdItems(sourceOf(model))!;
  const bare: ColdItems = { ...cold, quantiles: new Map() };
  const catalogue = model.catalogue!;
  const empty = Object.create(catalogue, { attributes: { value: new Map() }, titles: { value: undefined } });
  const shrunk = shrunkItems(bare, { ...sourceOf(model, new Int32Array(60)), catalogue: empty });
  expect(shrunk).toEqual(matrix(60, 8, shrunk.data));
  expect([...shrunk.data]).toEqual([...model.items.data]);
});

test('the same model gives the same numbers', () => {
  const { model } = madeUpWorld({ neighbors: true, noise: 0.3 });
  expect(fitColdItems(sourceOf(model))).toEqual(fitColdItems(sourceOf(model)));
});
