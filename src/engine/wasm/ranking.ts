import type { Crew } from './crew.ts';
import { ITEM_BLOCK, QUERY_BLOCK } from './layout.ts';
import { type ThreadMemory, Word } from './memory.ts';

/** Full ranking: a block of queries against a block of items at a time, each score offered to the query's best k; the score matrix never exists. */
export class Ranking {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly scoresAt: number;
  private readonly itemsAt: number;
  private readonly targetAt: number;

  constructor(memory: ThreadMemory, crew: Crew, thread: number) {
    const { at, stride, length } = memory.layout;
    const threads = length.threadItems / (ITEM_BLOCK * stride);
    this.memory = memory;
    this.crew = crew;
    this.scoresAt = at.threadScores + (length.threadScores / threads) * 4 * thread;
    this.itemsAt = at.threadItems + ITEM_BLOCK * stride * 4 * thread;
    this.targetAt = at.threadTargets + 64 * thread;
  }

  /** Item embeddings, normalised for cosine, into panels. */
  prepare(): void {
    const { kernels, layout, plan } = this.memory;
    const { at, finals, stride } = layout;
    const bytes = stride * 4;
    const blocks = Math.ceil(plan.items / ITEM_BLOCK);
    for (let task = this.crew.nextTask(); task < blocks; task = this.crew.nextTask()) {
      const from = task * ITEM_BLOCK;
      const count = Math.min(plan.items - from, ITEM_BLOCK);
      // the norms go where the scores will be: nobody reads them
      kernels.gatherRows(
        finals.items + from * bytes,
        bytes,
        stride,
        0,
        0,
        count,
        this.itemsAt,
        this.scoresAt,
        plan.score === 'cosine',
        false,
        0,
        0,
        1,
      );
      kernels.packPanels(this.itemsAt, bytes, stride, 0, count, count, at.rankPanels + from * bytes);
    }
  }

  /** The queries of this round: best k each, and for listed targets the number of items above. */
  rank(): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, stride } = layout;
    const queries = control[Word.queries]!;
    const k = control[Word.k]!;
    const bytes = stride * 4;
    const blocks = Math.ceil(queries / QUERY_BLOCK);
    const scoreBytes = ITEM_BLOCK * 4;
    const biased = control[Word.hasItemBias] === 1;
    for (let task = this.crew.nextTask(); task < blocks; task = this.crew.nextTask()) {
      const from = task * QUERY_BLOCK;
      const to = Math.min(queries, from + QUERY_BLOCK);
      kernels.gatherRows(
        at.rawQueries,
        bytes,
        stride,
        0,
        from,
        to,
        at.queries,
        at.queryNorms,
        plan.score === 'cosine',
        false,
        0,
        0,
        1,
      );
      const nextExcluded = new Int32Array(to - from);
      for (let q = from; q < to; q++) {
        nextExcluded[q - from] = this.word('excludedOffsets', q);
        kernels.startTop(at.topScores + q * k * 4, at.topItems + q * k * 4, k);
      }
      const targetScores = control[Word.hasTargets] ? this.scoreTargets(from, to) : undefined;
      for (let first = 0; first < plan.items; first += ITEM_BLOCK) {
        const count = Math.min(plan.items - first, ITEM_BLOCK);
        const width = (count + 3) & ~3;
        if (biased) for (let q = 0; q < to - from; q++) this.putBias(this.scoresAt + q * scoreBytes, first, width);
        kernels.product(
          at.queries + from * bytes,
          bytes,
          4,
          at.rankPanels + first * bytes,
          32,
          stride * 32,
          this.scoresAt,
          scoreBytes,
          to - from,
          width,
          stride,
          biased,
        );
        for (let q = from; q < to; q++) {
          const scores = this.scoresAt + (q - from) * scoreBytes;
          nextExcluded[q - from] = this.exclude(q, nextExcluded[q - from]!, scores, first, count);
          kernels.offerTop(scores, count, first, at.topScores + q * k * 4, at.topItems + q * k * 4, k);
          if (targetScores) this.countTargets(q, scores, first, count, targetScores, this.word('targetOffsets', from));
        }
      }
      for (let q = from; q < to; q++) kernels.finishTop(at.topScores + q * k * 4, at.topItems + q * k * 4, k);
    }
  }

  /** The biases of `count` items from `first` on, where their scores will be: the product adds to them. */
  private putBias(scores: number, first: number, count: number): void {
    const { floats, layout } = this.memory;
    const from = (layout.at.itemBias >>> 2) + first;
    floats.copyWithin(scores >>> 2, from, from + count);
  }

  /** Sets the scores of the query's excluded items in this block to −Infinity; returns where its list goes on. */
  private exclude(q: number, next: number, scores: number, first: number, count: number): number {
    const { floats, ints, layout } = this.memory;
    const list = layout.at.excluded >>> 2;
    const end = this.word('excludedOffsets', q + 1);
    let e = next;
    for (; e < end; e++) {
      const item = ints[list + e]!;
      if (item >= first + count) break;
      floats[(scores >>> 2) + item - first] = -Infinity;
    }
    return e;
  }

  /** Scores of the targets of queries [from, to), by the same product as the ranking's, so that they compare exactly. */
  private scoreTargets(from: number, to: number): Float32Array {
    const { control, floats, ints, kernels, layout } = this.memory;
    const { at, stride } = layout;
    const biased = control[Word.hasItemBias] === 1;
    const begin = this.word('targetOffsets', from);
    const scores = new Float32Array(this.word('targetOffsets', to) - begin);
    for (let q = from; q < to; q++) {
      for (let e = this.word('targetOffsets', q); e < this.word('targetOffsets', q + 1); e++) {
        const item = ints[(at.targets >>> 2) + e]!;
        ints[(at.above >>> 2) + e] = 0;
        const panel = at.rankPanels + (item >>> 3) * stride * 32;
        if (biased) this.putBias(this.targetAt, item & ~7, 8);
        kernels.product(
          at.queries + q * stride * 4,
          stride * 4,
          4,
          panel,
          32,
          stride * 32,
          this.targetAt,
          32,
          1,
          8,
          stride,
          biased,
        );
        scores[e - begin] = floats[(this.targetAt >>> 2) + (item & 7)]!;
      }
    }
    return scores;
  }

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
      // items before the target win ties, items after it lose them
      const before = Math.min(Math.max(item - first, 0), count);
      const after = Math.min(Math.max(item + 1 - first, 0), count);
      const above =
        kernels.countAbove(scores, before, score, true) +
        kernels.countAbove(scores + after * 4, count - after, score, false);
      ints[(at.above >>> 2) + e]! += above;
    }
  }

  private word(region: 'excludedOffsets' | 'targetOffsets', index: number): number {
    return this.memory.ints[(this.memory.layout.at[region] >>> 2) + index]!;
  }
}
