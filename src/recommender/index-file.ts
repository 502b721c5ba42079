import { createHash } from 'node:crypto';
import { access, appendFile, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { csrRow } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { indexName, isIndexName, openModel } from '../model/model-directory.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import {
  ApproximateIndex,
  type IndexedModel,
  IndexVectors,
  indexDimensions,
  type VectorIndex,
} from './approximate-index.ts';
import { ItemRanker } from './item-ranker.ts';

/** Links of a vector to others, and how widely they are looked for. Part of the key: other values make another index. */
const settings = { format: 1, connectivity: 16, expansion: 128 };
/** Vectors that are added between two looks at the event loop. */
const BATCH = 2000;

/** How `buildIndex` works, and how it is followed and stopped. */
export interface BuildIndexOptions {
  /** Threads that build; default: the machine's cores. With one, the same model always gives the same index; with more, one of the same quality. */
  readonly threads?: number;
  /** Called after every few thousand items. */
  readonly onProgress?: (items: number, total: number) => void;
  /** Stops the work with error `aborted`; the model's folder is left as it was. */
  readonly signal?: AbortSignal;
}

/** What `buildIndex` left in the folder of the model. */
export interface BuiltIndex {
  /** The index, in the model's folder. */
  readonly file: string;
  readonly items: number;
  readonly bytes: number;
  /** False when the folder had the index of these embeddings already. */
  readonly built: boolean;
}

/**
 * Builds the approximate index of a model and keeps it in the model's folder, in place of those of earlier embeddings. Does nothing when it is there and whole. Needs the package usearch.
 * Throws as `openModel` does, `missing-package`, `aborted`.
 */
export async function buildIndex(directory: string, options: BuildIndexOptions = {}): Promise<BuiltIndex> {
  const { threads = 0, onProgress, signal } = options;
  if (!Number.isSafeInteger(threads) || threads < 0) {
    throw new TaurecError('bad-option', { option: 'threads', got: threads, expected: 'a whole number of at least 1' });
  }
  const { Index } = await loadUsearch();
  const model = await openModel(directory);
  const { items, itemBias, config } = model;
  const name = indexName(keyOf(model));
  const file = join(directory, name);
  const built = !(await isWhole(file));
  if (built) {
    const vectors = new IndexVectors(items, { score: config.score, itemBias });
    const index = new Index(usearchConfig({ score: config.score, itemBias }, items.columns));
    for (let first = 0; first < items.rows; first += BATCH) {
      if (signal?.aborted) throw new TaurecError('aborted');
      const end = Math.min(first + BATCH, items.rows);
      const keys = BigUint64Array.from({ length: end - first }, (_, i) => BigInt(first + i));
      index.add(keys, vectors.of(first, end), threads);
      onProgress?.(end, items.rows);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await writeAtomically(file, async (temporary) => {
      index.save(temporary);
      await appendFile(temporary, endOf((await stat(temporary)).size));
    });
  }
  for (const other of await indexNames(directory)) {
    if (other !== name) await rm(join(directory, other), { force: true });
  }
  return { file, items: items.rows, bytes: (await stat(file)).size, built };
}

/** Opens the index of a model's embeddings, mapped into memory. Throws `no-index` when the folder has none, or one of other embeddings; `missing-package`. */
export async function openIndex(directory: string, model: Model): Promise<ApproximateIndex> {
  const { Index } = await loadUsearch();
  const name = indexName(keyOf(model));
  const file = join(directory, name);
  if (!(await exists(file))) {
    const stale = (await indexNames(directory)).length > 0;
    const problem = stale ? 'its approximate index is of other embeddings' : 'it has no approximate index';
    throw new TaurecError('no-index', { directory, problem });
  }
  const indexed = { score: model.config.score, itemBias: model.itemBias };
  if (!(await isWhole(file))) {
    throw new TaurecError('no-index', { directory, problem: `its approximate index ${name} is damaged` });
  }
  const index = new Index(usearchConfig(indexed, model.items.columns));
  try {
    index.view(file);
  } catch (cause) {
    const problem = `its approximate index ${name} cannot be read (${(cause as Error).message}); remove it`;
    throw new TaurecError('no-index', { directory, problem }, { cause });
  }
  return new ApproximateIndex(index, indexed);
}

/** The part of the package usearch that is used. Importing its types would break the declarations where it is not installed. */
interface Usearch {
  readonly Index: new (config: object) => UsearchIndex;
}
interface UsearchIndex extends VectorIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  save(file: string): void;
  view(file: string): void;
  size(): number;
}

