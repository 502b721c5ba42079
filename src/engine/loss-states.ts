import type { Floats, Loss, LossNeeds, StateUpdate } from '../loss/loss.ts';
import { needsOf } from '../loss/loss-needs.ts';

/** The updates that the rows of a step wrote for the states of the loss, in row order. */
export interface StateContributions {
  /** [rows] user of each row. */
  readonly users: Int32Array;
  /** Items of the negatives: [n] when shared, else [rows × n]. */
  readonly negatives: Int32Array;
  /** n */
  readonly negativesPerRow: number;
  readonly shared: boolean;
  /** [rows × needs.userState] */
  readonly userUpdates: Floats;
  /** [rows × n], or empty if the loss keeps no item state. */
  readonly itemUpdates: Floats;
  /** [rows × needs.globalState] */
  readonly globalUpdates: Floats;
}

/** The lengths, in numbers, of the states that a loss keeps; 0 for a kind of state that it does not keep. */
export function stateLengths(needs: Required<LossNeeds>, users: number, items: number) {
  return { users: users * needs.userState, items: needs.itemState ? items : 0, global: needs.globalState };
}

/**
 * The states of a loss in an engine: users [users × needs.userState], items [items], global [needs.globalState]. It sums the contributions of a step's rows in row order,
 * in double precision, on one thread, so the result does not depend on how threads divided the rows. The loss then turns the sums into new states.
 */
export class LossStates {
  /** The states that the loss keeps, by name: views of the engine's memory. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
  readonly #loss: Loss;
  readonly #needs: Required<LossNeeds>;
  readonly #users: Float32Array;
  readonly #items: Float32Array;
  readonly #global: Float32Array;
  /** [items] 1 + the item's place among the touched items; 0: not touched. All 0 between two updates. */
  readonly #placeOf: Int32Array;
  #touched = new Int32Array(0);
  #itemSums = new Float64Array(0);

  constructor(loss: Loss, users: Float32Array, items: Float32Array, global: Float32Array) {
    this.#loss = loss;
    this.#needs = needsOf(loss);
    this.#users = users;
    this.#items = items;
    this.#global = global;
    this.#placeOf = new Int32Array(items.length);
    if (loss.initialGlobalState) global.set(loss.initialGlobalState);
    this.arrays = Object.fromEntries(Object.entries({ users, items, global }).filter(([, state]) => state.length > 0));
  }

  /** Lets the loss make its states ready for an epoch. */
  startEpoch(epoch: number): void {
    this.#loss.startEpoch?.({ epoch, users: this.#users, items: this.#items, global: this.#global });
  }

  /** Sums the contributions of a step and calls `loss.updateStates` with the sums. */
  update(epoch: number, contributions: StateContributions): void {
    this.#loss.updateStates!({
      epoch,
      rows: contributions.users.length,
      global: this.#global,
      globalSum: sumOf(contributions.globalUpdates, this.#needs.globalState),
      users: this.#sumUsers(contributions),
      ...this.#sumItems(contributions),
    });
  }

  /** One sum per distinct user of the batch, in order of first appearance. */
  #sumUsers({ users, userUpdates }: StateContributions): StateUpdate['users'] {
    const size = this.#needs.userState;
    if (size === 0) return [];
    const sums = new Map<number, { state: Float32Array; sum: Float64Array; rows: number }>();
    users.forEach((user, row) => {
      let entry = sums.get(user);
      if (!entry) {
        const state = this.#users.subarray(user * size, (user + 1) * size);
        entry = { state, sum: new Float64Array(size), rows: 0 };
        sums.set(user, entry);
      }
      for (let c = 0; c < size; c++) entry.sum[c]! += userUpdates[row * size + c]!;
      entry.rows++;
    });
    return [...sums.values()];
  }

  /** One sum per distinct negative item, in order of first appearance. The arrays grow to the largest batch and are reused. */
  #sumItems(contributions: StateContributions): Pick<StateUpdate, 'items' | 'touchedItems' | 'itemSums'> {
    const { users, negatives, negativesPerRow: n, shared, itemUpdates } = contributions;
    const items = this.#items;
    if (!this.#needs.itemState) return { items, touchedItems: new Int32Array(0), itemSums: new Float64Array(0) };
    const places = this.#placeOf;
    if (this.#touched.length < negatives.length) {
      this.#touched = new Int32Array(negatives.length);
      this.#itemSums = new Float64Array(negatives.length);
    }
    const touched = this.#touched;
    const sums = this.#itemSums;
    let count = 0;
    for (let row = 0; row < users.length; row++) {
      const first = shared ? 0 : row * n;
      for (let j = 0; j < n; j++) {
        const item = negatives[first + j]!;
        if (places[item] === 0) {
          touched[count] = item;
          sums[count] = 0;
          places[item] = ++count;
        }
        sums[places[item]! - 1]! += itemUpdates[row * n + j]!;
      }
    }
    // clears only the touched places: the catalogue may be far larger than the batch
    for (let t = 0; t < count; t++) places[touched[t]!] = 0;
    return { items, touchedItems: touched.subarray(0, count), itemSums: sums.subarray(0, count) };
  }
}

/** The column sums of a row-major matrix [rows × columns]. */
function sumOf(rows: Floats, columns: number): Float64Array {
  const sum = new Float64Array(columns);
  for (let e = 0; e < rows.length; e++) sum[e % columns]! += rows[e]!;
  return sum;
}
