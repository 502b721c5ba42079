import { type Csr, csrDegree, csrHas } from '../array/csr.ts';
import { sharedInt32 } from '../array/shared.ts';

/**
 * The items masked for each listed user: the union of the user's rows in `masks`, as far as the ranker knows the items.
 * A mask without a row for the user adds nothing. [users × items]
 */
export function maskedItems(users: Int32Array, items: number, masks: readonly Csr[]): Csr {
  const offsets = sharedInt32(users.length + 1);
  let bound = 0;
  for (const mask of masks) for (const user of users) if (user < mask.rows) bound += csrDegree(mask, user);
  const indices = sharedInt32(bound);
  let end = 0;
  for (let q = 0; q < users.length; q++) {
    const start = end;
    let holders = 0;
    for (const mask of masks) {
      if (users[q]! >= mask.rows) continue;
      const before = end;
      for (let e = mask.offsets[users[q]!]!; e < mask.offsets[users[q]! + 1]!; e++) {
        if (mask.indices[e]! < items) indices[end++] = mask.indices[e]!;
      }
      if (end > before) holders++;
    }
    if (holders > 1) end = sortDistinct(indices, start, end);
    offsets[q + 1] = end;
  }
  return { rows: users.length, columns: items, offsets, indices: indices.subarray(0, end) };
}

/** The test items of each listed user that its ranking can hold: known to the ranker and not masked. [users × items] */
export function rankableTargets(users: Int32Array, test: Csr, excluded: Csr): Csr {
  const offsets = sharedInt32(users.length + 1);
  let bound = 0;
  for (const user of users) bound += csrDegree(test, user);
  const indices = sharedInt32(bound);
  let end = 0;
  for (let q = 0; q < users.length; q++) {
    for (let e = test.offsets[users[q]!]!; e < test.offsets[users[q]! + 1]!; e++) {
      const item = test.indices[e]!;
      if (item < excluded.columns && !csrHas(excluded, q, item)) indices[end++] = item;
    }
    offsets[q + 1] = end;
  }
  return { rows: users.length, columns: excluded.columns, offsets, indices: indices.subarray(0, end) };
}

/** Sorts indices[start .. end) and drops repeats; returns the new end. */
function sortDistinct(indices: Int32Array, start: number, end: number): number {
  indices.subarray(start, end).sort();
  let kept = start + 1;
  for (let e = start + 1; e < end; e++) if (indices[e] !== indices[e - 1]) indices[kept++] = indices[e]!;
  return kept;
}
