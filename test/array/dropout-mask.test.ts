import { expect, test } from 'vitest';
import { dropoutKeeps, dropoutKey, dropoutThreshold } from '../../src/array/random.ts';

/** The kept elements of a 300 × 64 table. */
function mask(key: number, probability: number): boolean[] {
  const threshold = dropoutThreshold(probability);
  return Array.from({ length: 300 * 64 }, (_, at) => dropoutKeeps(key, Math.floor(at / 64), at % 64, threshold));
}

const share = (kept: boolean[]) => kept.filter(Boolean).length / kept.length;
const standardError = (p: number) => Math.sqrt((p * (1 - p)) / (300 * 64));

test.each([0.1, 0.5, 0.9])('drops with probability %d', (p) => {
  expect(Math.abs(share(mask(dropoutKey('users', 1, 2, 3), p)) - (1 - p))).toBeLessThan(4 * standardError(p));
});

test('probability 0 keeps everything', () => {
  expect(share(mask(dropoutKey('users', 1, 2, 3), 0))).toBe(1);
});

test('neighbours in rows, columns, steps, epochs, seeds and tables are independent', () => {
  const base = mask(dropoutKey('users', 1, 2, 3), 0.5);
  const others = {
    rows: [...base.slice(64), ...base.slice(0, 64)],
    columns: [...base.slice(1), base[0]!],
    step: mask(dropoutKey('users', 1, 2, 4), 0.5),
    epoch: mask(dropoutKey('users', 1, 3, 3), 0.5),
    seed: mask(dropoutKey('users', 2, 2, 3), 0.5),
    table: mask(dropoutKey('items', 1, 2, 3), 0.5),
  };
  for (const [what, other] of Object.entries(others)) {
    const agreement = share(base.map((kept, at) => kept === other[at]));
    expect(Math.abs(agreement - 0.5), what).toBeLessThan(4 * standardError(0.5));
  }
});
