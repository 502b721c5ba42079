import { type Csr, csrFromEntries, csrHas } from '../array/csr.ts';
import type { CatalogueTable } from './catalogue-table.ts';
import { IdMap } from './id-map.ts';
import type { Interactions, ReadReport } from './interactions.ts';
import type { SplitRecord } from './split/split.ts';
import { houseOrder, unionIds } from './union-ids.ts';

/**
 * The training, validation and test interactions of one experiment, as sparse matrices over shared indices: rows are users, columns are items.
 * Ids of train and validation come first, by number when all of them are whole numbers, else by UTF-8 bytes; ids that occur only in test follow, in the same order.
 * So `train` and `valid` are `trainedUsers × trainedItems`, and `test` may be larger: a test-only item is never recommended but still counts among its user's
 * relevant items, and a test-only user has no embedding.
 */
export interface Dataset {
  readonly users: IdMap;
  readonly items: IdMap;
  /** Training interactions, users × items. Values, when present, are the weights of the interactions as positives. */
  readonly train: Csr;
  readonly valid?: Csr;
  readonly test?: Csr;
  /** SHA-256 of the data, in hexadecimal: of the file when there is one, else of the concatenated digests of train, valid and test, in that order. */
  readonly sha256: string;
  /** Description of the source, for messages. */
  readonly source: string;
  /** Where each part was read from, without passwords; a part that a split held out has no entry. */
  readonly sources?: Readonly<Partial<Record<Part, string>>>;
  /** Row counts of each file: rows read, duplicates merged, bad rows skipped. */
  readonly reports?: Readonly<Partial<Record<Part, ReadReport>>>;
  /** The split that produced each held-out part; a part read from its own file has no entry. */
  readonly splits?: Readonly<Partial<Record<'valid' | 'test', SplitRecord>>>;
  /** Hints about ids that differ in form between the parts (`idFormHints`); absent without one. */
  readonly hints?: readonly string[];
  /** Number of test pairs that also occur in train or validation. Evaluation masks them as seen, so a model can never hit them. */
  readonly overlap?: number;
  /** Titles by item index, '' for an item without a title; see `readTitles`. */
  readonly titles?: readonly string[];
  /** The items with their attributes, in the order of their source; see `readCatalogue`. */
  readonly catalogue?: CatalogueTable;
}

/** A part of a data set. */
export type Part = 'train' | 'valid' | 'test';

/** The logs of a dataset. Their id maps may be separate (separate files) or shared (parts of one split log). */
export interface Parts {
  train: Interactions;
  valid?: Interactions;
  test?: Interactions;
}

/** Maps the users and items of all parts to one set of indices and builds their matrices. `about` is copied into the dataset. */
export function buildDataset(
  parts: Parts,
  about: Pick<Dataset, 'sha256' | 'source' | 'reports' | 'sources' | 'splits' | 'hints'>,
): Dataset {
  const logs = [parts.train, parts.valid, parts.test];
  const users = placeIds(logs.map((log) => log && { ids: log.userIds, codes: log.users }));
  const items = placeIds(logs.map((log) => log && { ids: log.itemIds, codes: log.items }));
  const matrix = (part: number, rows: number, columns: number): Csr | undefined =>
    logs[part] && csrFromEntries(rows, columns, users.codes[part]!, items.codes[part]!, logs[part].weights);
  const train = matrix(0, users.trained, items.trained)!;
  const valid = matrix(1, users.trained, items.trained);
  const test = matrix(2, users.ids.size, items.ids.size);
  const overlap = test && countOverlap(test, train, valid);
  return { users: users.ids, items: items.ids, train, valid, test, overlap, ...about };
}

interface Placed {
  ids: IdMap;
  /** Number of ids that occur in train or validation; they have the indices 0 … trained − 1. */
  trained: number;
  /** The new codes of each part's entries. */
  codes: (Int32Array | undefined)[];
}

/** Merges the ids of [train, valid, test] into one map, trained ids first, and translates the codes of each part to it. */
function placeIds(columns: ({ ids: IdMap; codes: Int32Array } | undefined)[]): Placed {
  let union: IdMap | undefined;
  let maps: (Int32Array | undefined)[] = columns.map(() => undefined);
  columns.forEach((column, part) => {
    if (!column) return;
    // Parts of one split log share their id map: the map of an earlier part serves again.
    const same = columns.findIndex((other) => other?.ids === column.ids);
    if (same < part) {
      maps[part] = maps[same];
      return;
    }
    const merged = unionIds(union ?? IdMap.fromIds([]), column.ids);
    // The union has new indices, so the maps of earlier parts are translated through it.
    maps = maps.map((map) => map?.map((code) => merged.fromFirst[code]!));
    maps[part] = merged.fromSecond;
    union = merged.ids;
  });
  const all = union!;
  const standing = new Uint8Array(all.size); // 2: in train or validation, 1: in test only, 0: in no part
  columns.forEach((column, part) => {
    const mark = part < 2 ? 2 : 1;
    if (column)
      for (const code of column.codes) standing[maps[part]![code]!] = Math.max(standing[maps[part]![code]!]!, mark);
  });
  const trained = ordered(all, standing, 2);
  const testOnly = ordered(all, standing, 1);
  const indices = new Uint32Array(trained.length + testOnly.length);
  indices.set(trained);
  indices.set(testOnly, trained.length);
  // placed[union index] = final index.
  const placed = new Int32Array(all.size);
  for (let i = 0; i < indices.length; i++) placed[indices[i]!] = i;
  const codes = columns.map((column, part) => column?.codes.map((code) => placed[maps[part]![code]!]!));
  return { ids: all.pick(indices), trained: trained.length, codes };
}

/** The union indices with the given mark, in `houseOrder`. */
function ordered(all: IdMap, standing: Uint8Array, mark: number): Uint32Array {
  const marked = new Uint32Array(all.size);
  let count = 0;
  for (let i = 0; i < all.size; i++) if (standing[i] === mark) marked[count++] = i;
  const chosen = marked.subarray(0, count);
  return houseOrder(all.pick(chosen)).map((i) => chosen[i]!);
}

/** The number of entries of `test` that `train` or `valid` also has. Users beyond `train.rows` occur only in test and cannot overlap. */
function countOverlap(test: Csr, train: Csr, valid?: Csr): number {
  let overlap = 0;
  for (let r = 0; r < train.rows; r++) {
    for (let e = test.offsets[r]!; e < test.offsets[r + 1]!; e++) {
      const c = test.indices[e]!;
      if (csrHas(train, r, c) || (valid && csrHas(valid, r, c))) overlap++;
    }
  }
  return overlap;
}
