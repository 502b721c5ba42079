import fc from 'fast-check';
import { expect, test } from 'vitest';
import { movesBetween, movesText } from '../../src/studio/page/explore/moves.ts';

const listed = (ids: readonly string[]) => ids.map((id) => ({ id }));
const lists = fc.uniqueArray(fc.constantFrom(...'abcdefghijkl'), { maxLength: 8 });

test('each place of a list leads back to the place before', () => {
  fc.assert(
    fc.property(lists, lists, (before, after) => {
      const { of, left } = movesBetween(listed(before), listed(after));
      expect([...of.keys()]).toEqual(after);
      for (const [place, id] of after.entries()) {
        const move = of.get(id)!;
        if (move.kind === 'new') expect(before).not.toContain(id);
        else expect(before[place + move.by]).toBe(id);
      }
      expect(left.map(({ id }) => id)).toEqual(before.filter((id) => !after.includes(id)));
    }),
  );
});

test('what changed is said in numbers', () => {
  expect(movesText(movesBetween(listed(['a', 'b', 'c']), listed(['b', 'a', 'd'])))).toBe(
    'The list changed: 1 new, 2 moved, 1 gone.',
  );
  expect(movesText(movesBetween(listed(['a']), listed(['a'])))).toBe('The list is the same.');
});
