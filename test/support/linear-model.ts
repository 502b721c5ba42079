import fc from 'fast-check';
import type { UserRanker } from '../../src/evaluation/rankers.ts';
import { csrOf } from './evaluation-case.ts';

/** Random small interactions: one list of distinct items for each user, then one user for each item, who has that item alone. */
export const linearCases: fc.Arbitrary<{ items: number; lists: number[][] }> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 14 }))
  .chain(([items, users]) =>
    fc.record({
      items: fc.constant(items),
      lists: fc.array(fc.uniqueArray(fc.nat(items - 1)), { minLength: users, maxLength: users }),
    }),
  )
  .map(({ items, lists }) => ({ items, lists: [...lists, ...Array.from({ length: items }, (_, item) => [item])] }));

/** [items × items] XᵀX. */
export function gramOf({ items, lists }: { items: number; lists: number[][] }): number[][] {
  const shared = (i: number, j: number) => lists.filter((list) => list.includes(i) && list.includes(j)).length;
  return Array.from({ length: items }, (_, i) => Array.from({ length: items }, (_, j) => shared(i, j)));
}

/** [items × items] the weights of a linear model of items by items: row i is what the last users' ranker scores, who have item i alone. */
export function weightsOf(ranker: UserRanker, { items, lists }: { items: number; lists: number[][] }): number[][] {
  return Array.from({ length: items }, (_, i) => scoresOf(ranker, lists.length - items + i));
}

/** [items] a user's scores by item. */
export function scoresOf(ranker: UserRanker, user: number): number[] {
  const ranked = ranker.rankUsers(Int32Array.of(user), ranker.items, csrOf(ranker.items, [[]]));
  const scores = new Array<number>(ranker.items);
  ranked.items.forEach((item, place) => {
    scores[item] = ranked.scores[place]!;
  });
  return scores;
}

/** 20 users × 20 items, even users with the even items and odd ones with the odd; of each user one item is withheld for the test. */
export function withheldCheckerboard() {
  const row = (user: number) => Array.from({ length: 10 }, (_, n) => 2 * n + (user % 2));
  const users = Array.from({ length: 20 }, (_, user) => user);
  const withheld = (user: number) => row(user)[user % 10]!;
  const train = csrOf(
    20,
    users.map((user) => row(user).filter((item) => item !== withheld(user))),
  );
  const test = csrOf(
    20,
    users.map((user) => [withheld(user)]),
  );
  return { train, test };
}
