/** The approximate index as a file in the model folder: building, opening, checking, and measuring its recall. Needs the optional package usearch. */

import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from '../array/byte-blocks.ts';
import { csrRow } from '../array/csr.ts';
import { type AnyMatrix, floatRows, isHalf, rowFrom } from '../array/half-matrix.ts';
import { randomStream } from '../array/random.ts';
import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { currentModel } from '../model/current-version.ts';
import type { ServedModel } from '../model/model.ts';
import { openModel } from '../model/model-directory.ts';
import { indexName, isIndexName } from '../model/model-files.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import {
  ApproximateIndex,
  type IndexedModel,
  IndexVectors,
  indexDimensions,
  type VectorIndex,
} from './approximate-index.ts';
import { indexState, sealIndex } from './index-seal.ts';
import { ItemRanker } from './item-ranker.ts';
import { likedBy, neighborsOf } from './model-ranker.ts';

/** Parameters of the index graph: `connectivity` is the number of links per vector, `expansion` the number of candidates for them. They are part of the key, so a change of them makes a new index. */
const settings = { format: 1, connectivity: 16, expansion: 128 };
/** Vectors added before the event loop runs again. */
const BATCH = 2000;

/** Options of `buildIndex`: threads, progress, cancellation. */
export interface BuildIndexOptions {
  /** The number of threads; default: the number of cores. With one thread the same model always gives the same index; with several, an index of the same quality. */
  readonly threads?: number;
  /** Called after every 2000 items with the number indexed and the total. */
  readonly onProgress?: (items: number, total: number) => void;
  /** Cancels with error `aborted`; the model folder stays unchanged. */
  readonly signal?: AbortSignal;
}

/** The result of `buildIndex`. */
export interface BuiltIndex {
  /** Path of the index in the model folder. */
  readonly file: string;
  /** The number of items indexed. */
  readonly items: number;
  /** The size of the file. */
  readonly bytes: number;
  /** False when the folder already had an index of these embeddings. */
  readonly built: boolean;
}

/**
 * Builds the approximate index of a model and saves it in the model folder, where it replaces indexes of earlier embeddings. If a complete index of these embeddings exists that this installation built, it is kept. Needs the optional package usearch.
 * @throws TaurecError the errors of `openModel`; `bad-option` for an invalid number of threads; `missing-package`; `aborted`
 */
export async function buildIndex(path: string, options: BuildIndexOptions = {}): Promise<BuiltIndex> {
  const directory = await currentModel(path);
  // usearch takes 0 as "all cores".
  const { threads = 0, onProgress, signal } = options;
  if (!Number.isSafeInteger(threads) || threads < 0) {
    throw new TaurecError('bad-option', { option: 'threads', got: threads, expected: 'a whole number of at least 1' });
  }
  const { Index } = await loadUsearch();
  const model = await openModel(directory);
  const name = indexName(keyOf(model));
  const file = join(directory, name);
  const built = (await indexState(file)).kind !== 'own';
  if (built) {
    const index = await graphOf(Index, model, { threads, onProgress, signal });
    await writeAtomically(file, async (temporary) => {
      index.save(temporary);
      await sealIndex(temporary, name);
    });
  }
  for (const other of await indexNames(directory)) {
    if (other !== name) await rm(join(directory, other), { force: true });
  }
  return { file, items: model.items.rows, bytes: (await stat(file)).size, built };
}

/** The index of a model's embeddings in memory. */
async function graphOf(Index: Usearch['Index'], model: ServedModel, options: BuildIndexOptions): Promise<UsearchIndex> {
  const { threads = 0, onProgress, signal } = options;
  const { items, itemBias, config } = model;
  const indexed = { score: config.score, itemBias };
  const vectors = new IndexVectors(items, indexed);
  const index = new Index(usearchConfig(indexed, items.columns));
  for (let first = 0; first < items.rows; first += BATCH) {
    if (signal?.aborted) throw new TaurecError('aborted');
    const end = Math.min(first + BATCH, items.rows);
    const keys = BigUint64Array.from({ length: end - first }, (_, i) => BigInt(first + i));
    index.add(keys, vectors.of(first, end), threads);
    onProgress?.(end, items.rows);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return index;
}

/** How `openIndex` treats an index of another installation. */
export interface IndexTrust {
  /** Maps a whole index that this installation did not build; usearch checks nothing in it, so that a crafted one can read and end the process. Default false: it is rebuilt in memory. */
  readonly trustIndex?: boolean;
  /** Called with a sentence when an index is rebuilt in memory. */
  readonly onNotice?: (message: string) => void;
}

/**
 * Opens the index of a model's embeddings: mapped into memory if this installation built it or `trustIndex` is set, else built again from the embeddings, in memory.
 * Throws `no-index` when the folder has no index, a damaged one, or one of other embeddings; `missing-package`.
 */
export async function openIndex(
  path: string,
  model: ServedModel,
  { trustIndex = false, onNotice }: IndexTrust = {},
): Promise<ApproximateIndex> {
  const { Index } = await loadUsearch();
  const directory = await currentModel(path);
  const name = indexName(keyOf(model));
  const file = join(directory, name);
  const state = await indexState(file);
  if (state.kind === 'missing') {
    const stale = (await indexNames(directory)).length > 0;
    const problem = stale ? 'its approximate index was built from other embeddings' : 'it has no approximate index';
    throw new TaurecError('no-index', { directory, problem });
  }
  if (state.kind === 'damaged') {
    const problem = `its approximate index ${name} is damaged`;
    throw new TaurecError('no-index', { directory, problem, reason: state.problem });
  }
  const indexed = { score: model.config.score, itemBias: model.itemBias, term: neighborsOf(model)?.term };
  if (state.kind === 'foreign' && !trustIndex) {
    onNotice?.(
      `${file}: another installation built this index, so it is built again in memory. Build it here: taurec index ${directory}; or open it as it is: --trust-index (trustIndex).`,
    );
    return new ApproximateIndex(await graphOf(Index, model, {}), indexed, model.items.rows);
  }
  const index = new Index(usearchConfig(indexed, model.items.columns));
  try {
    index.view(file);
  } catch (cause) {
    const problem = `its approximate index ${name} cannot be read (${(cause as Error).message}); remove it`;
    throw new TaurecError('no-index', { directory, problem }, { cause });
  }
  return new ApproximateIndex(index, indexed, model.items.rows);
}

/** The part of the package usearch that taurec uses. Its own types are not imported: taurec's declarations would then not compile in projects without usearch. */
interface Usearch {
  readonly Index: new (config: object) => UsearchIndex;
}
interface UsearchIndex extends VectorIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  save(file: string): void;
  view(file: string): void;
  size(): number;
}

