import { expect, it } from 'vitest';
import { csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { checkerboard } from '../support/training-case.ts';

/**
 * What every loss on every engine must learn: even users like even items, odd users odd ones, and of the items that a user has not seen, the
 * withheld one of the own colour comes first.
 */
export function learnsCheckerboard(title: string, config: TrainConfigInput): void {
  it(`${title} puts the withheld item of a checkerboard first`, async () => {
    const data = checkerboard(40, 20);
    const {
      users,
      items,
      config: used,
    } = await trainEmbeddings(
      { train: data.train },
      { dimension: 4, epochs: 30, learningRate: 0.05, threads: 2, batch: { rows: 8, negatives: 'all' }, ...config },
    );
    const first = Array.from(data.withheld, (_, u) => {
      const seen = new Set(csrRow(data.train, u));
      const candidates = Array.from({ length: items.rows }, (_, i) => i).filter((i) => !seen.has(i));
      const length = (i: number) => (used.score === 'cosine' ? Math.sqrt(inner(row(items, i), row(items, i))) : 1);
      const score = (i: number) => inner(row(users, u), row(items, i)) / length(i);
      return candidates.reduce((best, i) => (score(i) > score(best) ? i : best));
    });
    expect(first).toEqual(Array.from(data.withheld));
  });
}

function inner(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, c) => sum + x * b[c]!, 0);
}
