import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FeedbackLog } from '../../src/feedback/feedback-log.ts';
import type { ItemEdit, ItemState } from '../../src/feedback/item-edits.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { draws } from '../support/property-seed.ts';
import type { FeedbackCase } from './feedback-contract.ts';

const value = fc.oneof(
  fc.constantFrom('a', 'é“', '', 1.5, -2, true, null),
  fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
);
const edit: fc.Arbitrary<ItemEdit> = fc.record(
  {
    item: fc.constantFrom('i1', 'i2', "o'neil", '日本'),
    action: fc.constantFrom('put', 'patch', 'delete'),
    values: fc.dictionary(fc.constantFrom('price', 'brand', 'title'), value),
  },
  { requiredKeys: ['item', 'action'] },
);

/** The plain reference: what an item has after edits, over a base that the catalogue may give. */
export function edited(base: Record<string, unknown>, edits: readonly ItemEdit[]): Record<string, unknown> | undefined {
  let values: Record<string, unknown> | undefined = base;
  for (const { action, values: given = {} } of edits) {
    values = action === 'delete' ? undefined : { ...(action === 'put' ? {} : values), ...given };
  }
  return values && Object.fromEntries(Object.entries(values).filter(([, one]) => one !== null));
}

async function statesOf(log: FeedbackLog, after = 0): Promise<ItemState[]> {
  const all: ItemState[] = [];
  for await (const page of log.itemStates!(after)) all.push(...page);
  return all;
}

/** What every log that keeps edits of items owes its users. */
export function itemEditsContract(
  name: string,
  missing: string | undefined,
  { place }: Pick<FeedbackCase, 'place'>,
): void {
  describe.skipIf(missing)(`edits of items: ${name}`, () => {
    test('add up to what was done, in order, also after the log is opened again; nothing is there before', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
          async (requests) => {
            const where = place();
            const log = await openFeedback(where);
            expect(await statesOf(log)).toEqual([]);
            const returned: ItemState[] = [];
            for (const edits of requests) returned.push(...(await log.editItems!(edits)));
            await log.close();
            const again = await openFeedback(where);
            const states = await statesOf(again);
            const all = requests.flat();
            expect(states.map(({ item }) => item).sort()).toEqual([...new Set(all.map(({ item }) => item))].sort());
            for (const { item, deleted, replaces, values } of states) {
              const own = all.filter((one) => one.item === item);
              const base = { price: 7, size: 'L' };
              const got = deleted ? undefined : edited(base, [{ item, action: replaces ? 'put' : 'patch', values }]);
              expect(got).toEqual(edited(base, own));
            }
            const sequences = states.map(({ sequence }) => sequence);
            expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
            // The last answer about each item is its state, and what was read once is not read again.
            for (const state of states) expect(returned.findLast(({ item }) => item === state.item)).toEqual(state);
            expect(await statesOf(again, sequences.at(-1) ?? 0)).toEqual([]);
            await again.close();
          },
        ),
        draws(25),
      );
    });

    test('of two logs of one table do not lose each other', async () => {
      const where = place();
      const logs = [await openFeedback(where), await openFeedback(where)];
      const rounds = Array.from({ length: 10 }, (_, n) => n);
      await Promise.all(
        logs.map(async (log, l) => {
          for (const n of rounds)
            await log.editItems!([{ item: 'shared', action: 'patch', values: { [`${l}-${n}`]: n } }]);
        }),
      );
      const [state] = await statesOf(logs[0]!);
      expect(Object.keys(state!.values).sort()).toEqual(rounds.flatMap((n) => [`0-${n}`, `1-${n}`]).sort());
      await Promise.all(logs.map((log) => log.close()));
    });
  });
}