/** Loads usearch, an optional peer dependency. Throws `missing-package` when it is not installed or does not load. */
export async function loadUsearch(load: () => Promise<unknown> = () => import('usearch')): Promise<Usearch> {
  return (load() as Promise<Usearch>).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ERR_MODULE_NOT_FOUND';
    const problem = missing ? 'is not installed' : `cannot be loaded: ${cause.message}`;
    throw new TaurecError('missing-package', { what: 'The approximate index', name: 'usearch', problem }, { cause });
  });
}

/** The settings that usearch creates an index with. */
function usearchConfig(model: IndexedModel, columns: number) {
  return {
    dimensions: indexDimensions(model, columns),
    metric: 'ip',
    // Half precision suffices for vectors of length 1; embeddings and biases of any magnitude need single precision.
    quantization: model.score === 'cosine' && !model.itemBias ? 'f16' : 'f32',
    connectivity: settings.connectivity,
    expansion_add: settings.expansion,
    // 0: the width of a search is the number of candidates requested.
    expansion_search: 0,
    multi: false,
  };
}

/** A digest (16 hexadecimal digits of SHA-256) of everything an index depends on: settings, score, shape, embeddings, biases. */
function keyOf({ items, itemBias, config }: ServedModel): string {
  const hash = createHash('sha256');
  const { rows, columns } = items;
  hash.update(JSON.stringify({ ...settings, score: config.score, rows, columns, biased: itemBias !== undefined }));
  for (const part of rowsOf(items)) hash.update(bytesOf(part));
  if (itemBias) hash.update(bytesOf(itemBias));
  return hash.digest('hex').slice(0, 16);
}

/** The elements of a matrix without padding: pieces of about 16 MB (4·10⁶ floats), or single rows of a padded matrix. */
function* rowsOf(m: AnyMatrix): Generator<Float32Array> {
  const { rows, columns } = m;
  const step = isHalf(m) || m.stride === columns ? Math.max(1, Math.floor(4e6 / columns)) : 1;
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const { data, offset } = floatRows(m, first, first + count);
    yield data.subarray(offset, offset + count * columns);
  }
}

async function indexNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter(isIndexName);
}

/** The share of the exact lists that an approximate index finds. */
interface IndexRecall {
  /** Mean over the users of |its list ∩ the exact one| / |the exact one|. */
  readonly recall: number;
  readonly users: number;
  readonly k: number;
}

/**
 * Measures the recall of an index: compares the lists of the best `k` unseen items with and without it, for `users` random users (all users if the model has no more).
 * @param engine holds the model's embeddings
 */
export function indexRecall(
  model: ServedModel,
  engine: RankingEngine,
  index: ApproximateIndex,
  { k = 20, users = 200, seed = 1 }: { readonly k?: number; readonly users?: number; readonly seed?: number } = {},
): IndexRecall {
  const { itemBias, popularity, config } = model;
  const neighbors = neighborsOf(model);
  const facts = { score: config.score, itemBias, popularity, term: neighbors?.term };
  const random = randomStream(seed, 'index-recall');
  const count = Math.min(users, engine.users.rows);
  const queries = Array.from({ length: count }, (_, u) => {
    const user = count < engine.users.rows ? random.integer(engine.users.rows) : u;
    return { embedding: rowFrom(engine.users, user), seen: csrRow(model.seen, user), liked: likedBy(neighbors, user) };
  });
  const request = { k, filter: { excluded: new Int32Array(0) }, diversity: 0, discover: 0 };
  const exact = new ItemRanker(engine, facts).rank(queries, request);
  const found = new ItemRanker(engine, facts, index).rank(queries, request);
  let sum = 0;
  let lists = 0;
  exact.forEach((list, q) => {
    if (list.length === 0) return;
    const items = new Set(found[q]!.map(({ item }) => item));
    sum += list.filter(({ item }) => items.has(item)).length / list.length;
    lists++;
  });
  return { recall: lists > 0 ? sum / lists : 1, users: count, k };
}
