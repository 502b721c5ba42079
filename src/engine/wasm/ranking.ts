import { type Csr, csrRow } from '../../array/csr.ts';
import type { EnginePlan, RankRequest, RankResult } from '../engine.ts';
import type { Crew } from './crew.ts';
import { normalizeItems, scoreItems } from './item-rows.ts';
import { ITEM_BLOCK, QUERY_BLOCK, QUERY_ROUND, RANK_STRIDE, type ThreadMemory, Word } from './memory.ts';

/** The preparation of rows for ranking, as arguments of gatherRows: normalised for cosine scores, without dropout. */
function rankPreparation({ score, rankingScore = score }: EnginePlan) {
  return { cosine: rankingScore === 'cosine', drop: false, dropKey: 0, keepBelow: 0, keepScale: 1 };
}

/**
 * Full ranking on one thread: scores at most QUERY_BLOCK queries × ITEM_BLOCK items at a time and offers each score to the query's best k. The whole score matrix
 * [queries × items] never exists.
 */
export class Ranking {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly threads: number;
  /** Addresses of this thread's parts: [QUERY_BLOCK × RANK_STRIDE] scores, [ITEM_BLOCK × stride] item rows, and 8 scores of one target's panel. */
  private readonly scoresAt: number;
  private readonly itemsAt: number;
  private readonly targetAt: number;

  constructor(memory: ThreadMemory, crew: Crew, thread: number) {
    const { at, stride, length } = memory.layout;
    const threads = length.threadItems / (ITEM_BLOCK * stride);
    this.memory = memory;
    this.crew = crew;
    this.threads = threads;
    this.scoresAt = at.threadScores + (length.threadScores / threads) * 4 * thread;
    this.itemsAt = at.threadItems + ITEM_BLOCK * stride * 4 * thread;
    this.targetAt = at.threadTargets + 64 * thread;
  }

  /** Packs the item embeddings, normalised for cosine scores, into panels of eight items; of items of 16 bits, which lie in panels, only their scales are computed. A task is a block of ITEM_BLOCK items. */
  prepare(): void {
    const { floats, kernels, layout, plan } = this.memory;
    const { cosine } = rankPreparation(plan);
    const { at, length, stride } = layout;
    const bytes = stride * 4;
    const isHalf = length.itemHalves > 0;
    if (isHalf && !cosine) return;
    const blocks = Math.ceil(plan.items / ITEM_BLOCK);
    for (let task = this.crew.nextTask(); task < blocks; task = this.crew.nextTask()) {
      const from = task * ITEM_BLOCK;
      const count = Math.min(plan.items - from, ITEM_BLOCK);
      // the buffer of the scores is free at this time
      normalizeItems(this.memory, from, count, this.itemsAt, this.scoresAt, cosine);
      if (isHalf) {
        const norms = this.scoresAt >>> 2;
        for (let i = 0; i < count; i++) floats[(at.itemScales >>> 2) + from + i] = 1 / floats[norms + i]!;
        continue;
      }
      kernels.packPanels(this.itemsAt, bytes, stride, 0, count, count, at.rankPanels + from * bytes);
    }
  }

  /**
   * Ranks the queries of this round: the best k of each, and for its targets the number of items above. A task is a block of queries, which then goes through
   * all items in ascending order, as offerTop requires.
   */
  rank(): void {
    const { control, kernels, layout, plan } = this.memory;
    const preparation = rankPreparation(plan);
    const { at, stride } = layout;
    const queries = control[Word.queries]!;
    const k = control[Word.k]!;
    const bytes = stride * 4;
    // blocks of equal size, as many for each thread; a multiple of 4 fills the register tiles
    const each = this.threads * Math.ceil(queries / (this.threads * QUERY_BLOCK));
    const block = 4 * Math.ceil(queries / (4 * each));
    const blocks = Math.ceil(queries / block);
    const scoreBytes = RANK_STRIDE * 4;
    const biased = control[Word.hasItemBias] === 1;
    for (let task = this.crew.nextTask(); task < blocks; task = this.crew.nextTask()) {
      const from = task * block;
      const to = Math.min(queries, from + block);
      kernels.gatherRows({
        table: at.rawQueries,
        stride: bytes,
        d: stride,
        list: 0,
        ids: 0,
        from,
        to,
        packed: at.queries,
        norms: at.queryNorms,
        ...preparation,
      });
      const { additionOffsets, excludedOffsets } = at;
      const additions = new ListWalk(this.memory.ints, additionOffsets, at.additions, from, to);
      const excluded = new ListWalk(this.memory.ints, excludedOffsets, at.excluded, from, to);
      for (let q = from; q < to; q++) kernels.startTop(at.topScores + q * k * 4, at.topItems + q * k * 4, k);
      const targetScores = control[Word.hasTargets] ? this.scoreTargets(from, to) : undefined;
      const scored = {
        queries: at.queries + from * bytes,
        m: to - from,
        scores: this.scoresAt,
        scoreStride: scoreBytes,
        accumulate: biased,
        scratch: this.itemsAt,
      };
      for (let first = 0; first < plan.items; first += ITEM_BLOCK) {
        const count = Math.min(plan.items - first, ITEM_BLOCK);
        const width = (count + 3) & ~3;
        if (biased) for (let q = 0; q < to - from; q++) this.putBias(this.scoresAt + q * scoreBytes, first, width);
        scoreItems(this.memory, scored, first, count);
        this.add(additions, first, count);
        this.exclude(excluded, first, count);
        const top = from * k * 4;
        kernels.offerTop(this.scoresAt, scoreBytes, to - from, count, first, at.topScores + top, at.topItems + top, k);
        if (!targetScores) continue;
        const begin = this.word('targetOffsets', from);
        for (let q = from; q < to; q++) {
          this.countTargets(q, this.scoresAt + (q - from) * scoreBytes, first, count, targetScores, begin);
        }
      }
      for (let q = from; q < to; q++) kernels.finishTop(at.topScores + q * k * 4, at.topItems + q * k * 4, k);
    }
  }

