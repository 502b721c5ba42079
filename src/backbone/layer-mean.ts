import type { NodeOperations, NodeRows, NodeTable } from '../engine/node-operations.ts';
import { option, whole } from '../option.ts';

/** Â = D^−½ A D^−½ */
export const symmetric = { left: 0.5, right: 0.5 };

/** Scratch tables that `layerMean` needs for so many layers, each of `dimension` columns. */
export function layerMeanTables(layers: number, dimension: number): Record<string, number> {
  return { ...(layers > 1 && { odd: dimension }), ...(layers > 2 && { even: dimension }) };
}

/** The scratch table of layer k: two take turns. */
export function layerTable(nodes: NodeOperations, k: number): NodeTable {
  return nodes.table(k % 2 === 1 ? 'odd' : 'even');
}

/**
 * target ← 1/K · Σ_{k=1..K} Â^k source: the layers of LightGCN without layer 0. By Horner's rule, h_1 = source, h_k = source + Â h_{k−1}, target = Â h_K / K.
 * It is its own adjoint. `targets`: rows of the target that are wanted; `sources`: rows of the source that are not 0.
 */
export function layerMean(
  nodes: NodeOperations,
  source: NodeTable,
  target: NodeTable,
  layers: number,
  { targets, sources }: { readonly targets: NodeRows; readonly sources: NodeRows },
): void {
  let last = source;
  for (let k = 1; k < layers; k++) {
    const next = layerTable(nodes, k);
    nodes.propagate(last, next, { ...symmetric, plus: source, sources: k === 1 ? sources : 'all' });
    last = next;
  }
  const scale = 1 / layers;
  nodes.propagate(last, target, { ...symmetric, scale, targets, sources: layers === 1 ? sources : 'all' });
}

/** K of a graph backbone. */
export const layersOption = (byDefault: number) =>
  option(whole(1, 4).default(byDefault), { flag: '--layers <number>', help: 'layers of a graph backbone' });
