import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import type { TrainingData } from '../../src/training/training.ts';

/** Even users like the even items and odd users the odd ones; of each user's items one is withheld. */
export interface Checkerboard extends TrainingData {
  readonly valid: Csr;
  /** The withheld item of each user. */
  readonly withheld: Int32Array;
}

export function checkerboard(users: number, items: number): Checkerboard {
  const rows: number[] = [];
  const columns: number[] = [];
  const withheld = Int32Array.from({ length: users }, (_, u) => 2 * ((u >> 1) % (items >> 1)) + (u % 2));
  for (let u = 0; u < users; u++) {
    for (let i = u % 2; i < items; i += 2) {
      if (i === withheld[u]) continue;
      rows.push(u);
      columns.push(i);
    }
  }
  const train = csrFromEntries(users, items, rows, columns);
  const valid = csrFromEntries(users, items, [...withheld.keys()], withheld);
  return { train, valid, withheld };
}

/** Settings under which the small cases train in a moment, on the engine that defines the others. */
export const smallConfig = {
  engine: 'reference',
  loss: { name: 'bsl', tau: 0.1, tau1: 1 },
  learningRate: 0.01,
  dimension: 8,
  epochs: 6,
  batch: { rows: 8, negatives: 10 },
  validation: { metric: 'ndcg@3', every: 1 },
} satisfies TrainConfigInput;
