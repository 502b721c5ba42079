import { describe, expect, test } from 'vitest';
import {
  assignRole,
  freshSetup,
  guessUses,
  optionsOfSetup,
  requestOf,
  rolesOf,
  setupOf,
  setupOfOptions,
} from '../../src/studio/page/data/setup.ts';
import type { Source } from '../../src/studio/session.ts';

const sample: Source = { id: 'sample:shop', name: 'Shop', kind: 'sample', catalogue: 'sample:items' };
const file = (name: string): Source => ({ id: `file:${name}`, name, kind: 'file' });

describe('a setup', () => {
  test('without interactions is no request', () => {
    expect(requestOf(freshSetup)).toBeUndefined();
  });

  test('is the request that it says', () => {
    expect(requestOf({ ...freshSetup, files: { train: 'a' } })).toEqual({
      train: 'a',
      split: 'random',
      testRatio: 0.2,
      validRatio: 0.1,
    });
    expect(
      requestOf({
        ...freshSetup,
        files: { train: 'a', test: 'b' },
        minRating: 4,
        kCoreItems: 5,
        columns: { time: false },
      }),
    ).toEqual({ train: 'a', test: 'b', time: false, minRating: 4, kCore: { users: 0, items: 5 }, validRatio: 0.1 });
    expect(requestOf({ ...freshSetup, files: { train: 'a' }, split: 'leave-last-out' })).not.toHaveProperty(
      'testRatio',
    );
  });

  test('comes back from its request', () => {
    for (const setup of [
      { ...freshSetup, files: { train: 'a' } },
      {
        ...freshSetup,
        files: { train: 'a', catalogue: 'c' },
        minRating: 3,
        kCoreUsers: 2,
        columns: { user: 'who', rating: false as const },
      },
      { ...freshSetup, files: { train: 'a' }, split: 'none' as const, validRatio: 0 },
    ])
      expect(setupOf(requestOf(setup)!)).toEqual(setup);
  });

  test('goes into an address without files, and comes back', () => {
    const setup = {
      ...freshSetup,
      files: { train: sample.id, catalogue: 'sample:items' },
      minRating: 3,
      split: 'temporal' as const,
    };
    expect(setupOfOptions(optionsOfSetup(setup, [sample]), [sample])).toEqual(setup);
    const own = optionsOfSetup({ ...freshSetup, files: { train: 'file:secret.csv' } }, [sample, file('secret.csv')]);
    expect(Object.values(own).join('')).toBe('');
    expect(setupOfOptions({ split: 'nonsense', minRating: 'x', sample: 'unknown' }, [sample])).toEqual(freshSetup);
  });
});

test('files are for what their names say', () => {
  expect(guessUses([file('ratings.csv')])).toEqual({ train: 'file:ratings.csv' });
  expect(guessUses([file('u.test.tsv'), file('movies.csv'), file('u.base.tsv')])).toEqual({
    train: 'file:u.base.tsv',
    test: 'file:u.test.tsv',
    catalogue: 'file:movies.csv',
  });
  expect(guessUses([file('items-bought.csv')])).toEqual({ train: 'file:items-bought.csv' });
});

describe('the role of a column', () => {
  const shown = [{ name: 'a', role: 'user' }, { name: 'b', role: 'item' }, { name: 'c', role: 'rating' }, { name: '' }];

  test('leaves the column that had it', () => {
    expect(assignRole({}, shown, 3, 'item')).toEqual({ user: 'a', item: '4', rating: 'c' });
  });

  test('that is taken away from ratings is switched off, not guessed again', () => {
    expect(assignRole({}, shown, 2, undefined)).toEqual({ user: 'a', item: 'b', rating: false });
    const without = shown.map(({ name, role }) => (role === 'rating' ? { name } : { name, role }));
    expect(assignRole({ rating: false }, without, 3, 'time')).toEqual({
      user: 'a',
      item: 'b',
      rating: false,
      time: '4',
    });
  });

  test('is seen where a reader guesses nothing, so that the next one can be given', () => {
    const bare = [{ name: 'x' }, { name: 'y' }, { name: 'z' }];
    const user = assignRole({}, bare, 1, 'user');
    expect(rolesOf(user, bare)).toEqual([undefined, 'user', undefined]);
    const both = assignRole(user, bare, 0, 'item');
    expect(both).toEqual({ user: 'y', item: 'x' });
    expect(rolesOf(both, bare)).toEqual(['item', 'user', undefined]);
  });

  test('names a column by its position where its name is none, a number or that of two', () => {
    const odd = [{ name: '' }, { name: '7' }, { name: 'Id' }, { name: 'id' }, { name: 'own' }];
    for (const [at, name] of ['1', '2', '3', '4', 'own'].entries()) {
      const columns = assignRole({}, odd, at, 'item');
      expect(columns).toEqual({ item: name });
      expect(rolesOf(columns, odd).indexOf('item')).toBe(at);
    }
  });
});
