import type { Loss, RowStates } from '../../loss/loss.ts';
import { needsOf } from '../../loss/loss-needs.ts';
import type { Batch } from '../../sampler/sampler.ts';
import type { EnginePlan } from '../engine.ts';
import { LossStates, stateLengths } from '../loss-states.ts';

/** The states of a loss, and what each row of a step sees and writes of them. */
export class ReferenceStates {
  readonly #states: LossStates;
  readonly #userState: number;
  #rows: RowStates[] = [];

  constructor(loss: Loss, plan: EnginePlan) {
    const needs = needsOf(loss);
    const { users, items, global } = stateLengths(needs, plan.users, plan.items);
    this.#userState = needs.userState;
    this.#states = new LossStates(loss, new Float32Array(users), new Float32Array(items), new Float32Array(global));
  }

  get arrays(): LossStates['arrays'] {
    return this.#states.arrays;
  }

  /** The next row of the step. */
  row(user: number, poolItems: Int32Array): RowStates {
    const none = new Float32Array(0);
    const { users = none, items = none, global = none } = this.arrays;
    const size = this.#userState;
    const seen = items.length > 0 ? poolItems : new Int32Array(0);
    const row = {
      user: users.slice(user * size, (user + 1) * size),
      items: Float32Array.from(seen, (item) => items[item]!),
      global: global.slice(),
      userUpdate: new Float64Array(size),
      itemUpdates: new Float64Array(seen.length),
      globalUpdate: new Float64Array(global.length),
    };
    this.#rows.push(row);
    return row;
  }

  /** After the step's last row. */
  update(epoch: number, { users, negatives, negativesPerRow, shared }: Batch): void {
    const joined = (of: (row: RowStates) => ArrayLike<number>) =>
      Float64Array.from(this.#rows.flatMap((row) => Array.from(of(row))));
    this.#states.update(epoch, {
      users,
      negatives,
      negativesPerRow,
      shared,
      userUpdates: joined((row) => row.userUpdate),
      itemUpdates: joined((row) => row.itemUpdates),
      globalUpdates: joined((row) => row.globalUpdate),
    });
    this.#rows = [];
  }
}
