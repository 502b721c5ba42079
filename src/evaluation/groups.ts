import { discount, idealDcg } from './metrics.ts';

/** How items are divided into popularity groups: equal shares of the interactions (default), or equal numbers of items. */
export type GroupBy = 'interactions' | 'items';

/** Items in groups of like popularity. */
export interface PopularityGroups {
  readonly by: GroupBy;
  readonly count: number;
  /** [items] the group of each item, 0 (least popular) .. count − 1 (most popular). */
  readonly groupOf: Int32Array;
  /** [count] items of each group. */
  readonly items: Int32Array;
  /** [count] training interactions of each group. */
  readonly interactions: Float64Array;
}

/**
 * Divides items, sorted by training popularity (ties by id), into `count` groups. By interactions, an item belongs to the group in which the middle
 * of its own interactions falls, so a group can be empty when one item holds more than a group's share. Source: Wu et al., ICDE 2024 (BSL), section on fairness.
 * @param popularity [items] training interactions of each item.
 * @param count ≥ 1, default 10.
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
    const share = by === 'items' ? position / n : total > 0 ? (before + popularity[item]! / 2) / total : 0;
    const group = Math.min(count - 1, Math.floor(share * count));
    groups.groupOf[item] = group;
    groups.items[group]!++;
    groups.interactions[group]! += popularity[item]!;
    before += popularity[item]!;
  }
  return groups;
}

/** Each group's part of a metric. */
export interface GroupReport {
  readonly by: GroupBy;
  /** [groups], least popular first. */
  readonly items: readonly number[];
  readonly interactions: readonly number[];
  /** By metric ('recall@20', 'ndcg@20'): [groups], what hits of the group's items contribute; they sum to the metric. */
  readonly contributions: Readonly<Record<string, readonly number[]>>;
  /** By metric: the coefficient of variation of the contributions. 0 = all groups contribute alike; √(groups − 1) = one group gives all. */
  readonly spread: Readonly<Record<string, number>>;
}

/** Standard deviation over the mean (population form); 0 when the mean is 0. */
export function coefficientOfVariation(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  if (sum === 0) return 0;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / values.length) / mean;
}

/** Sums the groups' contributions over users, in the order in which users are added. */
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

  /** Adds a user's list, with the positions of its hits and |T_u|: a hit gives 1/|T_u| to recall and discount/ideal DCG to NDCG. */
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

  /** The report, sums divided by the number of users. */
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
