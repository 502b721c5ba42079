import type { NodeOperations, NodeRows, NodeTable } from '../engine/node-operations.ts';
import { option, whole } from '../option.ts';

/** The exponents of Â = D^−½ A D^−½, with A the adjacency of the training graph and D its degrees. */
export const symmetric = { left: 0.5, right: 0.5 };

/** The scratch tables that `layerMean` needs for this number of layers, each with `dimension` columns. */
export function layerMeanTables(layers: number, dimension: number): Record<string, number> {
  return { ...(layers > 1 && { odd: dimension }), ...(layers > 2 && { even: dimension }) };
}

/** The scratch table of layer k. Two tables alternate, because a layer reads only the one before it. */
export function layerTable(nodes: NodeOperations, k: number): NodeTable {
  return nodes.table(k % 2 === 1 ? 'odd' : 'even');
}

/**
 * The mean of the layers 1 … K, as in LightGCN without layer 0:
 *
 *     target ← 1/K · Σ_{k=1..K} Â^k source
 *
 * Horner's rule needs K products and no table of sums: h_1 = source, h_k = source + Â h_{k−1}, target = Â h_K / K. Â is symmetric, so the map is its own adjoint
 * and serves backward passes too.
 * @param targets rows of the target to compute
 * @param sources rows of the source that may differ from 0
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
    // Only the first product reads the source alone; later ones read layers that are dense.
    const next = layerTable(nodes, k);
    nodes.propagate(last, next, { ...symmetric, plus: source, sources: k === 1 ? sources : 'all' });
    last = next;
  }
  const scale = 1 / layers;
  nodes.propagate(last, target, { ...symmetric, scale, targets, sources: layers === 1 ? sources : 'all' });
}

/** The option K of a graph backbone: 1 to 4 layers. */
export const layersOption = (byDefault: number) =>
  option(whole(1, 4).default(byDefault), { flag: '--layers <number>', help: 'layers of a graph backbone' });
