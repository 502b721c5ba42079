import type { Csr } from '../array/csr.ts';
import { type Random, streamKey } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeRows, NodeTable } from '../engine/node-operations.ts';
import { fraction, OptionSet, type RawOptions, yesOrNo } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { layersOption, symmetric } from './layer-mean.ts';

const options = new OptionSet('backbone', 'ngcf', {
  layers: layersOption(3),
  messageDropout: fraction.default(0.1),
  rawBase: yesOrNo.default(false),
});

/** Slope of LeakyReLU for negative inputs. */
const SLOPE = 0.2;

/**
 * Neural graph collaborative filtering (docs/backbones.md):
 *
 *     E^{k+1} = dropout( LeakyReLU_0.2( (Â + I) E^k W1_k + (Â E^k ⊙ E^k) W2_k + b_k ) ),  k = 0..K−1,   E^0 = base, Â = D^−½ A D^−½
 *     final   = the layers E^0 … E^K concatenated, each with its rows divided by their norms: (K + 1) · d columns
 *
 * Options: `layers` K, 1 to 4, default 3; `messageDropout` in [0, 1), default .1, active in training only; `rawBase`, default false: E^0 keeps its length in `final`,
 * as in the authors' program. W1, W2 [d × d] start at Xavier's uniform, b [1 × d] at 0.
 * Source: Wang et al., "Neural graph collaborative filtering", SIGIR 2019.
 */
