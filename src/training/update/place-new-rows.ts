import { type Csr, csrRow, csrTranspose } from '../../array/csr.ts';
import { type Matrix, row } from '../../array/matrix.ts';
import { randomStream } from '../../array/random.ts';
import { inverseNorm } from '../../recommender/vectors.ts';

/** Length of a new row, as part of the mean length of the old ones: a shorter row turns faster (docs/decisions/020-updates.md). */
const LENGTH = 0.5;

/**
 * Writes first embeddings into the rows of both tables that are new, those from `old.users` and `old.items` on: a user's is the mean direction of the items that they have, as fold-in
 * begins; an item's is the mean direction of the users who have it. First the users by the old items, then the items by all users that have a place, then the users who
 * have new items alone; who has nothing that is placed begins at random, N(0, deviation²).
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

/** Gives the rows from `first` on that have no place yet the mean direction of their placed neighbours. */
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

function scatter(table: Matrix, placed: Uint8Array, seed: number, purpose: string, deviation: number): void {
  for (let r = 0; r < table.rows; r++) {
    if (placed[r]) continue;
    const random = randomStream(seed, purpose, r);
    const values = row(table, r);
    for (let c = 0; c < values.length; c++) values[c] = deviation * random.normal();
  }
}

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
