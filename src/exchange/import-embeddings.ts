import { csrFromEntries } from '../array/csr.ts';
import { IdMap } from '../data/id-map.ts';
import type { Interactions } from '../data/interactions.ts';
import { TaurecError } from '../errors.ts';
import { checkScore, createLoss, fitLoss } from '../loss/losses.ts';
import { createModel, type Model } from '../model/model.ts';
import type { ModelFacts } from '../model/model-facts.ts';
import { Titles } from '../model/titles.ts';
import { readIds } from './read-text.ts';
import { readNumbers, readVectors } from './read-vectors.ts';
import { badEmbeddings, type Vectors } from './vectors-table.ts';

/** Files with the vectors and ids, and the items users have seen. */
export interface ImportEmbeddingsOptions {
  /** A file with a vector for each user: .npy, .npz, safetensors, Parquet, JSON, JSON lines, CSV or TSV. `file#name` names an array inside. */
  readonly users: string;
  /** The same for items. */
  readonly items: string;
  /** A file with the users' ids in the order of the rows. Default: those in the vectors' file, else row numbers from 0. */
  readonly userIds?: string;
  readonly itemIds?: string;
  /** How the embeddings are scored; the numbers do not show it. */
  readonly score: 'cosine' | 'dot';
  /** A file with a number for each item that is added to its scores. Default: the array or column called itemBias or bias in the items' file. */
  readonly itemBias?: string;
  /** Items users have seen, from `readInteractions`: they stay out of lists and give items their popularity. Default: none. */
  readonly train?: Interactions;
  /** Titles of items in the order of the ids that the function is given (see `readTitles`). */
  readonly titles?: (items: IdMap) => Promise<readonly string[]>;
  /** The built-in loss that folds new users in. Default: sl for cosines, its τ by the size of the catalogue; bpr for inner products. */
  readonly loss?: { readonly name: string; readonly options?: Readonly<Record<string, unknown>> };
}

/** The result of an import, in numbers. */
export interface ImportReport {
  /** True when the file had no ids, so that row numbers from 0 serve as ids. */
  readonly numbered: { readonly users: boolean; readonly items: boolean };
  /** Interactions of `train` that are in the model, and those left out because the embeddings have no such user or item. */
  readonly interactions: number;
  readonly unknown: { readonly interactions: number; readonly users: number; readonly items: number };
}

/**
 * Makes a model from embeddings that another program trained. It can be saved, evaluated, served and folded into like a trained one. Numbers of 16 and 64
 * bits become 32-bit floats. Interactions of `train` whose user or item has no embedding are counted and left out.
 *
 * @throws TaurecError `file-not-found`; `bad-embeddings`, naming file and row or line, for truncated files, values that are not finite, other types or shapes, and ids that
 * are repeated, blank, or do not match the rows; `bad-option`, `unknown-name` for the loss
 */
export async function importEmbeddings(
  options: ImportEmbeddingsOptions,
): Promise<{ readonly model: Model; readonly report: ImportReport }> {
  const { score, train } = options;
  if (score !== 'cosine' && score !== 'dot')
    throw new TaurecError('bad-option', { option: 'score', got: score, expected: 'cosine or dot' });
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

/** The known facts about an imported model: no epochs, no engine, and a loss that only fold-in uses. */
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

async function readSide(
  source: string,
  role: 'users' | 'items',
  idsFile: string | undefined,
): Promise<Omit<Vectors, 'ids'> & { readonly ids: IdMap; readonly numbered: boolean }> {
  const vectors = await readVectors(source, role, idsFile !== undefined);
  const { table, ids: own, file } = vectors;
  if (own && idsFile !== undefined) {
    throw badEmbeddings(idsFile, `ids of the ${role} a second time, expected none: they are in ${file}`);
  }
  const origin = idsFile ?? file;
  const texts = idsFile === undefined ? own : await readIds(idsFile);
  if (texts && texts.length !== table.rows)
    throw badEmbeddings(origin, `${texts.length} ids, expected ${table.rows}, one for each row of ${file}`);
  const blank = texts?.findIndex((id) => id.trim() === '') ?? -1;
  if (blank >= 0) throw badEmbeddings(origin, `row ${blank} has a blank id, expected a text`);
  const ids = distinct(origin, texts ?? Array.from({ length: table.rows }, (_, r) => String(r)));
  return { ...vectors, ids, numbered: texts === undefined };
}

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
  if (at >= 0) throw badEmbeddings(file, `the bias of row ${at} is ${bias[at]}, expected a number`);
}

/** The interactions whose user and item both have embeddings, in their index space, and how many have not. */
function placeInteractions(log: Interactions, userIds: IdMap, itemIds: IdMap) {
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
  if (users.length === 0) {
    const example = (ids: IdMap) => (ids.size > 0 ? JSON.stringify(ids.idOf(0)) : 'none');
    throw badEmbeddings(
      log.source,
      `none of ${log.users.length} interactions has a user and an item with embeddings, expected the same ids: a user here is ${example(log.userIds)}, there ${example(userIds)}; an item here is ${example(log.itemIds)}, there ${example(itemIds)}`,
    );
  }
  const missing = (places: Int32Array) => places.reduce((sum, at) => sum + (at < 0 ? 1 : 0), 0);
  const unknown = { interactions: log.users.length - users.length, users: missing(userOf), items: missing(itemOf) };
  return { users, items, unknown };
}
