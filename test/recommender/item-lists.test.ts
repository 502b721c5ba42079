import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { type AttributeType, columnOf } from '../../src/data/attribute-columns.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { openEngine } from '../../src/engine/open-engine.ts';
import { Trends } from '../../src/feedback/trends.ts';
import type { Model } from '../../src/model/model.ts';
import type { ItemListOptions } from '../../src/recommender/item-lists.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { errorOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { type PlainCatalogue, plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { randomModel } from '../support/random-model.ts';
import { passes, wheres } from '../support/random-where.ts';

const NOW = 1.2e9;
const items = 40;
const ids = Array.from({ length: items }, (_, i) => `i${i}`);
// Two items of the model have no row, and one row is of no item of the model.
const catalogues = plainCatalogues(fc.constant([...ids.slice(2), 'other']));

interface Listed {
  readonly id: string;
  readonly score: number;
}

async function recommenderOf(model: Model) {
  const plan = {
    users: model.users.rows,
    items: model.items.rows,
    dimension: model.items.columns,
    score: model.config.score,
  };
  return Recommender.fromModel(model, await openEngine(plan, { engine: 'reference' }));
}

/** The full lists by their definitions, best first, ties to the item that comes first. */
function fullLists(model: Model, { rows }: PlainCatalogue, acts: readonly { item: string; score: number }[]) {
  const at = (id: string) => ids.indexOf(id);
  const sorted = (list: Listed[]) => list.sort((a, b) => b.score - a.score || at(a.id) - at(b.id));
  return {
    popular: sorted(ids.map((id, item) => ({ id, score: model.popularity[item]! }))),
    latest: sorted(
      rows.flatMap(({ id, released }) =>
        at(id) >= 0 && released !== undefined && (released as number) <= NOW ? [{ id, score: released as number }] : [],
      ),
    ),
    trending: acts.filter(({ item }) => at(item) >= 0).map(({ item, score }) => ({ id: item, score })),
  };
}

