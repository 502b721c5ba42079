import type { Batch } from '../sampler/sampler.ts';
import type { Contrast } from './node-operations.ts';

/** The nodes that `contrast` compares: the batch's users or positive items, each once, in the order of the batch, at most `most`; items come after `users`. */
export function contrastedNodes(batch: Batch, of: Contrast['of'], users: number, most: number): number[] {
  const first = of === 'users' ? 0 : users;
  const nodes = new Set<number>();
  for (const id of of === 'users' ? batch.users : batch.positives) {
    if (nodes.size === most) break;
    nodes.add(first + id);
  }
  return [...nodes];
}