/** The package, which is installed by those who use it. Throws `missing-package`. */
export async function loadUsearch(load: () => Promise<unknown> = () => import('usearch')): Promise<Usearch> {
  return (load() as Promise<Usearch>).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ERR_MODULE_NOT_FOUND';
    const problem = missing ? 'is not installed' : `cannot be loaded: ${cause.message}`;
    throw new TaurecError('missing-package', { what: 'The approximate index', name: 'usearch', problem }, { cause });
  });
}

function usearchConfig(model: IndexedModel, columns: number) {
  return {
    dimensions: indexDimensions(model, columns),
    metric: 'ip',
    // Half precision finds the way among directions; embeddings and biases may have any size.
    quantization: model.score === 'cosine' && !model.itemBias ? 'f16' : 'f32',
    connectivity: settings.connectivity,
    expansion_add: settings.expansion,
    // The number of candidates that is asked for widens a search.
    expansion_search: 0,
    multi: false,
  };
}

/** Last bytes of an index: the package maps what it is given, and a file that was cut short or is no index would end the process. It passes over what follows its own content. */
function endOf(bytes: number): Uint8Array {
  const end = new Uint8Array(16);
  end.set(new TextEncoder().encode('taurec-i'));
  new DataView(end.buffer).setBigUint64(8, BigInt(bytes), true);
  return end;
}

/** True for an index that is there and whole. */
async function isWhole(path: string): Promise<boolean> {
  if (!(await exists(path))) return false;
  const file = await open(path, 'r');
  try {
    const content = (await file.stat()).size - 16;
    if (content <= 0) return false;
    const end = new Uint8Array(16);
    await file.read(end, 0, 16, content);
    return Buffer.compare(end, endOf(content)) === 0;
  } finally {
    await file.close();
  }
}

/** A digest of all that an index depends on. */
function keyOf({ items, itemBias, config }: Model): string {
  const hash = createHash('sha256');
  const { rows, columns } = items;
  hash.update(JSON.stringify({ ...settings, score: config.score, rows, columns, biased: itemBias !== undefined }));
  for (const part of rowsOf(items)) hash.update(bytesOf(part));
  if (itemBias) hash.update(bytesOf(itemBias));
  return hash.digest('hex').slice(0, 16);
}

/** The elements of a matrix without padding, some megabytes at a time. */
function* rowsOf({ rows, columns, stride, data }: Matrix): Generator<Float32Array> {
  const step = stride === columns ? Math.max(1, Math.floor(4e6 / columns)) : 1;
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    yield data.subarray(first * stride, first * stride + count * columns);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

async function indexNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter(isIndexName);
}

/** How much of the exact lists an approximate index finds. */
interface IndexRecall {
  /** Mean over the users of |its list ∩ the exact one| / |the exact one|. */
  readonly recall: number;
  readonly users: number;
  readonly k: number;
}

/**
 * Compares lists of the best `k` unseen items with and without an index, for users drawn from a seed (all where there are no more).
 * @param engine holds the model's embeddings.
 */
export function indexRecall(
  model: Model,
  engine: Engine,
  index: ApproximateIndex,
  { k = 20, users = 200, seed = 1 }: { readonly k?: number; readonly users?: number; readonly seed?: number } = {},
): IndexRecall {
  const { itemBias, popularity, config } = model;
  const facts = { score: config.score, itemBias, popularity };
  const random = randomStream(seed, 'index-recall');
  const count = Math.min(users, engine.users.rows);
  const queries = Array.from({ length: count }, (_, u) => {
    const user = count < engine.users.rows ? random.integer(engine.users.rows) : u;
    return { embedding: row(engine.users, user), seen: csrRow(model.seen, user) };
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
