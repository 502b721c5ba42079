import { type Csr, csrFromEntries, csrHas, csrRow } from '../array/csr.ts';
import type { IdMap } from '../data/id-map.ts';
import type { Interactions } from '../data/interactions.ts';
import { type Model, trainedItems } from '../model/model.ts';

/** The training and validation interactions of a model, as the evaluator takes them. */
export function trainingDataOf(model: Model): { train: Csr; valid?: Csr } {
  return { train: trainedItems(model), valid: model.validation };
}

/** Held-out interactions in a model's index space. Users and items unknown to the model have indices after the model's own. */
export interface TestData {
  /** Users × items, unknown ones included. */
  readonly test: Csr;
  readonly users: { idOf(index: number): string };
  readonly sha256: string;
  readonly source: string;
  /** Interactions of unknown users. */
  readonly unknownUsers: number;
  /** Interactions with unknown items. */
  readonly unknownItems: number;
  /** Interactions that are also in the training data. */
  readonly seen: number;
}

/** Maps a log into a model's index space. Unknown users and items are kept, because they count in the metrics. */
export function testDataOf(
  log: Pick<Interactions, 'userIds' | 'itemIds' | 'users' | 'items' | 'sha256' | 'source'>,
  model: Pick<Model, 'userIds' | 'itemIds' | 'seen'>,
): TestData {
  const users = placed(log.userIds, model.userIds);
  const items = placed(log.itemIds, model.itemIds);
  const userOf = log.users.map((user) => users.codes[user]!);
  const itemOf = log.items.map((item) => items.codes[item]!);
  // Unknown ids have codes from `known` on.
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

/** Counts the entries that both matrices have. Their shapes may differ: `m` can have more rows and columns. */
function pairsIn(m: Csr, other: Csr): number {
  let pairs = 0;
  for (let r = 0; r < Math.min(m.rows, other.rows); r++) {
    for (const c of csrRow(m, r)) if (c < other.columns && csrHas(other, r, c)) pairs++;
  }
  return pairs;
}

/** Maps each index of a log to the model's index of the same id. Unknown ids get indices after the model's own; `added` lists their indices in the log, `size` counts all. */
function placed(ids: IdMap, known: IdMap): { codes: Int32Array; added: number[]; size: number } {
  const added: number[] = [];
  const codes = Int32Array.from({ length: ids.size }, (_, index) => {
    const found = known.indexOf(ids.idOf(index));
    // `push` returns the new length.
    return found >= 0 ? found : known.size + added.push(index) - 1;
  });
  return { codes, added, size: known.size + added.length };
}
