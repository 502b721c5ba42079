import { type Csr, csrFromEntries, csrHas, csrRow, csrTranspose } from '../../array/csr.ts';
import { type Matrix, row } from '../../array/matrix.ts';
import { randomStream } from '../../array/random.ts';
import { sharedFloat32 } from '../../array/shared.ts';
import { compactIds, type Interactions, selectEntries } from '../../data/interactions.ts';
import { type ExtendedIds, extendIds } from '../../data/union-ids.ts';
import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { Tensor } from '../../model/safetensors-format.ts';
import type { TrainedArrays } from '../../model/training-state.ts';
import { inverseNorm } from '../../recommender/vectors.ts';

/** The part of a log that is new to a model. */
export interface NewInteractions {
  /** The model's ids at their indices, then the new ones. */
  readonly users: ExtendedIds;
  readonly items: ExtendedIds;
  /** [users × items] the pairs missing from the model's `seen`; values are the log's weights, where it has any. */
  readonly pairs: Csr;
}

/** Finds the new part of a log. An item that a user has already seen, in validation too, is not new, however often the log repeats it. */
export function newInteractions(
  model: Pick<Model, 'userIds' | 'itemIds' | 'seen'>,
  given: Interactions,
): NewInteractions {
  // Every new user and item has a new entry, so the new part names all of them.
  const log = newPart(model, given);
  const users = extendIds(model.userIds, log.userIds);
  const items = extendIds(model.itemIds, log.itemIds);
  const pairs = csrFromEntries(
    users.ids.size,
    items.ids.size,
    log.users.map((user) => users.codes[user]!),
    log.items.map((item) => items.codes[item]!),
    log.weights,
  );
  return { users, items, pairs };
}

/** The entries of a log that are new to a model, as a log. */
export function newPart(model: Pick<Model, 'userIds' | 'itemIds' | 'seen'>, log: Interactions): Interactions {
  const users = Int32Array.from(log.userIds, (id) => model.userIds.indexOf(id));
  const items = Int32Array.from(log.itemIds, (id) => model.itemIds.indexOf(id));
  const isNew = log.users.map((user, e) => {
    const [row, column] = [users[user]!, items[log.items[e]!]!];
    return row < 0 || column < 0 || !csrHas(model.seen, row, column) ? 1 : 0;
  });
  return compactIds(selectEntries(log, Uint8Array.from(isNew)));
}

/** Length of a new row, as a fraction of the mean length of the old ones: a shorter row changes direction faster (docs/decisions/020-updates.md). */
const LENGTH = 0.5;

/**
 * Writes first embeddings into the new rows of both tables, those from `old.users` and `old.items` on. A user's is the mean direction of the user's items, the start
 * of fold-in too; an item's is the mean direction of its users. The order: users by their old items, then items by all placed users, then users with new items
 * only. A row without placed neighbours starts at random, N(0, deviation²).
 */
export function placeNewRows(
  users: Matrix,
  items: Matrix,
  interactions: Csr,
  old: { readonly users: number; readonly items: number },
  seed: number,
  deviation: number,
): void {
  const placed = {
    users: Uint8Array.from({ length: users.rows }, (_, u) => (u < old.users ? 1 : 0)),
    items: Uint8Array.from({ length: items.rows }, (_, i) => (i < old.items ? 1 : 0)),
  };
  const lengths = { users: LENGTH * meanLength(users, old.users), items: LENGTH * meanLength(items, old.items) };
  const placeUsers = () => place(users, placed.users, old.users, interactions, items, placed.items, lengths.users);
  placeUsers();
  place(items, placed.items, old.items, csrTranspose(interactions), users, placed.users, lengths.items);
  placeUsers();
  scatter(users, placed.users, seed, 'init-new-users', deviation);
  scatter(items, placed.items, seed, 'init-new-items', deviation);
}

/** Gives each row from `first` on that is not placed yet the mean direction of its placed neighbours. */
function place(
  table: Matrix,
  placed: Uint8Array,
  first: number,
  neighbours: Csr,
  others: Matrix,
  othersPlaced: Uint8Array,
  length: number,
): void {
  const mean = new Float64Array(table.columns);
  for (let r = first; r < table.rows; r++) {
    if (placed[r]) continue;
    mean.fill(0);
    for (const neighbour of csrRow(neighbours, r)) {
      if (!othersPlaced[neighbour]) continue;
      const values = row(others, neighbour);
      const scale = inverseNorm(values);
      for (let c = 0; c < mean.length; c++) mean[c]! += scale * values[c]!;
    }
    const scale = length * inverseNorm(mean);
    if (scale === 0) continue;
    row(table, r).set(mean.map((x) => scale * x));
    placed[r] = 1;
  }
}

/** Places the remaining rows at random; each row has a separate stream, so its values do not depend on the others. */
function scatter(table: Matrix, placed: Uint8Array, seed: number, purpose: string, deviation: number): void {
  for (let r = 0; r < table.rows; r++) {
    if (placed[r]) continue;
    const random = randomStream(seed, purpose, r);
    const values = row(table, r);
    for (let c = 0; c < values.length; c++) values[c] = deviation * random.normal();
  }
}

/** Mean length of the first `rows` rows that are not 0; 1 without any. */
function meanLength(table: Matrix, rows: number): number {
  let sum = 0;
  let counted = 0;
  for (let r = 0; r < rows; r++) {
    const inverse = inverseNorm(row(table, r));
    if (inverse === 0) continue;
    sum += 1 / inverse;
    counted++;
  }
  return counted === 0 ? 1 : sum / counted;
}

/** Number of users and items. */
export interface Sizes {
  readonly users: number;
  readonly items: number;
}

/**
 * The arrays with rows for new users and items. Base embeddings, loss states and Adam's first moment start at 0 there. The second moment starts at the mean of the old rows: late in
 * a run the bias correction is over, so a row that starts at 0 would take first steps several times too long.
 * @throws TaurecError `bad-model` for an array that does not have a row for every old user or item
 */
export function growArrays(arrays: TrainedArrays, from: Sizes, to: Sizes): TrainedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, tensor]) => {
      const kind = /^(?:optimizer\.|loss\.)?(users|items)[MV]?$/.exec(name)?.[1] as keyof Sizes | undefined;
      if (kind === undefined) return [name, tensor];
      const { shape, data } = tensor;
      if (shape[0] !== from[kind]) {
        const problem = `its training state has ${name} of ${shape[0]} rows, expected ${from[kind]}`;
        throw new TaurecError('bad-model', { path: 'model', problem });
      }
      return [name, grow(shape, data, to[kind], /V$/.test(name) ? mean(data) : 0)];
    }),
  );
}

function grow(shape: readonly number[], data: Float32Array, rows: number, fill: number): Tensor<Float32Array> {
  const grown = sharedFloat32(rows * (shape[1] ?? 1));
  grown.set(data);
  if (fill !== 0) grown.fill(fill, data.length);
  return { shape: [rows, ...shape.slice(1)], data: grown };
}

function mean(data: Float32Array): number {
  let sum = 0;
  for (const x of data) sum += x;
  return data.length === 0 ? 0 : sum / data.length;
}
