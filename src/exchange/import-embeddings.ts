/** Import: builds a model from vectors and ids in files that another program wrote. The readers of the formats are in read-vectors.ts and read-text.ts. */

import { csrFromEntries } from '../array/csr.ts';
import { Titles } from '../catalogue/titles.ts';
import { IdMap } from '../data/id-map.ts';
import type { Interactions } from '../data/interactions.ts';
import { TaurecError } from '../errors.ts';
import { checkScore, createLoss, fitLoss } from '../loss/losses.ts';
import { createModel, type Model } from '../model/model.ts';
import type { ModelFacts } from '../model/model-facts.ts';
import { readIds } from './read-text.ts';
import { readNumbers, readVectors } from './read-vectors.ts';
import { badEmbeddings, type Vectors } from './vectors-table.ts';

/** Options of `importEmbeddings`: files with vectors, ids and biases, the score, and the items that users have seen. */
export interface ImportEmbeddingsOptions {
  /** File with one vector per user: .npy, .npz, safetensors, Parquet, JSON, JSON lines, CSV or TSV. `file#name` selects one of several arrays. */
  readonly users: string;
  /** File with one vector per item, of the same length as the users' vectors. */
  readonly items: string;
  /** File with the users' ids in row order. Default: the ids in the file of the vectors, or else row numbers from 0. */
  readonly userIds?: string;
  /** File with the items' ids in row order. Default as for `userIds`. */
  readonly itemIds?: string;
  /** The score that the embeddings were trained for. It is required, because the numbers do not reveal it. */
  readonly score: 'cosine' | 'dot';
  /** File with one number per item, added to the item's scores. Default: the array or column called itemBias or bias in the items' file. */
  readonly itemBias?: string;
  /** Items that users have seen, from `readInteractions`. Lists exclude them, and the popularity of items is counted from them. Default: none. */
  readonly train?: Interactions;
  /** Returns the titles of the given items, in the same order (see `readTitles`). */
  readonly titles?: (items: IdMap) => Promise<readonly string[]>;
  /** Built-in loss that folds in new users. Default: sl for cosines, with τ fitted to the size of the catalogue; bpr for inner products. */
  readonly loss?: { readonly name: string; readonly options?: Readonly<Record<string, unknown>> };
}

/** Counts of an import. */
export interface ImportReport {
  /** True if no ids were found, so that the row numbers from 0 are the ids. */
  readonly numbered: { readonly users: boolean; readonly items: boolean };
  /** Distinct interactions of `train` in the model. */
  readonly interactions: number;
  /** Interactions of `train` that were left out, and the users and items of the log that have no embedding. */
  readonly unknown: { readonly interactions: number; readonly users: number; readonly items: number };
}

/**
 * Builds a model from embeddings that another program trained. The model can be saved, evaluated and served like a trained one, and it can fold in new users.
 * 16-bit and 64-bit numbers become 32-bit floats. Interactions of `train` whose user or item has no embedding are counted and left out.
 *
 * @throws TaurecError `file-not-found`; `bad-embeddings`, with the file and the row or line, for truncated files, values that are not finite, unsupported types or
 * shapes, and ids that are repeated, blank, or do not match the rows; `bad-option` and `unknown-name` for the score and the loss
 */
export async function importEmbeddings(
  options: ImportEmbeddingsOptions,
): Promise<{ readonly model: Model; readonly report: ImportReport }> {
  const { score, train } = options;
  if (score !== 'cosine' && score !== 'dot')
    throw new TaurecError('bad-option', { option: 'score', got: score, expected: 'cosine or dot' });
  // bpr reads only differences of scores: the zero of another program's inner products is unknown.
  const given = options.loss ?? { name: score === 'cosine' ? 'sl' : 'bpr' };
  checkScore(createLoss(given), score);
  const users = await readSide(options.users, 'users', options.userIds);
  const items = await readSide(options.items, 'items', options.itemIds);
  if (users.table.columns !== items.table.columns) {
    throw badEmbeddings(
      options.items,
      `its vectors have ${items.table.columns} numbers, expected ${users.table.columns}, as in ${options.users}`,
    );
  }
  const itemBias = options.itemBias === undefined ? items.bias : await readNumbers(options.itemBias);
  checkBias(options.itemBias ?? options.items, itemBias, items.table.rows);
  const placed = train && placeInteractions(train, users.ids, items.ids);
  const titles = await options.titles?.(items.ids);
  const model = createModel({
    config: factsOf(options, fitLoss(given, items.table.rows) as ModelFacts['loss']),
    users: users.table,
    items: items.table,
    itemBias,
    userIds: users.ids,
    itemIds: items.ids,
    seen: csrFromEntries(users.table.rows, items.table.rows, placed?.users ?? [], placed?.items ?? []),
    titles: titles && Titles.from(titles, items.table.rows),
  });
  return {
    model,
    report: {
      numbered: { users: users.numbered, items: items.numbered },
      interactions: model.seen.indices.length,
      unknown: placed?.unknown ?? { interactions: 0, users: 0, items: 0 },
    },
  };
}

