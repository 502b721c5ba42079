import { row } from '../../../array/matrix.ts';
import type { ThreadMemory } from '../memory.ts';
import type { WasmNodes } from './wasm-nodes.ts';

/** The gradients that a backbone left of every row of the base embeddings, plus l2 · θ where the batch touches it. */
export function baseGradients({ base, baseGradient, users, items }: WasmNodes, memory: ThreadMemory) {
  const { buffer, layout, plan } = memory;
  const { nodes, marks } = layout.nodes!;
  const { optimizer, capacity } = plan.training!;
  const touched = new Uint8Array(buffer, marks, nodes);
  const all = (rows: number, first: number) =>
    new Map(
      Array.from({ length: rows }, (_, r): [number, Float32Array] => {
        const theta = row(base, first + r);
        const l2 = touched[first + r] ? optimizer.l2 / capacity.rows : 0;
        return [r, row(baseGradient, first + r).map((g, c) => g + l2 * theta[c]!)];
      }),
    );
  return { users: all(users, 0), items: all(items, users) };
}
