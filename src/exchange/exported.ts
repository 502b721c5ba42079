/** What every export format shares: the rows scaled for inner products, the manifest, progress and cancellation. */

import { type Csr, csrHas, csrRow } from '../array/csr.ts';
import { type Matrix, row } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { settingsOf } from '../neighbors/neighbors.ts';
import { inverseNorm } from '../recommender/vectors.ts';

/** One export: the model, its rows scaled for other programs, and callbacks for progress and cancellation. */
export interface Exported {
  readonly model: Model<ModelConfig> | Model;
  readonly scored: ScoredRows;
  /** [items × items] S of the neighbour term by scored item, if the model has one. */
  readonly neighbors?: Csr;
  /** [users × items] P_u, the items that a user's neighbour term is computed from. Present with a neighbour term, if seen items are exported. */
  readonly liked?: Csr;
  /** True if the export includes the users' seen items. */
  readonly seen: boolean;
  /** Writers call this after each row of users or items. It reports progress, and throws `aborted` after cancellation. */
  readonly step: () => void;
  /** Writers call this after each pair of ids. It throws `aborted` after cancellation. */
  readonly pair: () => void;
}

/** The entries of S, scored item by scored item; none without a neighbour term. */
export function* neighborEntries({
  model: { itemIds },
  neighbors,
  pair,
}: Exported): Generator<readonly [item: string, neighbor: string, weight: number]> {
  if (!neighbors) return;
  const { rows, offsets, indices, values } = neighbors;
  for (let i = 0; i < rows; i++) {
    const item = itemIds.idOf(i);
    for (let e = offsets[i]!; e < offsets[i + 1]!; e++) {
      yield [item, itemIds.idOf(indices[e]!), values![e]!];
      pair();
    }
  }
}

/** The pairs of user and seen item, and whether the item counts in the neighbour term of the user. */
export function* seenEntries({
  model: { userIds, itemIds, seen },
  liked,
  pair,
}: Exported): Generator<readonly [user: string, item: string, liked: boolean]> {
  for (let u = 0; u < userIds.size; u++) {
    const user = userIds.idOf(u);
    for (const item of csrRow(seen, u)) {
      yield [user, itemIds.idOf(item), liked !== undefined && csrHas(liked, u, item)];
      pair();
    }
  }
}

/** The formula of a score from the exported values, the neighbour term included. */
export function formulaOf({ model, scored }: Pick<Exported, 'model' | 'scored'>): string {
  return model.neighbors
    ? `${scored.formula} + beta · |P|^(-1/2) · Σ over j in P of S_ij, P: the liked items of the user, S: the weights of neighbors`
    : scored.formula;
}

/** The value of `format` in the manifest, which identifies a taurec export. */
export const EXPORT_FORMAT = 'taurec-embeddings';

/** The manifest of an export: sizes of the tables and the formula of a score, as JSON. */
export function manifestOf(exported: Exported): Record<string, unknown> {
  const { model, scored, seen, liked } = exported;
  return {
    format: EXPORT_FORMAT,
    version: 1,
    users: scored.users.rows,
    items: scored.items.rows,
    /** Columns of both tables. */
    columns: scored.items.columns,
    /** The score that the model was trained with: cosine or dot. `score` below is the formula for the exported rows. */
    modelScore: model.config.score,
    score: formulaOf(exported),
    normalized: scored.normalized,
    biasColumn: scored.biasColumn,
    itemBias: scored.itemBias !== undefined,
    ...(model.neighbors && { neighbors: settingsOf(model.neighbors) }),
    seen,
    ...(model.neighbors && { liked: liked !== undefined }),
  };
}

/** Returns a function that throws `aborted` after cancellation. It checks the signal only every 1024 calls, so that a call per pair costs little. */
export function stopper(signal?: AbortSignal): () => void {
  let calls = 0;
  return () => {
    if (++calls % 1024 === 0 && signal?.aborted) throw new TaurecError('aborted');
  };
}

