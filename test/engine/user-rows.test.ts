import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyMatrix } from '../../src/array/half-matrix.ts';
import type { EnginePlan } from '../../src/engine/engine.ts';
import type { ThreadMemory, UserTables } from '../../src/engine/wasm/memory.ts';
import { openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { UserRows } from '../../src/engine/wasm/user-rows.ts';
import { rejectionOf } from '../support/error-of.ts';
import { fillEmbeddings, smallPlan } from '../support/small-plan.ts';

/** Tables of users with a number of its own in every element, a list of users, and slots for them. */
const cases = fc
  .record({ users: fc.integer({ min: 1, max: 40 }), stride: fc.constantFrom(4, 8, 12), adam: fc.boolean() })
  .chain(({ users, stride, adam }) =>
    fc.record({
      users: fc.constant(users),
      stride: fc.constant(stride),
      adam: fc.constant(adam),
      list: fc.uniqueArray(fc.integer({ min: 0, max: users - 1 }), { minLength: 1 }),
      slot: fc.integer({ min: 0, max: 5 }),
    }),
  );

/** Words [rows × width], word e = first + e. */
const counted = (first: number, rows: number, width: number) =>
  Int32Array.from({ length: rows * width }, (_, e) => first + e);

/** The part of a thread's memory that UserRows reads: the tables' slots one after the other, then the list. */
function memoryOf({ users, stride, adam, list, slot }: typeof cases extends fc.Arbitrary<infer T> ? T : never) {
  const names = adam ? ['users', 'usersM', 'usersV', 'usersLast'] : ['users', 'usersLast'];
  const words = new Map(
    names.map((name, t) => [name, counted(10_000 * (t + 1), users, name === 'usersLast' ? 1 : stride)]),
  );
  const slots = users + slot;
  const at: Record<string, number> = {};
  let end = 16;
  for (const [name, { length }] of words) {
    at[name] = end * 4;
    end += (length / users) * slots;
  }
  at.userList = end * 4;
  const ints = new Int32Array(end + list.length);
  ints.set(list, end);
  const userTables = Object.fromEntries(words) as unknown as UserTables;
  return { words, at, memory: { ints, userTables, layout: { at, stride } } as unknown as ThreadMemory };
}

describe('rows of users outside of the WebAssembly memory', () => {
  it('come to their slots and go back, and no other word changes', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { words, at, memory } = memoryOf(given);
        const rows = new UserRows(memory);
        const expected = memory.ints.slice();
        for (const [name, table] of words) {
          const width = table.length / given.users;
          given.list.forEach((user, slot) => {
            expected.set(table.subarray(user * width, (user + 1) * width), at[name]! / 4 + slot * width);
          });
        }
        // in two parts, as threads do
        const middle = given.list.length >> 1;
        rows.fetch(middle, given.list.length);
        rows.fetch(0, middle);
        expect(memory.ints).toEqual(expected);

        const changed = new Map([...words].map(([name, table]) => [name, table.slice()]));
        for (const [name, table] of changed) {
          const width = table.length / given.users;
          given.list.forEach((user, slot) => {
            for (let k = 0; k < width; k++) {
              table[user * width + k]! *= -1;
              memory.ints[at[name]! / 4 + slot * width + k]! *= -1;
            }
          });
        }
        rows.store(0, middle);
        rows.store(middle, given.list.length);
        expect(words).toEqual(changed);
      }),
    );
  });

  it('a range of them goes through the slots of a thread', () => {
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat(), (given, a, b) => {
        const { words, at, memory } = memoryOf(given);
        const [from, to] = [a % given.users, (b % given.users) + 1].sort((x, y) => x - y) as [number, number];
        const expected = new Map([...words].map(([name, table]) => [name, table.slice()]));
        new UserRows(memory).through(from, to, given.slot, () => {
          for (const [name, table] of expected) {
            const width = table.length / given.users;
            for (let e = from * width; e < to * width; e++) {
              table[e]! += 7;
              memory.ints[at[name]! / 4 + given.slot * width + e - from * width]! += 7;
            }
          }
        });
        expect(words).toEqual(expected);
      }),
    );
  });

  it.each(['adam', 'sgd'] as const)('any number of threads leaves the same bits in all of them: %s', async (name) => {
    // more users than two threads take in one chunk each, and batches smaller than a chunk
    const small = smallPlan({ users: 700, items: 60, dimension: 9, optimizer: { name }, sampler: { rows: 37 } });
    const tables = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const engine = await openWasmEngine(small.plan, threads);
        fillEmbeddings(engine);
        for (let epoch = 0; epoch < 2; epoch++) {
          small.sampler.startEpoch(epoch);
          engine.startEpoch(epoch, epoch * small.sampler.stepsPerEpoch);
          // an epoch that is cut short: settling moves users that no step touched
          for (let step = 0; step < 11; step++) {
            engine.begin(small.sampler.batch(step), step);
            engine.gather();
            engine.scoreRows();
            engine.itemGradients();
            engine.update(0.05);
          }
          engine.settle();
        }
        const { usersM, usersV } = engine.optimizerState;
        const copy = [engine.users.data, usersM, usersV].map((table) => table?.slice());
        await engine.close();
        return copy;
      }),
    );
    expect(tables[1]).toEqual(tables[0]);
    expect(tables[2]).toEqual(tables[0]);
  });

  it('are taken over where they have the layout of an engine that only ranks, and no others are', async () => {
    const [users, items, dimension] = [11, 9, 7];
    const shared = (length: number, spare = 0) =>
      new Float32Array(new SharedArrayBuffer(4 * (length + spare)), 0, length);
    const plan = { users, items, score: 'dot' } as const;
    const opened = async (more: Partial<EnginePlan> & { dimension: number }, given: Float32Array | Uint16Array) => {
      given.fill(1);
      const engine = await openWasmEngine<AnyMatrix>({ ...plan, ...more }, 2, 'auto', given);
      const { data } = engine.users;
      await engine.close();
      return data;
    };
    // rows of 7 have an element of padding
    for (const [d, length] of [
      [dimension, users * 8],
      [8, users * 8],
    ] as const) {
      const given = shared(length);
      expect(await opened({ dimension: d }, given)).toBe(given);
    }
    const halves = new Uint16Array(new SharedArrayBuffer(4 * Math.ceil((users * dimension) / 2)), 0, users * dimension);
    expect(await opened({ dimension, precision: 'f16' }, halves)).toBe(halves);
    for (const given of [shared(users * dimension), shared(users * 8, 1), new Float32Array(users * 8)]) {
      expect(await opened({ dimension }, given)).toEqual(new Float32Array(users * 8));
    }
    expect(await opened({ dimension: 8, precision: 'f16' }, shared(users * 8))).toEqual(new Uint16Array(users * 8));
    const trains = smallPlan({ users, items, dimension: 8 }).plan;
    expect(await opened(trains, shared(users * 8))).toEqual(new Float32Array(users * 8));
  });

  it('are refused, with the numbers, where the machine has too little memory for them', async () => {
    const users = 2 ** 40;
    const error = await rejectionOf(openWasmEngine({ users, items: 1000, dimension: 64, score: 'cosine' }, 1));
    expect(error.code).toBe('memory-short');
    expect(error.facts.bytesPerUser).toBe(64 * 4);
    expect(error.message).toContain(`${users} users at dimension 64`);
  });
});
