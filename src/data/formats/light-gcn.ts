import { canonicalInteger, encodeIntegers } from '../integer-ids.ts';
import type { RawColumns } from '../interactions.ts';
import { NumberColumn } from './encoded-rows.ts';
import type { BadRow } from './rejects.ts';

/**
 * Reads the LightGCN text format: each line is a user followed by the user's items, as whole numbers separated by spaces. A line with only a user adds no
 * interactions. `onBad` gets every cell that is not a whole number; a bad user drops its line, a bad item only itself.
 */
export async function readLightGcn(lines: AsyncIterable<string>, onBad: (bad: BadRow) => void): Promise<RawColumns> {
  const users = new NumberColumn();
  const items = new NumberColumn();
  let line = 0;
  for await (const text of lines) {
    line++;
    const cells = text.split(/[ \t]+/).filter((cell) => cell !== '');
    const user = cells[0];
    if (user === undefined) continue;
    if (Number.isNaN(canonicalInteger(user))) {
      onBad({ line, column: '1 (user)', got: user, expected: 'a user id that is a whole number' });
      continue;
    }
    for (let c = 1; c < cells.length; c++) {
      if (!Number.isNaN(canonicalInteger(cells[c]!))) {
        users.push(Number(user));
        items.push(Number(cells[c]));
      } else onBad({ line, column: `${c + 1} (item)`, got: cells[c]!, expected: 'an item id that is a whole number' });
    }
  }
  const encodedUsers = encodeIntegers(users.moveTo(new Float64Array(users.length)));
  const encodedItems = encodeIntegers(items.moveTo(new Float64Array(items.length)));
  return { userIds: encodedUsers.ids, itemIds: encodedItems.ids, users: encodedUsers.codes, items: encodedItems.codes };
}
