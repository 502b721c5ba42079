import { discount, idealDcg } from './metrics.ts';

/** How to divide items into popularity groups: equal shares of the interactions (default), or equal numbers of items. */
export type GroupBy = 'interactions' | 'items';

/** Items divided into groups of similar popularity. */
export interface PopularityGroups {
  readonly by: GroupBy;
  readonly count: number;
  /** [items] the group of each item, from 0 (least popular) to count − 1 (most popular). */
  readonly groupOf: Int32Array;
  /** [count] number of items in each group. */
  readonly items: Int32Array;
  /** [count] number of training interactions in each group. */
  readonly interactions: Float64Array;
}

/**
 * Sorts items by training popularity (ties by id) and divides them into `count` groups. With `by: 'interactions'`, the items' interactions are laid end to
 * end, and an item belongs to the group that contains the middle of its stretch. A group can be empty if one item has more than a group's share.
 * Source: Wu et al., ICDE 2024 (BSL), section on fairness.
 * @param popularity [items] number of training interactions.
 * @param count Number of groups, ≥ 1. Default 10.
 */
export function popularityGroups(
  popularity: ArrayLike<number>,
  by: GroupBy = 'interactions',
  count = 10,
): PopularityGroups {
  const n = popularity.length;
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => popularity[a]! - popularity[b]! || a - b);
  const groups = {
    by,
    count,
    groupOf: new Int32Array(n),
    items: new Int32Array(count),
    interactions: new Float64Array(count),
  };
  let total = 0;
  for (let i = 0; i < n; i++) total += popularity[i]!;
  let before = 0;
  for (let position = 0; position < n; position++) {
    const item = order[position]!;
    // Position of the item in [0, 1): among items, or the middle of its stretch of interactions.
    const share = by === 'items' ? position / n : total > 0 ? (before + popularity[item]! / 2) / total : 0;
    const group = Math.min(count - 1, Math.floor(share * count));
    groups.groupOf[item] = group;
    groups.items[group]!++;
    groups.interactions[group]! += popularity[item]!;
    before += popularity[item]!;
  }
  return groups;
}

/** The contribution of each popularity group to the metrics. */
export interface GroupReport {
  readonly by: GroupBy;
  /** [groups] number of items, least popular group first. */
  readonly items: readonly number[];
  /** [groups] number of training interactions. */
  readonly interactions: readonly number[];
  /** By metric ('recall@20', 'ndcg@20'): [groups] contribution of hits on the group's items. Contributions sum to the metric. */
  readonly contributions: Readonly<Record<string, readonly number[]>>;
  /** By metric: coefficient of variation of the contributions. 0: all groups contribute equally; √(groups − 1): one group contributes everything. */
  readonly spread: Readonly<Record<string, number>>;
}

/** Coefficient of variation: population standard deviation divided by the mean; 0 if the mean is 0. */
export function coefficientOfVariation(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  if (sum === 0) return 0;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / values.length) / mean;
}

/** Sums the contributions of popularity groups over users, in the order in which users are added. */
export class GroupTally {
  private readonly groups: PopularityGroups;
  private readonly ks: readonly number[];
  private readonly sums: Record<string, Float64Array> = {};

  constructor(groups: PopularityGroups, ks: readonly number[]) {
    this.groups = groups;
    this.ks = ks;
    for (const k of ks)
      for (const name of ['recall', 'ndcg']) this.sums[`${name}@${k}`] = new Float64Array(groups.count);
  }

  /** Adds a user's list. A hit at position p contributes 1/|T_u| to recall and discount(p)/ideal DCG to NDCG. @param hits 0-based positions, ascending. @param relevant |T_u|. */
  add(list: ArrayLike<number>, hits: readonly number[], relevant: number): void {
    for (const k of this.ks) {
      for (const p of hits) {
        if (p >= k) break;
        const group = this.groups.groupOf[list[p]!]!;
        this.sums[`recall@${k}`]![group]! += 1 / relevant;
        this.sums[`ndcg@${k}`]![group]! += discount(p) / idealDcg(relevant, k);
      }
    }
  }

  /** The sums divided by the number of users. */
  report(users: number): GroupReport {
    const contributions: Record<string, number[]> = {};
    const spread: Record<string, number> = {};
    for (const [name, sums] of Object.entries(this.sums)) {
      contributions[name] = Array.from(sums, (sum) => sum / users);
      spread[name] = coefficientOfVariation(contributions[name]);
    }
    const { by, items, interactions } = this.groups;
    return { by, items: [...items], interactions: [...interactions], contributions, spread };
  }
}
