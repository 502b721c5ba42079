import fc from 'fast-check';
import { type Csr, csrFromEntries } from '../../src/array/csr.ts';

/** A matrix from rows of column lists. */
export function csrOf(columns: number, rows: readonly (readonly number[])[]): Csr {
  const rowOf = rows.flatMap((row, r) => row.map(() => r));
  return csrFromEntries(rows.length, columns, rowOf, rows.flat());
}

export interface EvaluationCase {
  scores: number[][];
  train: number[][];
  valid: number[][];
  test: number[][];
  /** Items of the test matrix: those of train, and cold ones after them. */
  testItems: number;
}

/** Random small data: few distinct scores (ties), users without test items, cold users and items in test, items that stand in several parts. */
export const evaluationCases: fc.Arbitrary<EvaluationCase> = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 9 }), fc.nat(2), fc.nat(2))
  .chain(([users, items, coldUsers, coldItems]) => {
    const lists = (rows: number, columns: number) =>
      fc.array(fc.uniqueArray(fc.nat(columns - 1), { maxLength: columns }), { minLength: rows, maxLength: rows });
    return fc.record({
      scores: fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: items, maxLength: items }), {
        minLength: users,
        maxLength: users,
      }),
      train: lists(users, items),
      valid: lists(users, items),
      test: lists(users + coldUsers, items + coldItems),
      testItems: fc.constant(items + coldItems),
    });
  })
  .filter(({ train, test }) => test.some((row, user) => user < train.length && row.length > 0));