export class Ngcf implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'ngcf';
  readonly parameters: { readonly layers: number; readonly messageDropout: number; readonly rawBase: boolean };

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers } = this.parameters;
    // 1 … K: a layer and a message per step; four scratch tables serve all layers.
    const each = Array.from({ length: layers }, (_, i) => i + 1);
    const names = ['first', 'second', 'gradient', 'nextGradient', ...each.flatMap((k) => [`layer${k}`, `message${k}`])];
    return {
      graph,
      outputDimension: (layers + 1) * dimension,
      exponents: [0.5],
      tables: Object.fromEntries(names.map((name) => [name, dimension])),
      weights: Object.fromEntries(
        each.flatMap((k) => [
          [`W1_${k}`, [dimension, dimension]],
          [`W2_${k}`, [dimension, dimension]],
          [`b_${k}`, [1, dimension]],
        ]),
      ),
    };
  }

  initialise(nodes: NodeOperations, random: Random): void {
    for (let k = 1; k <= this.parameters.layers; k++) {
      xavier(nodes.weight(`W1_${k}`), random);
      xavier(nodes.weight(`W2_${k}`), random);
    }
  }

  forward(nodes: NodeOperations, context: BackboneContext): void {
    const { layers } = this.parameters;
    const { columns } = nodes.base;
    if (this.parameters.rawBase) nodes.combine(nodes.base, nodes.final, { rows: context.rows });
    else nodes.normalize(nodes.base, nodes.final, { rows: context.rows });
    for (let k = 1; k <= layers; k++) {
      // Only the last layer is free to skip rows: every other one feeds a product with Â.
      const rows = k === layers ? context.rows : 'all';
      const [e, next, message] = [layerOf(nodes, k - 1), layerOf(nodes, k), nodes.table(`message${k}`)];
      nodes.propagate(e, message, { ...symmetric, targets: rows });
      nodes.linear(this.#sum(nodes, k, rows), nodes.weight(`W1_${k}`), next, { bias: nodes.weight(`b_${k}`), rows });
      nodes.linear(this.#product(nodes, k, rows), nodes.weight(`W2_${k}`), next, { keep: 1, rows });
      nodes.leakyRelu(next, SLOPE, rows);
      if (context.training) this.#dropout(nodes, next, k, rows, context);
      // Columns k·d … of `final` hold layer k.
      nodes.normalize(next, nodes.final, { column: k * columns, rows: context.rows });
    }
  }

  backward(nodes: NodeOperations, context: BackboneContext): void {
    const { layers } = this.parameters;
    const { base, baseGradient, finalGradient } = nodes;
    // Two gradient tables alternate between the layers.
    let gradient = nodes.table('gradient');
    let spare = nodes.table('nextGradient');
    for (let k = layers; k >= 1; k--) {
      const rows = k === layers ? 'touched' : 'all';
      // The last layer has no gradient from above to keep.
      const keep = k === layers ? 0 : 1;
      const layer = layerOf(nodes, k);
      nodes.normalizeBackward(layer, finalGradient, gradient, { column: k * base.columns, keep, rows: 'touched' });
      if (context.training) this.#dropout(nodes, gradient, k, rows, context);
      nodes.leakyReluBackward(layer, gradient, SLOPE, rows);
      const next = k === 1 ? baseGradient : spare;
      this.#layerBackward(nodes, k, gradient, next, rows);
      spare = gradient;
      gradient = next;
    }
    if (this.parameters.rawBase) nodes.combine(finalGradient, baseGradient, { keep: 1, rows: 'touched' });
    else nodes.normalizeBackward(base, finalGradient, baseGradient, { keep: 1, rows: 'touched' });
  }

  /** Backward through one layer. From g, the gradient before the activation of layer k, it computes the gradients of the parameters and `target`, the gradient of layer k − 1. Overwrites g. */
  #layerBackward(nodes: NodeOperations, k: number, g: NodeTable, target: NodeTable, rows: NodeRows): void {
    const [e, message] = [layerOf(nodes, k - 1), nodes.table(`message${k}`)];
    const [w1, w2] = [nodes.weight(`W1_${k}`), nodes.weight(`W2_${k}`)];
    const [dW1, dW2, db] = ['W1', 'W2', 'b'].map((name) => nodes.weightGradient(`${name}_${k}`));
    nodes.linearGradients(this.#sum(nodes, k, rows), g, dW1!, db, rows);
    nodes.linearGradients(this.#product(nodes, k, rows), g, dW2!, undefined, rows);
    const [bySum, byProduct] = [nodes.table('first'), nodes.table('second')];
    nodes.linear(g, w1, bySum, { transposed: true, rows });
    nodes.linear(g, w2, byProduct, { transposed: true, rows });
    // With S = g W1ᵀ and T = g W2ᵀ: E^{k−1} gets S + T ⊙ message directly (in g), and the message gets S + T ⊙ E^{k−1} (in bySum), which Â carries back.
    nodes.combine(bySum, g, { rows });
    nodes.multiply(byProduct, message, g, { keep: 1, rows });
    nodes.multiply(byProduct, e, bySum, { keep: 1, rows });
    nodes.propagate(bySum, target, { ...symmetric, sources: rows });
    nodes.combine(g, target, { keep: 1, rows });
  }

  /** (Â + I) E^{k−1}, recomputed into a scratch table rather than kept per layer. */
  #sum(nodes: NodeOperations, k: number, rows: NodeRows): NodeTable {
    const sum = nodes.table('first');
    nodes.combine(layerOf(nodes, k - 1), sum, { rows });
    nodes.combine(nodes.table(`message${k}`), sum, { keep: 1, rows });
    return sum;
  }

  /** Â E^{k−1} ⊙ E^{k−1}, recomputed into a scratch table. */
  #product(nodes: NodeOperations, k: number, rows: NodeRows): NodeTable {
    const product = nodes.table('second');
    nodes.multiply(layerOf(nodes, k - 1), nodes.table(`message${k}`), product, { rows });
    return product;
  }

  /** Message dropout of layer k. The key is the same in forward and backward, so both apply the same mask. */
  #dropout(nodes: NodeOperations, y: NodeTable, k: number, rows: NodeRows, context: BackboneContext): void {
    const { messageDropout } = this.parameters;
    if (messageDropout === 0) return;
    const key = streamKey(context.seed, `message dropout ${k}`, context.epoch, context.step);
    nodes.dropout(y, messageDropout, { key, rows });
  }
}

/** E^k, all rows. */
function layerOf(nodes: NodeOperations, k: number): NodeTable {
  return k === 0 ? nodes.base : nodes.table(`layer${k}`);
}

/** Xavier's uniform initialisation: ±sqrt(6 / (rows + columns)) (Glorot & Bengio, AISTATS 2010). Padding stays 0. */
function xavier({ rows, columns, stride, data }: NodeTable, random: Random): void {
  const bound = Math.sqrt(6 / (rows + columns));
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) data[r * stride + c] = (2 * random.real() - 1) * bound;
  }
}
