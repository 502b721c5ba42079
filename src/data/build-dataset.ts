import { type Csr, csrFromEntries, csrHas } from '../array/csr.ts';
import { IdMap } from './id-map.ts';
import type { Interactions, ReadReport } from './interactions.ts';
import type { SplitRecord } from './split/split.ts';
import { houseOrder, unionIds } from './union-ids.ts';

/**
 * What a model is trained and judged on. Rows are users, columns are items.
 * Ids of train and validation come first, by number when all of them are whole numbers, else by UTF-8 bytes; ids that occur only in test follow, in the same order.
 * So `train` and `valid` have `trainedUsers` rows and `trainedItems` columns, and `test` may have more: a test-only item is never recommended but stays among what
 * its user wanted, and a test-only user has no embedding.
 */
export interface Dataset {
  readonly users: IdMap;
  readonly items: IdMap;
  /** Values, when present, are the weights of the interactions as positives. */
  readonly train: Csr;
  readonly valid?: Csr;
  readonly test?: Csr;
  /** SHA-256 of the data's files (of the one file, or of the digests of train, valid and test in that order). */
  readonly sha256: string;
  /** Description of the source, for messages. */
  readonly source: string;
  /** What reading each file met. */
  readonly reports?: Readonly<Partial<Record<Part, ReadReport>>>;
  /** How the parts that were held out were drawn; a part that was given has no entry. */
  readonly splits?: Readonly<Partial<Record<'valid' | 'test', SplitRecord>>>;
  /** Pairs of test that also occur in train or validation: they are masked as seen and can never be hit. */
  readonly overlap?: number;
  /** Titles by item index, '' where there is none; see `readTitles`. */
  readonly titles?: readonly string[];
}

/** A part of a data set. */
export type Part = 'train' | 'valid' | 'test';

/** Parts of a dataset, with separate or shared id maps. */
export interface Parts {
  train: Interactions;
  valid?: Interactions;
  test?: Interactions;
}

/** Brings the parts into one index space. */
export function buildDataset(parts: Parts, about: Pick<Dataset, 'sha256' | 'source' | 'reports' | 'splits'>): Dataset {
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
  /** Number of ids that occur in train or validation. */
  trained: number;
  /** The new codes of each part's entries. */
  codes: (Int32Array | undefined)[];
}

/** Places the ids of [train, valid, test]: trained ones first. */
function placeIds(columns: ({ ids: IdMap; codes: Int32Array } | undefined)[]): Placed {
  let union: IdMap | undefined;
  let maps: (Int32Array | undefined)[] = columns.map(() => undefined);
  columns.forEach((column, part) => {
    if (!column) return;
    const same = columns.findIndex((other) => other?.ids === column.ids);
    if (same < part) {
      maps[part] = maps[same];
      return;
    }
    const merged = unionIds(union ?? IdMap.fromIds([]), column.ids);
    maps = maps.map((map) => map?.map((code) => merged.fromFirst[code]!));
    maps[part] = merged.fromSecond;
    union = merged.ids;
  });
  const all = union!;
  const standing = new Uint8Array(all.size); // 2: in train or validation, 1: in test only, 0: nowhere
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
  const placed = new Int32Array(all.size);
  for (let i = 0; i < indices.length; i++) placed[indices[i]!] = i;
  const codes = columns.map((column, part) => column?.codes.map((code) => placed[maps[part]![code]!]!));
  return { ids: all.pick(indices), trained: trained.length, codes };
}

/** The indices with the given mark, in the house's order. */
function ordered(all: IdMap, standing: Uint8Array, mark: number): Uint32Array {
  const marked = new Uint32Array(all.size);
  let count = 0;
  for (let i = 0; i < all.size; i++) if (standing[i] === mark) marked[count++] = i;
  const chosen = marked.subarray(0, count);
  return houseOrder(all.pick(chosen)).map((i) => chosen[i]!);
}

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
