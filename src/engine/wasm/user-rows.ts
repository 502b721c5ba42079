import { sharedBytes } from '../../array/shared.ts';
import type { EnginePlan } from '../engine.ts';
import type { Layout, ThreadMemory, UserTables } from './memory.ts';

/** Bytes of the users' tables: 4 for each element of a row and of its two moments, and 4 for its last step. */
export function userTableBytes(plan: EnginePlan, { stride, length }: Layout): number {
  if (plan.backbone) return 0;
  const rows = 1 + (length.usersM > 0 ? 2 : 0);
  return 4 * plan.users * (stride * rows + (plan.training ? 1 : 0));
}

/** Allocates the users' tables, all 0; undefined with a backbone, whose tables are in the WebAssembly memory. @throws RangeError when the platform refuses */
export function allocateUserTables({ users, training, backbone }: EnginePlan, layout: Layout): UserTables | undefined {
  if (backbone) return undefined;
  const floats = () => new Float32Array(sharedBytes(users * layout.stride * 4));
  return {
    users: floats(),
    ...(layout.length.usersM > 0 && { usersM: floats(), usersV: floats() }),
    ...(training && { usersLast: new Int32Array(sharedBytes(users * 4)) }),
  };
}

/** A table of users as 32-bit words, with the address of its slots in the WebAssembly memory and the words of a row. */
interface SlottedTable {
  readonly words: Int32Array;
  /** Word number of slot 0. */
  readonly at: number;
  readonly width: number;
}

/** Copies users' rows to slots of the WebAssembly memory and back: embeddings, moments, last steps. On any thread, which has its own slots. */
export class UserRows {
  private readonly memory: ThreadMemory;
  private readonly tables: readonly SlottedTable[];

  constructor(memory: ThreadMemory) {
    const { at, stride } = memory.layout;
    this.memory = memory;
    this.tables = Object.entries(memory.userTables ?? {}).map(([name, { buffer }]) => ({
      words: new Int32Array(buffer),
      at: at[name as keyof UserTables] >>> 2,
      width: name === 'usersLast' ? 1 : stride,
    }));
  }

  /** Copies the rows that slots [from, to) of the list of users name to these slots. */
  fetch(from: number, to: number): void {
    const { ints, layout } = this.memory;
    const list = layout.at.userList >>> 2;
    for (const { words, at, width } of this.tables) {
      for (let slot = from; slot < to; slot++) {
        copyWords(words, ints[list + slot]! * width, ints, at + slot * width, width);
      }
    }
  }

  /** Copies slots [from, to) back to the rows that the list of users names. */
  store(from: number, to: number): void {
    const { ints, layout } = this.memory;
    const list = layout.at.userList >>> 2;
    for (const { words, at, width } of this.tables) {
      for (let slot = from; slot < to; slot++) {
        copyWords(ints, at + slot * width, words, ints[list + slot]! * width, width);
      }
    }
  }

  /** Copies rows [from, to) to the slots from `slot` on, calls `work`, and copies them back. */
  through(from: number, to: number, slot: number, work: () => void): void {
    const { ints } = this.memory;
    for (const { words, at, width } of this.tables)
      ints.set(words.subarray(from * width, to * width), at + slot * width);
    work();
    for (const { words, at, width } of this.tables) {
      words.set(ints.subarray(at + slot * width, at + (slot + to - from) * width), from * width);
    }
  }
}

/** Copies a row word by word: for so few words a view and `set` cost more. */
function copyWords(source: Int32Array, from: number, target: Int32Array, to: number, count: number): void {
  for (let k = 0; k < count; k++) target[to + k] = source[from + k]!;
}
