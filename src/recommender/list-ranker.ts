import { BestItems } from '../array/best-items.ts';
import type { Csr } from '../array/csr.ts';
import { matrix, row } from '../array/matrix.ts';
import { ItemSet } from '../catalogue/item-set.ts';
import type { RankingEngine } from '../engine/engine.ts';
import { allowedItems, difference, exclusions, type ItemFilter } from './item-filter.ts';
import { type Query, QueryScorer, type ScoredModel } from './query-scorer.ts';

/** One place of a ranked list. */
export interface RankedItem {
  /** The item's index in the model. */
  readonly item: number;
  readonly score: number;
}

/** The most queries and the most excluded pairs in one call of the engine: they bound the memory of a call. */
const BLOCK_ROWS = 1024;
const BLOCK_ENTRIES = 4_000_000;

/**
 * The best `k` items of each query by the model's score (`QueryScorer`), best first, ties to the lower item index. Items are excluded during the ranking, not afterwards, so a list has exactly k items if k remain.
 * A few allowed items (at most one in `DIRECT`) are scored directly; otherwise the engine ranks all items, a block of queries at a time, with a bias of −Infinity for those that the filter does not allow.
 */
export function rankLists(
  engine: RankingEngine,
  model: ScoredModel,
  queries: readonly Query[],
  k: number,
  filter: ItemFilter,
): RankedItem[][] {
  const { items } = engine;
  const direct = scoredDirectly(filter, items.rows);
  if (direct) {
    return queries.map((query) => {
      const best = new BestItems(Math.min(k, direct.length));
      const scorer = new QueryScorer(items, model, query);
      for (const item of difference(direct, query.seen)) best.offer(item, scorer.of(item));
      return best.take();
    });
  }
  const common = filter.excluded;
  const biased = { ...model, itemBias: allowingBias(model.itemBias, filter, items.rows) };
  const lists: RankedItem[][] = [];
  for (let first = 0; first < queries.length; ) {
    const block = queries.slice(first, first + blockRows(queries, first, common.length));
    const excluded = exclusions(
      block.map((query) => query.seen),
      common,
      items.rows,
    );
    lists.push(...rankBlock(engine, block, Math.min(k, items.rows), excluded, biased));
    first += block.length;
  }
  return lists;
}

/** The number of items that the filter and the query leave which rank above `item`, as `rankLists` orders them. */
export function itemsAbove(
  engine: RankingEngine,
  model: ScoredModel,
  query: Query,
  item: number,
  filter: ItemFilter,
): number {
  const { items } = engine;
  const direct = scoredDirectly(filter, items.rows);
  if (direct) {
    const scorer = new QueryScorer(items, model, query);
    const score = scorer.of(item);
    const isAbove = (other: number) => scorer.of(other) > score || (scorer.of(other) === score && other < item);
    return difference(direct, query.seen).filter(isAbove).length;
  }
  const queries = matrix(1, items.columns);
  row(queries, 0).set(query.embedding);
  const excluded = exclusions([query.seen], filter.excluded, items.rows);
  const targets = { rows: 1, columns: items.rows, offsets: Int32Array.of(0, 1), indices: Int32Array.of(item) };
  const itemBias = allowingBias(model.itemBias, filter, items.rows);
  const additions = model.term?.rows([query]);
  return engine.rank({ queries, k: 1, excluded, targets, itemBias, additions }).above![0]!;
}

/** One item in this many is scored directly as fast as the engine ranks all of them; measured on 40,000 items of 64 dimensions. */
const DIRECT = 64;

/** The items to score directly: those that the filter leaves, if they are few; otherwise undefined. */
function scoredDirectly(filter: ItemFilter, items: number): Int32Array | undefined {
  const { allowed, where, excluded } = filter;
  const most = Math.min(allowed?.length ?? items, where?.count ?? items);
  if ((!allowed && !where) || most * DIRECT > items) return undefined;
  return difference(allowedItems(filter)!, excluded);
}

/** [items] the biases with −Infinity for the items that a filter does not allow; the biases themselves where it allows all. */
function allowingBias(bias: Float32Array | undefined, filter: ItemFilter, items: number): Float32Array | undefined {
  if (!filter.allowed) return filter.where ? filter.where.masked(bias) : bias;
  return ItemSet.of(items, allowedItems(filter)!).masked(bias);
}

/** The number of queries from `first` on that fit into one call; at least one. */
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

/** Ranks a block of queries in one call of the engine. */
function rankBlock(
  engine: RankingEngine,
  block: readonly Query[],
  k: number,
  excluded: Csr,
  { itemBias, term }: ScoredModel,
): RankedItem[][] {
  const queries = matrix(block.length, engine.items.columns);
  block.forEach((query, q) => {
    row(queries, q).set(query.embedding);
  });
  const additions = term?.rows(block);
  const ranked = engine.rank({ queries, k, excluded, itemBias, additions });
  return block.map((_, q) => {
    const list: RankedItem[] = [];
    // The engine fills missing places with item −1; an engine may also list items that a bias of −Infinity keeps out.
    for (let at = q * k; at < (q + 1) * k && ranked.scores[at]! > -Infinity; at++) {
      list.push({ item: ranked.items[at]!, score: ranked.scores[at]! });
    }
    return list;
  });
}
