import type { Csr } from '../array/csr.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { BackboneOptions, type RawOptions } from './backbone-options.ts';

/** Â = D^−½ A D^−½ */
const symmetric = { left: 0.5, right: 0.5 };

/**
 * LightGCN (He et al., SIGIR 2020): final = 1/(K + 1) · Σ_{k=0..K} Â^k · base, Â = D^−½ A D^−½ of the training graph; K = `layers`, 1 to 4, default 3.
 *
 * By Horner's rule: h_0 = base, h_k = base + Â h_{k−1}, final = h_K / (K + 1). Â is symmetric, so backward is the same with the gradients. The last
 * product forward is needed at the touched rows only, and the first backward has only those to read.
 */
export class LightGcn implements Backbone {
  readonly name = 'lightgcn';
  readonly parameters: { readonly layers: number };

  /** @throws TaurecError `bad-option` */
  constructor(options: RawOptions = {}) {
    const read = new BackboneOptions(this.name, options, ['layers']);
    this.parameters = { layers: read.whole('layers', 3, 1, 4) };
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers } = this.parameters;
    const tables = { ...(layers > 1 && { odd: dimension }), ...(layers > 2 && { even: dimension }) };
    return { graph, outputDimension: dimension, exponents: [0.5], tables, weights: {} };
  }

  forward(nodes: NodeOperations, { rows }: BackboneContext): void {
    const { layers } = this.parameters;
    let last = nodes.base;
    for (let k = 1; k < layers; k++) {
      const next = layer(nodes, k);
      nodes.propagate(last, next, { ...symmetric, plus: nodes.base });
      last = next;
    }
    const scale = 1 / (layers + 1);
    nodes.propagate(last, nodes.final, { ...symmetric, scale, plus: nodes.base, plusScale: scale, targets: rows });
  }

  backward(nodes: NodeOperations): void {
    const { layers } = this.parameters;
    const plus = nodes.finalGradient;
    let last = plus;
    for (let k = 1; k <= layers; k++) {
      const final = k === layers;
      const next = final ? nodes.baseGradient : layer(nodes, k);
      const scale = final ? 1 / (layers + 1) : 1;
      const sources = k === 1 ? 'touched' : 'all';
      nodes.propagate(last, next, { ...symmetric, scale, plus, plusScale: scale, sources });
      last = next;
    }
  }
}

/** Two scratch tables take turns. */
function layer(nodes: NodeOperations, k: number): NodeTable {
  return nodes.table(k % 2 === 1 ? 'odd' : 'even');
}
