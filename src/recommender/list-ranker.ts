import type { Csr } from '../array/csr.ts';
import { matrix, row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';
import { BestItems } from './best-items.ts';
import { difference, exclusions, forbiddenItems, type ItemFilter } from './item-filter.ts';
import { biasedScore, scoreOf } from './vectors.ts';

export interface RankedItem {
  readonly item: number;
  readonly score: number;
}

/** A user embedding, and items to leave out in addition to those of the filter (ascending). */
export interface Query {
  readonly embedding: Float32Array;
  readonly seen: Int32Array;
}

/** Most rows and most excluded entries of one call of the engine. */
const BLOCK_ROWS = 1024;
const BLOCK_ENTRIES = 4_000_000;

/**
 * The best `k` items of each query, by its score plus `itemBias` [items] where there is one, best first, ties to the lower item; exclusion happens inside the ranking, so that exactly k come where k remain.
 * A short list of allowed items is scored directly; otherwise the engine ranks all items, some queries at a time.
 */
export function rankLists(
  engine: Engine,
  score: ScoreKind,
  queries: readonly Query[],
  k: number,
  filter: ItemFilter,
  itemBias?: Float32Array,
): RankedItem[][] {
  const { items } = engine;
  const { allowed } = filter;
  if (allowed && allowed.length * 4 <= items.rows) {
    return queries.map(({ embedding, seen }) => {
      const best = new BestItems(Math.min(k, allowed.length));
      for (const item of difference(allowed, seen)) {
        best.offer(item, biasedScore(scoreOf(score, embedding, row(items, item)), itemBias?.[item]));
      }
      return best.take();
    });
  }
  const common = forbiddenItems(filter, items.rows);
  const lists: RankedItem[][] = [];
  for (let first = 0; first < queries.length; ) {
    const block = queries.slice(first, first + blockRows(queries, first, common.length));
    const excluded = exclusions(
      block.map((query) => query.seen),
      common,
      items.rows,
    );
    lists.push(...rankBlock(engine, block, Math.min(k, items.rows), excluded, itemBias));
    first += block.length;
  }
  return lists;
}

/** How many queries from `first` on fit one call; at least one. */
function blockRows(queries: readonly Query[], first: number, common: number): number {
  let entries = 0;
  let rows = 0;
  while (rows < BLOCK_ROWS && first + rows < queries.length) {
    entries += common + queries[first + rows]!.seen.length;
    if (rows > 0 && entries > BLOCK_ENTRIES) break;
    rows++;
  }
  return rows;
}

function rankBlock(
  engine: Engine,
  block: readonly Query[],
  k: number,
  excluded: Csr,
  itemBias?: Float32Array,
): RankedItem[][] {
  const queries = matrix(block.length, engine.items.columns);
  block.forEach((query, q) => {
    row(queries, q).set(query.embedding);
  });
  const ranked = engine.rank({ queries, k, excluded, itemBias });
  return block.map((_, q) => {
    const list: RankedItem[] = [];
    for (let at = q * k; at < (q + 1) * k && ranked.items[at]! >= 0; at++) {
      list.push({ item: ranked.items[at]!, score: ranked.scores[at]! });
    }
    return list;
  });
}
