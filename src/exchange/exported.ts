import { type Matrix, row } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { inverseNorm } from '../recommender/vectors.ts';

/** One export: the model, its rows as other programs score them, and callbacks for progress and cancellation. */
export interface Exported {
  readonly model: Model<ModelConfig> | Model;
  readonly scored: ScoredRows;
  /** True when the export includes the users' seen items. */
  readonly seen: boolean;
  /** Called for each row that is done, users and items alike. Throws `aborted` on request. */
  readonly step: () => void;
  /** Called for each pair of user and seen item. Throws `aborted` on request. */
  readonly pair: () => void;
}

export const EXPORT_FORMAT = 'taurec-embeddings';

/** The manifest of an export: the facts a reader needs, as JSON. */
export function manifestOf({ model, scored, seen }: Exported): Record<string, unknown> {
  return {
    format: EXPORT_FORMAT,
    version: 1,
    users: scored.users.rows,
    items: scored.items.rows,
    /** Columns of both tables. */
    columns: scored.items.columns,
    /** The score that the model was trained with. */
    modelScore: model.config.score,
    score: scored.formula,
    normalized: scored.normalized,
    biasColumn: scored.biasColumn,
    itemBias: scored.itemBias !== undefined,
    seen,
  };
}

/** A function that throws `aborted` once the signal is set; it checks the signal every 1024 calls. */
export function stopper(signal?: AbortSignal): () => void {
  let calls = 0;
  return () => {
    if (++calls % 1024 === 0 && signal?.aborted) throw new TaurecError('aborted');
  };
}

/** Counts rows for a progress display, and stops on request. */
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

/** How embeddings leave a model. */
export interface RowOptions {
  /** Rows as the model holds them. Default: rows of a cosine model are divided by their length, so that an inner product is the score. */
  readonly raw?: boolean;
  /** Appends a column: 1 for a user, the item's bias for an item, so that the inner product includes the bias. Default false. */
  readonly foldBias?: boolean;
}

/** A table of vectors that is computed block by block. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  /** Blocks of whole rows, about 1 MB each. The next block may overwrite the one before. */
  blocks(): Iterable<Float32Array>;
}

export interface ScoredRows {
  readonly users: Rows;
  readonly items: Rows;
  /** [I] biases to add to the inner products; absent: the model has none, or a column holds them. */
  readonly itemBias?: Float32Array;
  /** The formula of a score from the exported values, in words. */
  readonly formula: string;
  /** True when rows were divided by their length. */
  readonly normalized: boolean;
  readonly biasColumn: boolean;
}

/** Numbers in a block. */
const BLOCK = 1 << 18;

/**
 * The embeddings of a model as another program scores them:
 *
 *     score = user · item (+ itemBias)
 *
 * for inner products and cosines alike; with `raw` the rows are left as they are. Throws `bad-option` for a bias column with raw rows of a cosine model: no one
 * formula scores those.
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
  { raw = false, foldBias = false }: RowOptions = {},
): ScoredRows {
  const cosine = config.score === 'cosine';
  if (foldBias && raw && cosine) {
    throw new TaurecError('bad-option', {
      option: 'raw',
      got: true,
      expected: 'rows of length 1 with a bias column (the model scores by cosine)',
      remedy: 'Leave one of the two out.',
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

function rowsOf(m: Matrix, normalized: boolean, last?: (row: number) => number): Rows {
  const columns = m.columns + (last ? 1 : 0);
  return {
    rows: m.rows,
    columns,
    *blocks() {
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

/** Each row of a table with its index. The row is a view, good until the next one. */
export function* eachRow(table: Rows): Generator<readonly [index: number, row: Float32Array]> {
  let index = 0;
  for (const block of table.blocks()) {
    for (let at = 0; at < block.length; at += table.columns) {
      yield [index++, block.subarray(at, at + table.columns)];
    }
  }
}
