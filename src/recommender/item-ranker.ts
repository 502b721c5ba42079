import { row } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { DiscoveryBias, type DiscoveryModel } from './discovery-bias.ts';
import type { ItemFilter } from './item-filter.ts';
import { type Query, type RankedItem, rankLists } from './list-ranker.ts';
import { candidateCount, MarginalRelevance } from './maximal-marginal-relevance.ts';
import { biasedScore, scoreOf } from './vectors.ts';

/** What lists are asked for. */
export interface ListRequest {
  readonly k: number;
  readonly filter: ItemFilter;
  /** In [0, 1]. */
  readonly diversity: number;
  /** In [0, 1]. */
  readonly discover: number;
}

/** Ranks a model's items for embeddings: by score, moved by the popularity dial, chosen for diversity. What the dials need is made when one is first turned. */
export class ItemRanker {
  readonly #engine: Engine;
  readonly #model: DiscoveryModel;
  readonly #index?: ApproximateIndex;
  #discovery?: DiscoveryBias;
  #diversity?: MarginalRelevance;

  /**
   * @param engine holds the embeddings.
   * @param index where present, ranks what it can: see `OpenOptions`.
   */
  constructor(engine: Engine, model: DiscoveryModel, index?: ApproximateIndex) {
    this.#engine = engine;
    this.#model = model;
    this.#index = index;
  }

  /** The list of each query, in the order of the request; scores are the model's. */
  rank(queries: readonly Query[], request: ListRequest): RankedItem[][] {
    const { k, filter, diversity } = request;
    const bias = this.biasOf(request.discover);
    const count = diversity > 0 ? candidateCount(k) : k;
    const ranked = this.#ranked(queries, count, filter, bias);
    const lists = diversity > 0 ? ranked.map((list) => this.#diversified(list, k, diversity)) : ranked;
    return bias === this.#model.itemBias ? lists : lists.map((list, q) => this.#scored(queries[q]!, list));
  }

  /** [items] what is added to scores with the popularity dial at `discover`; absent: nothing. */
  biasOf(discover: number): Float32Array | undefined {
    if (discover === 0) return this.#model.itemBias;
    this.#discovery ??= new DiscoveryBias(this.#engine, this.#model);
    return this.#discovery.biasOf(discover);
  }

  /** By the index where there is one, no allow-list and no popularity dial; queries that it declines, and all others, exactly. */
  #ranked(queries: readonly Query[], k: number, filter: ItemFilter, bias?: Float32Array): RankedItem[][] {
    const index = filter.allowed || bias !== this.#model.itemBias ? undefined : this.#index;
    const found = queries.map((query) => index?.best(this.#engine, query, k, filter.excluded));
    const others = queries.filter((_, q) => !found[q]);
    const exact = rankLists(this.#engine, this.#model.score, others, k, filter, bias).values();
    return found.map((list) => list ?? exact.next().value!);
  }

  #diversified(candidates: readonly RankedItem[], k: number, diversity: number): RankedItem[] {
    this.#diversity ??= new MarginalRelevance(this.#engine.items);
    return this.#diversity.pick(candidates, k, diversity);
  }

  /** The list with the model's scores in place of those that it was ranked by. */
  #scored({ embedding }: Query, list: readonly RankedItem[]): RankedItem[] {
    const { score, itemBias } = this.#model;
    return list.map(({ item }) => {
      const plain = scoreOf(score, embedding, row(this.#engine.items, item));
      return { item, score: biasedScore(plain, itemBias?.[item]) };
    });
  }
}
