import { sharedBytes } from '../../array/shared.ts';
import type { EnginePlan } from '../engine.ts';
import type { Layout, ThreadMemory, UserTables } from './memory.ts';

/** Bytes of the users' tables: 4 for each element of a row and of its two moments, and 4 for its last step; 2 for each element of 16 bits. */
export function userTableBytes(plan: EnginePlan, { stride, length }: Layout): number {
  if (plan.backbone) return 0;
  if (plan.precision === 'f16') return 2 * plan.users * plan.dimension;
  const rows = 1 + (length.usersM > 0 ? 2 : 0);
  return 4 * plan.users * (stride * rows + (plan.training ? 1 : 0));
}

/**
 * Allocates the users' tables, all 0; undefined with a backbone, whose tables are in the WebAssembly memory. An engine that only ranks has one table, `given` where that has the layout of its own.
 * @throws RangeError when the platform refuses
 */
export function allocateUserTables(
  plan: EnginePlan,
  layout: Layout,
  given?: Float32Array | Uint16Array,
): UserTables | undefined {
  const { users, dimension, training, backbone, precision } = plan;
  if (backbone) return undefined;
  if (given && !training && isTable(given, plan, layout)) return { users: given };
  // whole words: `UserRows` sees tables as such
  if (precision === 'f16')
    return { users: new Uint16Array(sharedBytes(Math.ceil((users * dimension) / 2) * 4), 0, users * dimension) };
  const floats = () => new Float32Array(sharedBytes(users * layout.stride * 4));
  return {
    users: floats(),
    ...(layout.length.usersM > 0 && { usersM: floats(), usersV: floats() }),
    ...(training && { usersLast: new Int32Array(sharedBytes(users * 4)) }),
  };
}

/** Whether an array could be the table of users that `allocateUserTables` makes for an engine that only ranks. */
function isTable(array: Float32Array | Uint16Array, { users, dimension, precision }: EnginePlan, { stride }: Layout) {
  const isHalf = precision === 'f16';
  const { buffer, byteLength } = array;
  return (
    array instanceof (isHalf ? Uint16Array : Float32Array) &&
    array.length === users * (isHalf ? dimension : stride) &&
    buffer.byteLength === Math.ceil(byteLength / 4) * 4 &&
    buffer instanceof SharedArrayBuffer
  );
}

/** A table of users as 32-bit words, and its slots in the WebAssembly memory. */
interface SlottedTable {
  /** [users × width] */
  readonly words: Int32Array;
  /** Word number of slot 0. */
  readonly at: number;
}

/** Copies users' rows to slots of the WebAssembly memory and back: embeddings, moments, last steps. On any thread, which has its own slots. */
export class UserRows {
  private readonly ints: Int32Array;
  /** Word number of the list of users. */
  private readonly list: number;
  /** Words of a row, a multiple of 4. */
  private readonly stride: number;
  /** Embeddings and moments. */
  private readonly tables: readonly SlottedTable[];
  private readonly last?: SlottedTable;

  constructor({ ints, layout, userTables }: ThreadMemory) {
    const { at, stride } = layout;
    this.ints = ints;
    this.list = at.userList >>> 2;
    this.stride = stride;
    const { usersLast, ...tables } = userTables ?? {};
    this.tables = Object.entries(tables).map(([name, { buffer }]) => ({
      words: new Int32Array(buffer),
      at: at[name as keyof typeof tables] >>> 2,
    }));
    if (usersLast) this.last = { words: usersLast, at: at.usersLast >>> 2 };
  }

  /** Copies the rows that slots [from, to) of the list of users name to these slots. */
  fetch(from: number, to: number): void {
    const { ints, list, stride, last } = this;
    for (const { words, at } of this.tables) {
      for (let slot = from; slot < to; slot++) {
        copyRow(words, ints[list + slot]! * stride, ints, at + slot * stride, stride);
      }
    }
    for (let slot = from; last && slot < to; slot++) ints[last.at + slot] = last.words[ints[list + slot]!]!;
  }

  /** Copies slots [from, to) back to the rows that the list of users names. */
  store(from: number, to: number): void {
    const { ints, list, stride, last } = this;
    for (const { words, at } of this.tables) {
      for (let slot = from; slot < to; slot++) {
        copyRow(ints, at + slot * stride, words, ints[list + slot]! * stride, stride);
      }
    }
    for (let slot = from; last && slot < to; slot++) last.words[ints[list + slot]!] = ints[last.at + slot]!;
  }

  /** Copies rows [from, to) to the slots from `slot` on, calls `work`, and copies them back. */
  through(from: number, to: number, slot: number, work: () => void): void {
    const { ints, stride, last } = this;
    const all = this.tables.map((table) => ({ ...table, width: stride }));
    if (last) all.push({ ...last, width: 1 });
    for (const { words, at, width } of all) ints.set(words.subarray(from * width, to * width), at + slot * width);
    work();
    for (const { words, at, width } of all) {
      words.set(ints.subarray(at + slot * width, at + (slot + to - from) * width), from * width);
    }
  }
}

/** Copies `count` words, a multiple of 4, four at a time: for a row a view and `set` take twice as long. */
function copyRow(source: Int32Array, from: number, target: Int32Array, to: number, count: number): void {
  for (let k = 0; k < count; k += 4) {
    target[to + k] = source[from + k]!;
    target[to + k + 1] = source[from + k + 1]!;
    target[to + k + 2] = source[from + k + 2]!;
    target[to + k + 3] = source[from + k + 3]!;
  }
}
