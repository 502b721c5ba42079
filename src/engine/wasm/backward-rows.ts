import { dropoutThreshold } from '../../array/dropout-mask.ts';
import { type ThreadMemory, Word } from './memory.ts';

/** Which rows go backward: packed rows, their norms and gradients (addresses), a scale for each (0 = none), and the L2 weight. */
export interface BackwardRows {
  readonly packed: number;
  readonly norms: number;
  readonly gradients: number;
  readonly scales?: number;
  readonly l2?: number;
}

/** Turns gradients of prepared rows [from, to) into gradients of embeddings, in place: through the normalisation and the dropout mask, plus L2. */
export function backwardRows(
  memory: ThreadMemory,
  table: 'users' | 'items',
  from: number,
  to: number,
  rows: BackwardRows,
): void {
  const { control, kernels, layout, plan } = memory;
  const { at, stride } = layout;
  const dropout = plan.training!.embeddingDropout;
  kernels.backwardRows(
    at[table],
    stride * 4,
    stride,
    table === 'users' ? at.batchUsers : at.itemList,
    from,
    to,
    rows.packed,
    rows.norms,
    rows.gradients,
    rows.scales ?? 0,
    plan.score === 'cosine',
    dropout > 0,
    control[table === 'users' ? Word.userKey : Word.itemKey]!,
    dropoutThreshold(dropout),
    1 / (1 - dropout),
    rows.l2 ?? 0,
  );
}

/** The weight of the L2 term: l2 / rows a batch. */
export function l2Weight({ floats, layout }: ThreadMemory): number {
  return floats[layout.at.l2 >>> 2]!;
}
