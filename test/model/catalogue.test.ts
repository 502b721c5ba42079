import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Catalogue, matchOf } from '../../src/catalogue/catalogue.ts';
import type { AttributeValue } from '../../src/data/attribute-columns.ts';
import { IdMap } from '../../src/data/id-map.ts';
import type { Model } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { replaceCatalogue } from '../../src/model/replace-catalogue.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { type PlainCatalogue, plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { randomModel } from '../support/random-model.ts';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-catalogue-'));
  directory = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

const idPool = Array.from({ length: 9 }, (_, i) => `i${i}`);
const idLists = (minLength: number) => fc.uniqueArray(fc.constantFrom(...idPool, 'new', 'other'), { minLength });
const catalogues = plainCatalogues(idLists(1));

/** What a catalogue says about an id, by rows of the model or of the others. */
function valuesOf(catalogue: Catalogue, itemIds: IdMap, id: string): Record<string, AttributeValue> {
  const item = itemIds.indexOf(id);
  const other = catalogue.others.indexOf(id);
  return item < 0 && other < 0 ? {} : catalogue.valuesOf(item >= 0 ? item : catalogue.items + other);
}

/** What the plain rows say about an id. */
function expected({ rows }: PlainCatalogue, id: string): Record<string, AttributeValue> {
  const { id: _, title: __, ...values } = rows.find((row) => row.id === id) ?? { id, title: '' };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const titleOf = ({ rows }: PlainCatalogue, id: string) => rows.find((row) => row.id === id)?.title || undefined;

test('every id keeps its values and title, in the order of any model, and of a second one', () => {
  fc.assert(
    fc.property(catalogues, idLists(0), idLists(0), (plain, first, second) => {
      const [from, to] = [IdMap.fromIds(first), IdMap.fromIds(second)];
      const catalogue = Catalogue.from(tableOf(plain), from);
      const moved = catalogue.moved(from, to);
      for (const [one, ids] of [
        [catalogue, from],
        [moved, to],
      ] as const) {
        expect(one.items).toBe(ids.size);
        for (const id of [...idPool, 'new', 'other']) expect(valuesOf(one, ids, id)).toEqual(expected(plain, id));
        for (const [i, id] of [...ids].entries()) expect(one.itemTitles?.at(i)).toBe(titleOf(plain, id));
      }
      const unknown = plain.rows.filter(({ id }) => !first.includes(id)).map(({ id }) => id);
      expect(matchOf(tableOf(plain), from)).toEqual({
        matched: plain.rows.length - unknown.length,
        unknown: unknown.length,
        examples: unknown.slice(0, 3),
      });
    }),
  );
});

describe('a model folder', () => {
  const withCatalogue = (model: Model, plain: PlainCatalogue): Model => ({
    ...model,
    catalogue: Catalogue.from(tableOf(plain), model.itemIds, model.titles),
  });

  test('keeps the catalogue; config.json lists its attributes; a save without one removes it', async () => {
    await fc.assert(
      fc.asyncProperty(catalogues, async (plain) => {
        const model = randomModel({ titles: true });
        await saveModel(directory, withCatalogue(model, plain));
        const opened = await openModel(directory);
        const { file, attributes } = opened.config.catalogue!;
        expect(attributes).toEqual(Object.entries(plain.types).map(([name, type]) => ({ name, type })));
        expect(opened.config.files).toHaveProperty([file]);
        for (const id of idPool) {
          expect(valuesOf(opened.catalogue!, opened.itemIds, id)).toEqual(expected(plain, id));
          const item = model.itemIds.indexOf(id);
          expect(opened.titles?.at(item)).toBe(titleOf(plain, id) ?? model.titles?.at(item));
        }
        await saveModel(directory, model);
        expect((await openModel(directory)).catalogue).toBeUndefined();
        expect((await readdir(directory)).filter((name) => name.startsWith('catalogue'))).toEqual([]);
      }),
      draws(25),
    );
  });

  test('replaceCatalogue changes the catalogue and config.json alone; the last two catalogues stay', async () => {
    const [first, second, third] = fc.sample(catalogues, { numRuns: 3, seed: 11 }) as [
      PlainCatalogue,
      PlainCatalogue,
      PlainCatalogue,
    ];
    const model = randomModel({ titles: true, validation: true, neighbors: true });
    await saveModel(directory, model);
    await writeFile(join(directory, 'own.txt'), 'mine');
    const contents = async () => {
      const names = (await readdir(directory)).filter((name) => !/^(config|catalogue)/.test(name)).sort();
      return Promise.all(names.map(async (name) => [name, (await readFile(join(directory, name))).toString('base64')]));
    };
    const before = await contents();
    for (const [at, plain] of [first, second, third].entries()) {
      const match = await replaceCatalogue(directory, tableOf(plain));
      expect(match).toEqual(matchOf(tableOf(plain), model.itemIds));
      const opened = await openModel(directory);
      for (const id of idPool) expect(valuesOf(opened.catalogue!, opened.itemIds, id)).toEqual(expected(plain, id));
      expect((await readdir(directory)).filter((name) => name.startsWith('catalogue'))).toHaveLength(
        Math.min(at + 1, 2),
      );
    }
    expect(await contents()).toEqual(before);
    // Titles that no catalogue had stay those of the model.
    const opened = await openModel(directory);
    for (const [item, id] of [...model.itemIds].entries()) {
      const titles = [third, second, first].map((plain) => titleOf(plain, id)).filter((title) => title !== undefined);
      expect(opened.titles?.at(item)).toBe(titles[0] ?? model.titles?.at(item));
    }
  });

  test('a replacement that was cut off before config.json leaves the old catalogue; a damaged file is named', async () => {
    const [plain] = fc.sample(catalogues, { numRuns: 1, seed: 5 }) as [PlainCatalogue];
    await saveModel(directory, withCatalogue(randomModel(), plain));
    const config = await readFile(join(directory, 'config.json'));
    const other = fc.sample(catalogues, { numRuns: 1, seed: 6 })[0]!;
    await replaceCatalogue(directory, tableOf(other));
    // The state after the new file, before the new config.json.
    await writeFile(join(directory, 'config.json'), config);
    const opened = await openModel(directory);
    for (const id of idPool) expect(valuesOf(opened.catalogue!, opened.itemIds, id)).toEqual(expected(plain, id));
    await cp(join(directory, 'seen.safetensors'), join(directory, opened.config.catalogue!.file));
    const error = await rejectionOf(openModel(directory));
    expect(error.message).toContain(opened.config.catalogue!.file);
  });

  test('indices out of range are refused, not followed', async () => {
    const model = randomModel();
    const [plain] = fc.sample(catalogues, { numRuns: 1, seed: 7 }) as [PlainCatalogue];
    const good = Catalogue.from(tableOf(plain), model.itemIds);
    const brand = good.attributes.get('brand')!;
    if (brand.type !== 'text') throw new Error('brand is text');
    const values = brand.values.slice().fill(brand.terms.size, 0, 1);
    const catalogue = new Catalogue({ ...partsOf(good), attributes: new Map([['brand', { ...brand, values }]]) });
    const error = await rejectionOf(saveModel(directory, { ...model, catalogue }));
    expect(error).toMatchObject({ code: 'bad-model', message: expect.stringContaining('attribute "brand"') });
  });
});

const partsOf = ({ source, items, others, titles, attributes }: Catalogue) => ({
  source,
  items,
  others,
  titles,
  attributes,
});
