import type { Csr } from '../array/csr.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import { OptionSet, type RawOptions, within } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { layersOption } from './layer-mean.ts';

const options = new OptionSet('backbone', 'lightgcn++', {
  layers: layersOption(2),
  alpha: within(-2, 2).default(0.6),
  beta: within(-2, 2).default(-0.1),
  gamma: within(0, 1).default(0.2),
});

/**
 * LightGCN++ (docs/backbones.md):
 *
 *     e^k   = D^−α A D^−β ê^{k−1},  k = 1..K,   ê: the rows divided by their norms
 *     final = γ · e^0 + (1 − γ) · 1/K Σ_{k=1..K} e^k
 *
 * α sets how the norm of a node depends on its degree, β how much its neighbours count by their degrees (β < 0: popular neighbours count more), γ the share of the
 * node's base embedding. Defaults are the authors': K = 2 (1 to 4), α = .6 and β = −.1 (both −2 to 2), γ = .2 (0 to 1).
 *
 * Source: Lee, Kim and Shin, "Revisiting LightGCN: Unexpected inflexibility, inconsistency, and a remedy towards improved recommendation", RecSys 2024.
 */
export class LightGcnPlusPlus implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'lightgcn++';
  readonly parameters: {
    readonly layers: number;
    readonly alpha: number;
    readonly beta: number;
    readonly gamma: number;
  };

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers, alpha, beta } = this.parameters;
    // Backward needs every layer again for the adjoint of the normalisation, so each inner layer has a table. The last layer is never stored.
    const names = ['unit', ...(layers > 1 ? ['gradient'] : []), ...range(layers - 1).map((k) => `layer${k}`)];
    const tables = Object.fromEntries(names.map((name) => [name, dimension]));
    return { graph, outputDimension: dimension, exponents: [...new Set([alpha, beta])], tables, weights: {} };
  }

  forward(nodes: NodeOperations, { rows }: BackboneContext): void {
    const { layers, alpha: left, beta: right, gamma } = this.parameters;
    const scale = (1 - gamma) / layers;
    const unit = nodes.table('unit');
    // final starts as γ · e^0; each layer is added as soon as it is computed.
    nodes.combine(nodes.base, nodes.final, { scale: gamma, rows });
    for (let k = 1; k <= layers; k++) {
      nodes.normalize(layerOf(nodes, k - 1), unit);
      // The last product goes straight into `final`, and only at the wanted rows.
      if (k === layers) {
        nodes.propagate(unit, nodes.final, { left, right, scale, plus: nodes.final, targets: rows });
        break;
      }
      const next = layerOf(nodes, k);
      nodes.propagate(unit, next, { left, right });
      nodes.combine(next, nodes.final, { scale, keep: 1, rows });
    }
  }

  backward(nodes: NodeOperations): void {
    // The adjoint of D^−α A D^−β swaps the exponents.
    const { layers, alpha: right, beta: left, gamma } = this.parameters;
    const { baseGradient, finalGradient } = nodes;
    const mean = (1 - gamma) / layers;
    const unit = nodes.table('unit');
    nodes.propagate(finalGradient, unit, { left, right, scale: mean, sources: 'touched' });
    for (let k = layers - 1; k >= 0; k--) {
      // ∂e^k: what comes back through the normalisation of layer k + 1, plus the layer's direct share of `final`.
      const gradient = k === 0 ? baseGradient : nodes.table('gradient');
      nodes.normalizeBackward(layerOf(nodes, k), unit, gradient);
      nodes.combine(finalGradient, gradient, { scale: k === 0 ? gamma : mean, keep: 1, rows: 'touched' });
      if (k > 0) nodes.propagate(gradient, unit, { left, right });
    }
  }
}

/** e^k, all rows. */
function layerOf(nodes: NodeOperations, k: number): NodeTable {
  return k === 0 ? nodes.base : nodes.table(`layer${k}`);
}

/** The numbers 1 … count. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
