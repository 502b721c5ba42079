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
 * LightGCN (docs/backbones.md):
 *
 *     final = γ · base + (1 − γ)/K · Σ_{k=1..K} Â^k · base,   Â = D^−½ A D^−½ of the training graph
 *
 * K is `layers`, 1 to 4, default 2. γ is `gamma` in [0, 1], default 1/(K + 1): the paper's mean of all layers.
 *
 * Why K = 2, where the paper has 3: Â has the eigenvalue −1, whose eigenvector separates users from items. `final` scales it by γ for even K and by
 * γ − (1 − γ)/K for odd K, which is 0 for the paper's γ. Inner products, weighted by √degree, then cannot be negative on average, and scores follow
 * popularity less freely (docs/decisions/014-cheaper-propagation.md).
 *
 * Horner's rule: h_0 = base, h_k = base + Â h_{k−1}, final = γ · base + (1 − γ)/K · Â h_{K−1}. Â is symmetric, so backward runs the same on the gradients. Forward needs
 * its last product only at the touched rows, and backward reads only those in its first.
 *
 * Source: He et al., "LightGCN: Simplifying and powering graph convolution network for recommendation", SIGIR 2020.
 */
export class LightGcn implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'lightgcn';
  readonly parameters: { readonly layers: number; readonly gamma: number };

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
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
