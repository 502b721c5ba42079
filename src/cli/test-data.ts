import { type Csr, csrFromEntries, csrHas, csrRow } from '../array/csr.ts';
import type { IdMap } from '../data/id-map.ts';
import type { Interactions } from '../data/interactions.ts';
import type { Model } from '../model/model.ts';

/** Held-out interactions in a model's index space: ids that the model does not know follow its own. */
export interface TestData {
  readonly test: Csr;
  readonly users: { idOf(index: number): string };
  readonly sha256: string;
  readonly source: string;
  /** Interactions of users, and with items, that the model does not know. */
  readonly unknownUsers: number;
  readonly unknownItems: number;
  /** Interactions that the model was trained on. */
  readonly seen: number;
}

/** Brings a log into a model's index space. */
export function testDataOf(log: Interactions, model: Pick<Model, 'userIds' | 'itemIds' | 'seen'>): TestData {
  const users = placed(log.userIds, model.userIds);
  const items = placed(log.itemIds, model.itemIds);
  const userOf = log.users.map((user) => users.codes[user]!);
  const itemOf = log.items.map((item) => items.codes[item]!);
  const count = (codes: Int32Array, known: number) => codes.reduce((sum, code) => sum + (code >= known ? 1 : 0), 0);
  const test = csrFromEntries(users.size, items.size, userOf, itemOf);
  return {
    test,
    users: {
      idOf: (index) =>
        index < model.userIds.size
          ? model.userIds.idOf(index)
          : log.userIds.idOf(users.added[index - model.userIds.size]!),
    },
    sha256: log.sha256,
    source: log.source,
    unknownUsers: count(userOf, model.userIds.size),
    unknownItems: count(itemOf, model.itemIds.size),
    seen: pairsIn(test, model.seen),
  };
}

/** How many entries stand in the other matrix, too. */
function pairsIn(m: Csr, other: Csr): number {
  let pairs = 0;
  for (let r = 0; r < Math.min(m.rows, other.rows); r++) {
    for (const c of csrRow(m, r)) if (c < other.columns && csrHas(other, r, c)) pairs++;
  }
  return pairs;
}

/** The model's index of each id of a log; ids it does not know are counted up after its own. */
function placed(ids: IdMap, known: IdMap): { codes: Int32Array; added: number[]; size: number } {
  const added: number[] = [];
  const codes = Int32Array.from({ length: ids.size }, (_, index) => {
    const found = known.indexOf(ids.idOf(index));
    return found >= 0 ? found : known.size + added.push(index) - 1;
  });
  return { codes, added, size: known.size + added.length };
}