  /** Writes the biases of `count` items from `first` on to the place of their scores; the product then adds to them. */
  private putBias(scores: number, first: number, count: number): void {
    const { floats, layout } = this.memory;
    const from = (layout.at.itemBias >>> 2) + first;
    floats.copyWithin(scores >>> 2, from, from + count);
  }

  /** Adds the queries' additions to the scores of a block of `count` items. */
  private add(walk: ListWalk, first: number, count: number): void {
    const { floats, layout } = this.memory;
    const values = layout.at.additionValues >>> 2;
    for (let row = 0; row < walk.rows; row++) {
      const scores = (this.scoresAt >>> 2) + row * RANK_STRIDE - first;
      while (walk.due[row]! < first + count) floats[scores + walk.due[row]!]! += floats[values + walk.take(row)]!;
    }
  }

  /** Sets the scores of the queries' excluded items in a block of `count` items to −Infinity. */
  private exclude(walk: ListWalk, first: number, count: number): void {
    const { floats } = this.memory;
    for (let row = 0; row < walk.rows; row++) {
      const scores = (this.scoresAt >>> 2) + row * RANK_STRIDE - first;
      for (; walk.due[row]! < first + count; walk.take(row)) floats[scores + walk.due[row]!] = -Infinity;
    }
  }

  /** The scores of the targets of queries [from, to), by the same product as in `rank`: equal scores are then equal bit for bit. Sets the targets' counts to 0. */
  private scoreTargets(from: number, to: number): Float32Array {
    const { control, floats, ints, layout } = this.memory;
    const { at, stride } = layout;
    const biased = control[Word.hasItemBias] === 1;
    const begin = this.word('targetOffsets', from);
    const scores = new Float32Array(this.word('targetOffsets', to) - begin);
    for (let q = from; q < to; q++) {
      for (let e = this.word('targetOffsets', q); e < this.word('targetOffsets', q + 1); e++) {
        const item = ints[(at.targets >>> 2) + e]!;
        ints[(at.above >>> 2) + e] = 0;
        if (biased) this.putBias(this.targetAt, item & ~7, 8);
        const one = { queries: at.queries + q * stride * 4, m: 1, scores: this.targetAt, scoreStride: 32 };
        scoreItems(this.memory, { ...one, accumulate: biased, scratch: this.itemsAt }, item & ~7, 8);
        scores[e - begin] = floats[(this.targetAt >>> 2) + (item & 7)]! + this.additionOf(q, item);
      }
    }
    return scores;
  }

  /** The query's addition to the score of an item; a binary search. */
  private additionOf(q: number, item: number): number {
    const { floats, ints, layout } = this.memory;
    const list = layout.at.additions >>> 2;
    const end = this.word('additionOffsets', q + 1);
    let low = this.word('additionOffsets', q);
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ints[list + middle]! < item) low = middle + 1;
      else high = middle;
    }
    return low < end && ints[list + low] === item ? floats[(layout.at.additionValues >>> 2) + low]! : 0;
  }

  /** Adds to each target's count the items of this block that rank above it. */
  private countTargets(
    q: number,
    scores: number,
    first: number,
    count: number,
    targetScores: Float32Array,
    begin: number,
  ): void {
    const { ints, kernels, layout } = this.memory;
    const { at } = layout;
    for (let e = this.word('targetOffsets', q); e < this.word('targetOffsets', q + 1); e++) {
      const item = ints[(at.targets >>> 2) + e]!;
      const score = targetScores[e - begin]!;
      // items before the target win ties (score ≥), items after it lose them (score >); the target itself is in neither part
      const before = Math.min(Math.max(item - first, 0), count);
      const after = Math.min(Math.max(item + 1 - first, 0), count);
      const above =
        kernels.countAbove(scores, before, score, true) +
        kernels.countAbove(scores + after * 4, count - after, score, false);
      ints[(at.above >>> 2) + e]! += above;
    }
  }

  private word(region: 'excludedOffsets' | 'additionOffsets' | 'targetOffsets', index: number): number {
    return this.memory.ints[(this.memory.layout.at[region] >>> 2) + index]!;
  }
}