/** Returns a function that counts rows: every 1024 rows, and at `total`, it reports progress, or throws `aborted` after cancellation. */
export function stepper(
  total: number,
  onProgress?: (rows: number, total: number) => void,
  signal?: AbortSignal,
): () => void {
  let done = 0;
  return () => {
    done++;
    if (done % 1024 !== 0 && done !== total) return;
    if (signal?.aborted) throw new TaurecError('aborted');
    onProgress?.(done, total);
  };
}

/** A table of vectors, `rows × columns`, computed block by block so that a scaled copy of the whole table never exists. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  /** Blocks of whole rows, at most about 1 MiB each. All blocks share one buffer: use a block before asking for the next. */
  blocks(): Iterable<Float32Array>;
}

/** Both tables in their exported form, and how a score follows from them. */
export interface ScoredRows {
  readonly users: Rows;
  readonly items: Rows;
  /** One bias per item, to add to the inner product. Absent if the model has no biases or a column holds them. */
  readonly itemBias?: Float32Array;
  /** The formula of a score from the exported values, for people: `user · item + bias of the item`. */
  readonly formula: string;
  /** True if the rows were divided by their length. */
  readonly normalized: boolean;
  /** True if the last column of both tables holds the bias (1 for users). */
  readonly biasColumn: boolean;
}

/** Numbers per block: 2^18 floats are 1 MiB. */
const BLOCK = 1 << 18;

/**
 * Scales the embeddings of a model so that another program needs only inner products:
 *
 *     score = user · item (+ itemBias)
 *
 * This holds for models trained with inner products and with cosines. With `raw` the rows are not scaled.
 *
 * @throws TaurecError `bad-option` for a bias column with raw rows of a cosine model, which no single formula can score
 */
export function scoredRows(
  {
    config,
    users,
    items,
    itemBias,
  }: Pick<Model, 'users' | 'items' | 'itemBias'> & {
    readonly config: Pick<Model['config'], 'score'>;
  },
  { raw = false, foldBias = false }: { readonly raw?: boolean; readonly foldBias?: boolean } = {},
): ScoredRows {
  const cosine = config.score === 'cosine';
  if (foldBias && raw && cosine) {
    throw new TaurecError('bad-option', {
      option: 'raw',
      got: true,
      expected: 'false with a bias column, because the model scores by cosine and its rows must have length 1',
      remedy: 'Use only one of the two options.',
    });
  }
  const normalized = cosine && !raw;
  const product = cosine && raw ? 'cosine(user, item)' : 'user · item';
  const bias = !foldBias && itemBias;
  return {
    users: rowsOf(users, normalized, foldBias ? () => 1 : undefined),
    items: rowsOf(items, normalized, foldBias ? (item) => itemBias?.[item] ?? 0 : undefined),
    ...(bias && { itemBias: bias }),
    formula: bias ? `${product} + bias of the item` : product,
    normalized,
    biasColumn: foldBias,
  };
}

/** The rows of a matrix, divided by their length if `normalized`, with the value `last(row)` appended if given. */
function rowsOf(m: Matrix, normalized: boolean, last?: (row: number) => number): Rows {
  const columns = m.columns + (last ? 1 : 0);
  return {
    rows: m.rows,
    columns,
    *blocks() {
      // Rows per block: at least one, even if a single row exceeds the block size.
      const most = Math.max(1, Math.floor(BLOCK / columns));
      const block = new Float32Array(Math.min(most, m.rows) * columns);
      for (let first = 0; first < m.rows; first += most) {
        const count = Math.min(most, m.rows - first);
        for (let r = 0; r < count; r++) {
          const from = row(m, first + r);
          const scale = normalized ? inverseNorm(from) : 1;
          for (let c = 0; c < m.columns; c++) block[r * columns + c] = normalized ? from[c]! * scale : from[c]!;
          if (last) block[r * columns + m.columns] = last(first + r);
        }
        yield block.subarray(0, count * columns);
      }
    },
  };
}

/** Yields each row of a table with its index. The row is a view of a shared buffer: it is valid only until the next row. */
export function* eachRow(table: Rows): Generator<readonly [index: number, row: Float32Array]> {
  let index = 0;
  for (const block of table.blocks()) {
    for (let at = 0; at < block.length; at += table.columns) {
      yield [index++, block.subarray(at, at + table.columns)];
    }
  }
}
