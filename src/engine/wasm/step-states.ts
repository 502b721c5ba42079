import type { Loss, RowStates } from '../../loss/loss.ts';
import { LossStates } from '../loss-states.ts';
import type { ThreadMemory } from './memory.ts';
import { Word } from './memory.ts';

type Region =
  | 'stateUsers'
  | 'stateItems'
  | 'stateGlobal'
  | 'userUpdates'
  | 'itemUpdates'
  | 'globalUpdates'
  | 'poolStates';

/** The states of the loss as one row sees them, on any thread: views of the shared memory. */
export class WasmRowStates implements RowStates {
  readonly global: Float32Array;
  user!: Float32Array;
  items!: Float32Array;
  userUpdate!: Float32Array;
  itemUpdates!: Float32Array;
  globalUpdate!: Float32Array;
  private readonly memory: ThreadMemory;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
    this.global = region(memory, 'stateGlobal', 0, memory.needs.globalState);
  }

  setRow(row: number, user: number): void {
    const { memory } = this;
    const { userState, itemState, globalState } = memory.needs;
    const n = itemState ? memory.control[Word.negatives]! : 0;
    const shared = memory.plan.training!.capacity.shared;
    this.user = region(memory, 'stateUsers', user, userState);
    this.items = region(memory, 'poolStates', shared ? 0 : row, n);
    this.userUpdate = region(memory, 'userUpdates', row, userState).fill(0);
    this.itemUpdates = region(memory, 'itemUpdates', row, n).fill(0);
    this.globalUpdate = region(memory, 'globalUpdates', row, globalState).fill(0);
  }
}

/** The coordinator's part: what the rows read is laid out before they are scored, what they wrote is added up afterwards. */
export class StepStates {
  readonly states: LossStates;
  private readonly memory: ThreadMemory;

  constructor(memory: ThreadMemory, loss: Loss) {
    const { length } = memory.layout;
    const all = (name: Region) => region(memory, name, 0, length[name]);
    this.memory = memory;
    this.states = new LossStates(loss, all('stateUsers'), all('stateItems'), all('stateGlobal'));
  }

  /** Before the rows: the state of each negative, beside the negatives. */
  spread(): void {
    const { memory } = this;
    if (!memory.needs.itemState) return;
    const { floats, layout } = memory;
    const negatives = this.negatives();
    const [from, to] = [layout.at.stateItems >>> 2, layout.at.poolStates >>> 2];
    for (let e = 0; e < negatives.length; e++) floats[to + e] = floats[from + negatives[e]!]!;
  }

  /** After the rows. */
  update(epoch: number): void {
    const { memory } = this;
    const { control, ints, layout, needs, plan } = memory;
    const rows = control[Word.rows]!;
    const n = control[Word.negatives]!;
    const users = layout.at.batchUsers >>> 2;
    this.states.update(epoch, {
      users: ints.subarray(users, users + rows),
      negatives: this.negatives(),
      negativesPerRow: n,
      shared: plan.training!.capacity.shared,
      userUpdates: region(memory, 'userUpdates', 0, rows * needs.userState),
      itemUpdates: region(memory, 'itemUpdates', 0, needs.itemState ? rows * n : 0),
      globalUpdates: region(memory, 'globalUpdates', 0, rows * needs.globalState),
    });
  }

  private negatives(): Int32Array {
    const { control, ints, layout, plan } = this.memory;
    const from = layout.at.negativeItems >>> 2;
    return ints.subarray(
      from,
      from + control[Word.negatives]! * (plan.training!.capacity.shared ? 1 : control[Word.rows]!),
    );
  }
}

/** Row `row`, of `length` floats, of a part of the memory. */
function region({ floats, layout }: ThreadMemory, name: Region, row: number, length: number): Float32Array {
  const from = (layout.at[name] >>> 2) + row * length;
  return floats.subarray(from, from + length);
}
