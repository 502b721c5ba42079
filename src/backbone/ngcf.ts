import type { Csr } from '../array/csr.ts';
import { type Random, streamKey } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeRows, NodeTable } from '../engine/node-operations.ts';
import { fraction, OptionSet, type RawOptions } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { layersOption, symmetric } from './layer-mean.ts';

const options = new OptionSet('backbone', 'ngcf', {
  layers: layersOption(3),
  messageDropout: fraction.default(0.1),
});

/** Of LeakyReLU, below 0. */
const SLOPE = 0.2;

/**
 * Neural graph collaborative filtering (Wang et al., SIGIR 2019):
 *
 *     E^{k+1} = dropout( LeakyReLU_0.2( (Â + I) E^k W1_k + (Â E^k ⊙ E^k) W2_k + b_k ) ),  k = 0..K−1,   E^0 = base, Â = D^−½ A D^−½
 *     final   = the layers E^0 … E^K beside each other, each with its rows divided by their norms: (K + 1) · d columns
 *
 * W1, W2 [d × d] start as Xavier's uniform, b [1 × d] at 0. Message dropout acts in training alone.
 */
export class Ngcf implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'ngcf';
  readonly parameters: { readonly layers: number; readonly messageDropout: number };

  /** @throws TaurecError `bad-option` */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers } = this.parameters;
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
    nodes.normalize(nodes.base, nodes.final, { rows: context.rows });
    for (let k = 1; k <= layers; k++) {
      const rows = k === layers ? context.rows : 'all';
      const [e, next, message] = [layerOf(nodes, k - 1), layerOf(nodes, k), nodes.table(`message${k}`)];
      nodes.propagate(e, message, { ...symmetric, targets: rows });
      nodes.linear(this.#sum(nodes, k, rows), nodes.weight(`W1_${k}`), next, { bias: nodes.weight(`b_${k}`), rows });
      nodes.linear(this.#product(nodes, k, rows), nodes.weight(`W2_${k}`), next, { keep: 1, rows });
      nodes.leakyRelu(next, SLOPE, rows);
      if (context.training) this.#dropout(nodes, next, k, rows, context);
      nodes.normalize(next, nodes.final, { column: k * columns, rows: context.rows });
    }
  }

  backward(nodes: NodeOperations, context: BackboneContext): void {
    const { layers } = this.parameters;
    const { base, baseGradient, finalGradient } = nodes;
    let gradient = nodes.table('gradient');
    let spare = nodes.table('nextGradient');
    for (let k = layers; k >= 1; k--) {
      const rows = k === layers ? 'touched' : 'all';
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
    nodes.normalizeBackward(base, finalGradient, baseGradient, { keep: 1, rows: 'touched' });
  }

  /** From g, the gradient before the activation of layer k, to that of layer k − 1, `target`, and those of the parameters. g ends up as scratch. */
  #layerBackward(nodes: NodeOperations, k: number, g: NodeTable, target: NodeTable, rows: NodeRows): void {
    const [e, message] = [layerOf(nodes, k - 1), nodes.table(`message${k}`)];
    const [w1, w2] = [nodes.weight(`W1_${k}`), nodes.weight(`W2_${k}`)];
    const [dW1, dW2, db] = ['W1', 'W2', 'b'].map((name) => nodes.weightGradient(`${name}_${k}`));
    nodes.linearGradients(this.#sum(nodes, k, rows), g, dW1!, db, rows);
    nodes.linearGradients(this.#product(nodes, k, rows), g, dW2!, undefined, rows);
    const [bySum, byProduct] = [nodes.table('first'), nodes.table('second')];
    nodes.linear(g, w1, bySum, { transposed: true, rows });
    nodes.linear(g, w2, byProduct, { transposed: true, rows });
    // of E^k itself, and of the message Â E^k
    nodes.combine(bySum, g, { rows });
    nodes.multiply(byProduct, message, g, { keep: 1, rows });
    nodes.multiply(byProduct, e, bySum, { keep: 1, rows });
    nodes.propagate(bySum, target, { ...symmetric, sources: rows });
    nodes.combine(g, target, { keep: 1, rows });
  }

  /** (Â + I) E^{k−1}, in a scratch table. */
  #sum(nodes: NodeOperations, k: number, rows: NodeRows): NodeTable {
    const sum = nodes.table('first');
    nodes.combine(layerOf(nodes, k - 1), sum, { rows });
    nodes.combine(nodes.table(`message${k}`), sum, { keep: 1, rows });
    return sum;
  }

  /** Â E^{k−1} ⊙ E^{k−1}, in a scratch table. */
  #product(nodes: NodeOperations, k: number, rows: NodeRows): NodeTable {
    const product = nodes.table('second');
    nodes.multiply(layerOf(nodes, k - 1), nodes.table(`message${k}`), product, { rows });
    return product;
  }

  #dropout(nodes: NodeOperations, y: NodeTable, k: number, rows: NodeRows, context: BackboneContext): void {
    const { messageDropout } = this.parameters;
    if (messageDropout === 0) return;
    const key = streamKey(context.seed, `message dropout ${k}`, context.epoch, context.step);
    nodes.dropout(y, messageDropout, { key, rows });
  }
}

/** E^k */
function layerOf(nodes: NodeOperations, k: number): NodeTable {
  return k === 0 ? nodes.base : nodes.table(`layer${k}`);
}

/** Uniform in ±sqrt(6 / (rows + columns)) (Glorot & Bengio, AISTATS 2010). */
function xavier({ rows, columns, stride, data }: NodeTable, random: Random): void {
  const bound = Math.sqrt(6 / (rows + columns));
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) data[r * stride + c] = (2 * random.real() - 1) * bound;
  }
}
