import { BestItems } from '../array/best-items.ts';
import type { Csr } from '../array/csr.ts';
import { matrix, row } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import { difference, exclusions, forbiddenItems, type ItemFilter } from './item-filter.ts';
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
 * A short allow-list (at most a quarter of the items) is scored directly; otherwise the engine ranks all items, a block of queries at a time.
 */
export function rankLists(
  engine: Engine,
  model: ScoredModel,
  queries: readonly Query[],
  k: number,
  filter: ItemFilter,
): RankedItem[][] {
  const { items } = engine;
  if (scoredDirectly(filter, items.rows)) {
    const allowed = filter.allowed!;
    return queries.map((query) => {
      const best = new BestItems(Math.min(k, allowed.length));
      const scorer = new QueryScorer(items, model, query);
      for (const item of difference(allowed, query.seen)) best.offer(item, scorer.of(item));
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
    lists.push(...rankBlock(engine, block, Math.min(k, items.rows), excluded, model));
    first += block.length;
  }
  return lists;
}

/** The number of items that the filter and the query leave which rank above `item`, as `rankLists` orders them. */
export function itemsAbove(engine: Engine, model: ScoredModel, query: Query, item: number, filter: ItemFilter): number {
  const { items } = engine;
  if (scoredDirectly(filter, items.rows)) {
    const scorer = new QueryScorer(items, model, query);
    const score = scorer.of(item);
    const isAbove = (other: number) => scorer.of(other) > score || (scorer.of(other) === score && other < item);
    return difference(filter.allowed!, query.seen).filter(isAbove).length;
  }
  const queries = matrix(1, items.columns);
  row(queries, 0).set(query.embedding);
  const excluded = exclusions([query.seen], forbiddenItems(filter, items.rows), items.rows);
  const targets = { rows: 1, columns: items.rows, offsets: Int32Array.of(0, 1), indices: Int32Array.of(item) };
  const { itemBias, term } = model;
  const additions = term?.rows([query]);
  return engine.rank({ queries, k: 1, excluded, targets, itemBias, additions }).above![0]!;
}

/** True for an allow-list so short that its items are scored directly. */
function scoredDirectly({ allowed }: ItemFilter, items: number): boolean {
  return allowed !== undefined && allowed.length * 4 <= items;
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
  engine: Engine,
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
    // The engine fills missing places with item −1.
    for (let at = q * k; at < (q + 1) * k && ranked.items[at]! >= 0; at++) {
      list.push({ item: ranked.items[at]!, score: ranked.scores[at]! });
    }
    return list;
  });
}