/** The facts that config.json of an imported model records. Epochs, steps and engine are empty, because its training is unknown; only fold-in uses the loss. */
function factsOf({ users, items, score, train }: ImportEmbeddingsOptions, loss: ModelFacts['loss']): ModelFacts {
  return {
    backbone: 'imported',
    score,
    loss,
    training: {},
    seed: 1,
    data: { source: train?.source ?? 'none', sha256: train?.sha256 ?? 'none' },
    engine: { name: 'none', build: 'none', threads: 1 },
    epochs: 0,
    steps: 0,
    imported: { users, items },
    metrics: {},
  };
}

/** Reads the vectors and ids of the users or the items. The ids come from exactly one place: the ids file, the file of the vectors, or the row numbers. */
async function readSide(
  source: string,
  role: 'users' | 'items',
  idsFile: string | undefined,
): Promise<Omit<Vectors, 'ids'> & { readonly ids: IdMap; readonly numbered: boolean }> {
  const vectors = await readVectors(source, role, idsFile !== undefined);
  const { table, ids: own, file } = vectors;
  if (own && idsFile !== undefined) {
    throw badEmbeddings(idsFile, `the ids of the ${role} are already in ${file}, expected no separate file of ids`);
  }
  const origin = idsFile ?? file;
  const texts = idsFile === undefined ? own : await readIds(idsFile);
  if (texts && texts.length !== table.rows)
    throw badEmbeddings(origin, `${texts.length} ids, expected ${table.rows}, one for each row of ${file}`);
  const blank = texts?.findIndex((id) => id.trim() === '') ?? -1;
  if (blank >= 0) throw badEmbeddings(origin, `row ${blank} has a blank id, expected a non-empty text`);
  const ids = distinct(origin, texts ?? Array.from({ length: table.rows }, (_, r) => String(r)));
  return { ...vectors, ids, numbered: texts === undefined };
}

/** The index of the ids. An id that occurs twice is reported with the file and both rows. */
function distinct(file: string, texts: readonly string[]): IdMap {
  try {
    return IdMap.fromIds(texts);
  } catch (error) {
    if (!(error instanceof TaurecError) || error.code !== 'duplicate-id') throw error;
    const id = error.facts.id as string;
    const first = texts.indexOf(id);
    const rows = `rows ${first} and ${texts.indexOf(id, first + 1)}`;
    throw badEmbeddings(file, `the id ${JSON.stringify(id)} is in ${rows}, expected distinct ids`, error);
  }
}

function checkBias(file: string, bias: Float32Array | undefined, items: number): void {
  if (!bias) return;
  if (bias.length !== items) throw badEmbeddings(file, `${bias.length} biases, expected ${items}, one for each item`);
  const at = bias.findIndex((x) => !Number.isFinite(x));
  if (at >= 0) throw badEmbeddings(file, `the bias of row ${at} is ${bias[at]}, expected a finite number`);
}

/** Translates the interactions to the indexes of the embeddings. Leaves out and counts those whose user or item has no embedding. */
function placeInteractions(log: Interactions, userIds: IdMap, itemIds: IdMap) {
  // Index in the log → row of the embeddings, -1 if there is none.
  const place = (ids: IdMap, known: IdMap) =>
    Int32Array.from({ length: ids.size }, (_, i) => known.indexOf(ids.idOf(i)));
  const userOf = place(log.userIds, userIds);
  const itemOf = place(log.itemIds, itemIds);
  const users: number[] = [];
  const items: number[] = [];
  for (let e = 0; e < log.users.length; e++) {
    const user = userOf[log.users[e]!]!;
    const item = itemOf[log.items[e]!]!;
    if (user < 0 || item < 0) continue;
    users.push(user);
    items.push(item);
  }
  // A log without a single match has other ids than the embeddings. Show one id of each, so that the difference can be seen.
  if (users.length === 0) {
    const example = (ids: IdMap) => (ids.size > 0 ? JSON.stringify(ids.idOf(0)) : 'none');
    throw badEmbeddings(
      log.source,
      `none of ${log.users.length} interactions has a user and an item with embeddings, expected the same ids in both: the log has user ${example(log.userIds)} and item ${example(log.itemIds)}, the embeddings have user ${example(userIds)} and item ${example(itemIds)}`,
    );
  }
  const missing = (places: Int32Array) => places.reduce((sum, at) => sum + (at < 0 ? 1 : 0), 0);
  const unknown = { interactions: log.users.length - users.length, users: missing(userOf), items: missing(itemOf) };
  return { users, items, unknown };
}
