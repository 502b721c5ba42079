import type { Csr } from '../array/csr.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations } from '../engine/node-operations.ts';
import { OptionSet, type RawOptions, within } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { layerMeanTables, layersOption, layerTable, symmetric } from './layer-mean.ts';

const options = new OptionSet('backbone', 'lightgcn', {
  layers: layersOption(2),
  gamma: within(0, 1).optional(),
});

/**
 * LightGCN (He et al., SIGIR 2020): final = γ · base + (1 − γ)/K · Σ_{k=1..K} Â^k · base, Â = D^−½ A D^−½ of the training graph; K = `layers`, 1 to 4, default 2;
 * `gamma` in [0, 1], default 1/(K + 1), the paper's mean of all layers.
 *
 * Â has the eigenvalue −1, where users stand against items, and the factor there is γ for even K and γ − (1 − γ)/K for odd K: with an odd K and the paper's γ it is 0,
 * and inner products, weighted by √degree, cannot be negative in the mean, nor scores follow popularity as freely. So the default is 2, where the paper has 3 (docs/decisions/014-cheaper-propagation.md).
 *
 * By Horner's rule: h_0 = base, h_k = base + Â h_{k−1}, final = γ · base + (1 − γ)/K · Â h_{K−1}. Â is symmetric, so backward is the same with the gradients. The last
 * product forward is needed at the touched rows only, and the first backward has only those to read.
 */
export class LightGcn implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'lightgcn';
  readonly parameters: { readonly layers: number; readonly gamma: number };

  /** @throws TaurecError `bad-option` */
  constructor(given: RawOptions = {}) {
    const { layers, gamma } = options.read(given);
    this.parameters = { layers, gamma: gamma ?? 1 / (layers + 1) };
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const tables = layerMeanTables(this.parameters.layers, dimension);
    return { graph, outputDimension: dimension, exponents: [0.5], tables, weights: {} };
  }

  forward(nodes: NodeOperations, { rows }: BackboneContext): void {
    const { layers, gamma } = this.parameters;
    let last = nodes.base;
    for (let k = 1; k < layers; k++) {
      const next = layerTable(nodes, k);
      nodes.propagate(last, next, { ...symmetric, plus: nodes.base });
      last = next;
    }
    const scale = (1 - gamma) / layers;
    nodes.propagate(last, nodes.final, { ...symmetric, scale, plus: nodes.base, plusScale: gamma, targets: rows });
  }

  backward(nodes: NodeOperations): void {
    const { layers, gamma } = this.parameters;
    const plus = nodes.finalGradient;
    let last = plus;
    for (let k = 1; k < layers; k++) {
      const next = layerTable(nodes, k);
      nodes.propagate(last, next, { ...symmetric, plus, sources: k === 1 ? 'touched' : 'all' });
      last = next;
    }
    const sources = layers === 1 ? 'touched' : 'all';
    const scale = (1 - gamma) / layers;
    nodes.propagate(last, nodes.baseGradient, { ...symmetric, scale, plus, plusScale: gamma, sources });
  }
}