/** Walks the item lists of some queries along the blocks of items: lists and items both ascend, and most blocks have no item of a list. */
class ListWalk {
  readonly rows: number;
  /** [rows] the next item of each list; past its end no item. */
  readonly due: Int32Array;
  private readonly ints: Int32Array;
  private readonly list: number;
  private readonly next: Int32Array;
  private readonly ends: Int32Array;

  /** @param offsets address of the offsets of all queries' lists @param list address of the items */
  constructor(ints: Int32Array, offsets: number, list: number, from: number, to: number) {
    const at = offsets >>> 2;
    this.rows = to - from;
    this.ints = ints;
    this.list = list >>> 2;
    this.next = ints.slice(at + from, at + to);
    this.ends = ints.slice(at + from + 1, at + to + 1);
    this.due = new Int32Array(this.rows);
    for (let row = 0; row < this.rows; row++) this.look(row);
  }

  /** Passes the next item of a row's list, and returns its place in all lists. */
  take(row: number): number {
    const place = this.next[row]!++;
    this.look(row);
    return place;
  }

  private look(row: number): void {
    const place = this.next[row]!;
    this.due[row] = place < this.ends[row]! ? this.ints[this.list + place]! : NO_ITEM;
  }
}

/** Above every item. */
const NO_ITEM = 2 ** 31 - 1;

/** Ranks all queries of a request in rounds that fit the engine's memory; `run` ranks the round whose queries and lists are in the memory. */
export function rankRounds(memory: ThreadMemory, request: RankRequest, run: () => void): RankResult {
  const { control, floats, layout, plan } = memory;
  const { queries, targets, itemBias } = request;
  const k = Math.min(request.k, plan.items);
  const items = new Int32Array(queries.rows * request.k).fill(-1);
  const scores = new Float32Array(queries.rows * request.k).fill(Number.NEGATIVE_INFINITY);
  const above = targets && new Int32Array(targets.indices.length);
  control[Word.k] = k;
  control[Word.hasTargets] = targets ? 1 : 0;
  control[Word.hasItemBias] = itemBias ? 1 : 0;
  if (itemBias) floats.set(itemBias, layout.at.itemBias >>> 2);
  for (let from = 0; from < queries.rows; ) {
    const to = roundEnd(memory, request, from, k);
    putRound(memory, request, from, to);
    run();
    const top = layout.at.topItems >>> 2;
    for (let q = from; q < to; q++) {
      const at = top + (q - from) * k;
      items.set(memory.ints.subarray(at, at + k), q * request.k);
      const scoreAt = (layout.at.topScores >>> 2) + (q - from) * k;
      scores.set(memory.floats.subarray(scoreAt, scoreAt + k), q * request.k);
    }
    if (above) {
      const first = targets.offsets[from]!;
      const aboveAt = layout.at.above >>> 2;
      above.set(memory.ints.subarray(aboveAt, aboveAt + targets.offsets[to]! - first), first);
    }
    from = to;
  }
  return { items, scores, above };
}

/** The end of the longest range of queries from `from` whose results and lists fit the regions of a round; at least one query. */
function roundEnd(memory: ThreadMemory, request: RankRequest, from: number, k: number): number {
  const { queries, excluded, additions, targets } = request;
  const { length } = memory.layout;
  const most = Math.max(1, Math.min(QUERY_ROUND, Math.floor(length.topItems / k)));
  let to = Math.min(queries.rows, from + most);
  const fits = (m: Csr | undefined, room: number) => !m || m.offsets[to]! - m.offsets[from]! <= room;
  while (
    to > from + 1 &&
    !(fits(excluded, length.excluded) && fits(additions, length.additions) && fits(targets, length.targets))
  )
    to--;
  return to;
}

/** Copies queries [from, to), their excluded items and their targets into the memory; list offsets count from 0 in each round. */
function putRound(memory: ThreadMemory, request: RankRequest, from: number, to: number): void {
  const { control, floats, ints, layout } = memory;
  const { at, stride } = layout;
  const { queries } = request;
  control[Word.queries] = to - from;
  for (let q = from; q < to; q++) {
    const row = queries.data.subarray(q * queries.stride, q * queries.stride + queries.columns);
    const target = (at.rawQueries >>> 2) + (q - from) * stride;
    floats.fill(0, target, target + stride);
    floats.set(row, target);
  }
  const putLists = (m: Csr | undefined, offsetsAt: number, listAt: number) => {
    let filled = 0;
    ints[offsetsAt >>> 2] = 0;
    for (let q = from; q < to; q++) {
      if (m) {
        const list = csrRow(m, q);
        ints.set(list, (listAt >>> 2) + filled);
        filled += list.length;
      }
      ints[(offsetsAt >>> 2) + q - from + 1] = filled;
    }
  };
  putLists(request.excluded, at.excludedOffsets, at.excluded);
  putLists(request.additions, at.additionOffsets, at.additions);
  if (request.additions) {
    const { offsets, values } = request.additions;
    floats.set(values!.subarray(offsets[from]!, offsets[to]!), at.additionValues >>> 2);
  }
  putLists(request.targets, at.targetOffsets, at.targets);
}