test('popular, latest and trending items are what filtering and limiting their full lists gives, from all items to none', async () => {
  const limits = fc.option(
    fc.record(
      { brand: fc.integer({ min: 1, max: 3 }), category: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  );
  const events = fc.array(
    fc.record({
      user: fc.constantFrom('a', 'b', 'c', 'd'),
      item: fc.constantFrom(...ids.slice(0, 30), 'other', 'nowhere'),
      time: fc.integer({ min: NOW - 800_000, max: NOW }),
    }),
    { maxLength: 120 },
  );
  const excluded = fc.option(fc.subarray([...ids, 'nowhere']), { nil: undefined });
  const filters = fc.option(wheres, { nil: undefined });
  const passed = { all: 0, some: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(
      catalogues,
      filters,
      limits,
      excluded,
      events,
      fc.integer({ min: 1, max: 50 }),
      async (plainItems, where, atMost, exclude, acts, k) => {
        const model = randomModel({ users: 12, items, density: 0.15, seed: k });
        const catalogue = Catalogue.from(tableOf(plainItems), model.itemIds);
        await using recommender = await recommenderOf({ ...model, catalogue, titles: catalogue.itemTitles });
        const trends = new Trends();
        trends.add(acts, NOW);
        const full = fullLists(model, plainItems, trends.ranked({ now: NOW }));
        const valuesIn = (id: string) => plainItems.rows.find((one) => one.id === id) ?? {};
        const allowed = (list: readonly Listed[]) => {
          const counts = new Map<string, number>();
          const kept = list.filter(({ id }) => !exclude?.includes(id) && (!where || passes(valuesIn(id), where)));
          passed[kept.length === list.length ? 'all' : kept.length > 0 ? 'some' : 'none']++;
          return kept
            .filter(({ id }) => {
              const values = valuesIn(id) as Record<string, unknown>;
              const keys = Object.keys(atMost ?? {}).flatMap((name) =>
                values[name] === undefined
                  ? []
                  : [values[name]].flat().map((text) => [name, `${name}=${text}`] as const),
              );
              const used = ([name, key]: readonly [string, string]) =>
                (counts.get(key) ?? 0) >= (atMost as Record<string, number>)[name]!;
              if (keys.some(used)) return false;
              for (const [, key] of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
              return true;
            })
            .slice(0, k);
        };
        const options: ItemListOptions = { k, where, atMost, exclude };
        const bare = (list: readonly Listed[]) => list.map(({ id, score }) => ({ id, score }));
        expect(bare(recommender.popular(options))).toEqual(allowed(full.popular));
        expect(bare(recommender.latest({ ...options, now: NOW }))).toEqual(allowed(full.latest));
        expect(bare(recommender.trending(trends, { ...options, now: NOW }))).toEqual(allowed(full.trending));
        const { title } = valuesIn('i5') as { title?: string };
        const titled = recommender.popular({ k: items }).find(({ id }) => id === 'i5')!;
        expect(titled.title ?? '').toBe(title ?? '');
      },
    ),
    draws(150),
  );
  for (const count of Object.values(passed)) expect(count).toBeGreaterThan(5);
});

describe('the newest items', () => {
  const withTimes = async (types: Readonly<Record<string, AttributeType>>) => {
    const model = randomModel({ users: 4, items: 3 });
    const attributes = new Map(
      Object.entries(types).map(([name, type], n) => {
        const values = type === 'time' ? [100 + n, undefined, 300 - n] : ['a', 'b', undefined];
        return [name, columnOf(type, values)] as const;
      }),
    );
    const table = { source: 'made up', ids: IdMap.fromIds(['i0', 'i1', 'i2']), attributes, leftOut: [] };
    return recommenderOf({ ...model, catalogue: Catalogue.from(table, model.itemIds) });
  };

  test.each<[Record<string, AttributeType>, string]>([
    [{ brand: 'text', seen_on: 'time' }, 'seen_on'],
    [{ ends: 'time', Release_Date: 'time' }, 'Release_Date'],
    [{ createdAt: 'time', added: 'time' }, 'added'],
  ])('go by the only time, or by one with a usual name: %j', async (types, name) => {
    await using recommender = await withTimes(types);
    const latest = recommender.latest();
    expect(latest).toEqual(recommender.latest({ time: name }));
    expect(latest.map(({ id }) => id)).toEqual(['i2', 'i0']);
    expect(latest[0]!.score).toBe(300 - Object.keys(types).indexOf(name));
    expect(recommender.latest({ now: 200 }).map(({ id }) => id)).toEqual(['i0']);
  });

  test('need a time: errors name the attributes that there are', async () => {
    await using several = await withTimes({ brand: 'text', starts: 'time', ends: 'time' });
    expect(errorOf(() => several.latest()).message).toBe(
      'Option time: got "nothing", expected an attribute of the type time: starts, ends.',
    );
    expect(errorOf(() => several.latest({ time: 'brand' })).message).toMatch(
      /got "brand, a text", expected .* ends\.$/,
    );
    expect(errorOf(() => several.latest({ time: 'begins' })).code).toBe('unknown-name');
    await using none = await withTimes({ brand: 'text' });
    expect(errorOf(() => none.latest()).message).toMatch(/which the catalogue has not\.$/);
    await using bare = await recommenderOf(randomModel({ users: 4, items: 3 }));
    expect(errorOf(() => bare.latest()).code).toBe('no-catalogue');
  });

  test('follow edits of items: new times, and items taken out', async () => {
    await using recommender = await withTimes({ released: 'time' });
    const edit = (item: string, values: object, deleted = false) =>
      recommender.editItems([{ item, deleted, replaces: false, values: values as Record<string, number> }]);
    edit('i1', { released: 500 });
    expect(recommender.latest().map(({ id }) => id)).toEqual(['i1', 'i2', 'i0']);
    edit('i2', {}, true);
    expect(recommender.latest().map(({ id }) => id)).toEqual(['i1', 'i0']);
    expect(recommender.popular().map(({ id }) => id)).not.toContain('i2');
  });
});

test('a closed recommender lists nothing', async () => {
  const recommender = await recommenderOf(randomModel({ users: 4, items: 3 }));
  await recommender.close();
  expect(errorOf(() => recommender.popular()).code).toBe('recommender-closed');
});
