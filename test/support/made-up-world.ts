import { csrFromEntries } from '../../src/array/csr.ts';
import { matrix, row } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { columnOf } from '../../src/data/attribute-columns.ts';
import type { CatalogueTable } from '../../src/data/catalogue-table.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { createModel, type Model } from '../../src/model/model.ts';
import { buildNeighbors } from '../../src/neighbors/build-neighbors.ts';
import { someFacts } from './random-model.ts';

export interface WorldOptions {
  readonly score?: 'cosine' | 'dot';
  readonly seed?: number;
  /** Share of an embedding that is the item's own; 0: all of it is that of its shelf and brand. */
  readonly noise?: number;
  readonly neighbors?: boolean;
  readonly biased?: boolean;
}

const SHELVES = 6;
const BRANDS = 5;
const USERS = 30;
const ITEMS = 60;
const D = 8;

/** A model whose embeddings come from the shelves and brands of its items, with a catalogue that has `others` more items; and their true embeddings. */
export function madeUpWorld({ score = 'cosine', seed = 1, noise = 0, neighbors, biased }: WorldOptions = {}) {
  const others = 20;
  const random = randomStream(seed, 'made-up-world');
  const vectors = (count: number) => {
    const m = matrix(count, D);
    for (let e = 0; e < m.data.length; e++) m.data[e] = random.normal();
    return m;
  };
  const total = ITEMS + others;
  const [shelves, brands, own, users] = [vectors(SHELVES), vectors(BRANDS), vectors(total), vectors(USERS)];
  const shelfOf = Array.from({ length: total }, () => random.integer(SHELVES));
  const brandOf = Array.from({ length: total }, () => random.integer(BRANDS));
  const truth = matrix(total, D);
  for (let i = 0; i < total; i++)
    row(truth, i).forEach((_, c, values) => {
      const attributes = row(shelves, shelfOf[i]!)[c]! + row(brands, brandOf[i]!)[c]!;
      values[c] = Math.sqrt(1 - noise) * attributes + Math.sqrt(noise) * row(own, i)[c]!;
    });
  const ids = Array.from({ length: total }, (_, i) => `p${i}`);
  const catalogue: CatalogueTable = {
    source: 'made up',
    ids: IdMap.fromIds(ids),
    titles: ids.map((id) => `Item ${id}`),
    attributes: new Map([
      [
        'shelf',
        columnOf(
          'list',
          shelfOf.map((n) => [`shelf ${n}`]),
        ),
      ],
      [
        'brand',
        columnOf(
          'text',
          brandOf.map((n) => `brand ${n}`),
        ),
      ],
      [
        'price',
        columnOf(
          'number',
          shelfOf.map((n, i) => n + i / 100),
        ),
      ],
    ]),
    leftOut: [],
  };
  const itemIds = IdMap.fromIds(ids.slice(0, ITEMS));
  const pairs = Array.from({ length: USERS * ITEMS }, (_, e) => e).filter(() => random.real() < 0.4);
  const seen = csrFromEntries(
    USERS,
    ITEMS,
    pairs.map((e) => Math.floor(e / ITEMS)),
    pairs.map((e) => e % ITEMS),
  );
  const model: Model = createModel({
    config: someFacts(score),
    users,
    items: matrix(ITEMS, D, truth.data.slice(0, ITEMS * D)),
    ...(biased && { itemBias: Float32Array.from({ length: ITEMS }, (_, i) => shelfOf[i]! / 10) }),
    userIds: IdMap.fromIds(Array.from({ length: USERS }, (_, u) => `u${u}`)),
    itemIds,
    seen,
    ...(neighbors && {
      neighbors: buildNeighbors(seen, { kind: 'cosine', size: 5, exponent: 0.5, shrink: 1, beta: 0.5 }, 1),
    }),
    catalogue: Catalogue.from(catalogue, itemIds),
  });
  return { model, table: catalogue, truth };
}
