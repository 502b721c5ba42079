import { csrHas, csrRow } from '../../src/array/csr.ts';
import type { UserRanker } from '../../src/evaluation/rankers.ts';

/** Ranks by a given score matrix with a full sort of each row: the plainest ranker there is. */
export function scoreMatrixRanker(scores: readonly (readonly number[])[]): UserRanker {
  const items = scores[0]!.length;
  return {
    items,
    rankUsers(users, k, excluded, targets) {
      const lists = new Int32Array(users.length * k).fill(-1);
      const listScores = new Float32Array(users.length * k).fill(Number.NEGATIVE_INFINITY);
      const above: number[] = [];
      users.forEach((user, q) => {
        const of = scores[user]!;
        const order = of
          .map((_, item) => item)
          .filter((item) => !csrHas(excluded, q, item))
          .sort((a, b) => of[b]! - of[a]! || a - b);
        order.slice(0, k).forEach((item, p) => {
          lists[q * k + p] = item;
          listScores[q * k + p] = of[item]!;
        });
        if (targets) for (const item of csrRow(targets, q)) above.push(order.indexOf(item));
      });
      return { items: lists, scores: listScores, above: targets && Int32Array.from(above) };
    },
  };
}
