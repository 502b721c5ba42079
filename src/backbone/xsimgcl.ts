import type { Csr } from '../array/csr.ts';
import { streamKey } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import { OptionSet, type RawOptions, whole } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { type ContrastParameters, contrastShape, infoNce } from './info-nce.ts';
import { layerMean, layerMeanTables, layerTable, symmetric } from './layer-mean.ts';

const options = new OptionSet('backbone', 'xsimgcl', {
  ...contrastShape({ noise: 0.2, contrastWeight: 0.05, contrastTau: 0.15 }),
  contrastLayer: whole(1, 4).default(1),
});

/**
 * XSimGCL, with one noisy pass where SimGCL has three (docs/backbones.md):
 *
 *     e^k   = Â e^{k−1} + ε · sign(Â e^{k−1}) ⊙ n/‖n‖, n uniform in [0, 1), e^0 = base; no noise for ranking
 *     final = 1/K Σ_{k=1..K} e^k
 *     value = … + weight · (InfoNCE of the batch's users + InfoNCE of its positive items), between `final` and the layer `contrastLayer`
 *
 * `contrastLayer` is 1 to K, default 1. Source: Yu et al., "XSimGCL: Towards extremely simple graph contrastive learning for recommendation", TKDE 2024.
 */
export class XSimGcl implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'xsimgcl';
  readonly parameters: Readonly<Record<keyof ContrastParameters | 'contrastLayer', number>>;

  /** @throws TaurecError `bad-option` for a value out of bounds or `contrastLayer` > `layers`, `unknown-name` for an unknown option */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
    const { contrastLayer, layers } = this.parameters;
    if (contrastLayer > layers) options.fail(given, 'contrastLayer', `a whole number from 1 to ${layers}`);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers, contrastNodes } = this.parameters;
    // The contrasted layer has a table of its value and one of its gradient; `layerTable` would overwrite it.
    const tables = {
      ...layerMeanTables(layers + 1, dimension),
      contrasted: dimension,
      contrastedGradient: dimension,
    };
    return { graph, outputDimension: dimension, exponents: [0.5], tables, weights: {}, contrastNodes };
  }

  forward(nodes: NodeOperations, context: BackboneContext): void {
    const { layers } = this.parameters;
    if (context.training) this.#noisyForward(nodes, context);
    else layerMean(nodes, nodes.base, nodes.final, layers, { targets: context.rows, sources: 'all' });
  }

  auxiliaryLoss(nodes: NodeOperations): number {
    const tables = [nodes.final, nodes.table('contrasted')] as const;
    const gradients = [nodes.finalGradient, nodes.table('contrastedGradient')] as const;
    // The gradient of `final` already holds that of the loss; the layer's starts at 0.
    nodes.fill(gradients[1], 0, 'touched');
    return infoNce(nodes, tables, gradients, this.parameters);
  }

  /** g_K = ∂final/K, g_k = ∂final/K + Â g_{k+1}, ∂base = Â g_1; g of the layer `contrastLayer` also gets the gradient of the contrast. */
  backward(nodes: NodeOperations): void {
    const { layers, contrastLayer } = this.parameters;
    const { baseGradient, finalGradient } = nodes;
    const scale = 1 / layers;
    let last = layerTable(nodes, layers);
    nodes.combine(finalGradient, last, { scale, rows: 'touched' });
    const addContrast = (gradient: NodeTable) =>
      nodes.combine(nodes.table('contrastedGradient'), gradient, { keep: 1, rows: 'touched' });
    if (contrastLayer === layers) addContrast(last);
    for (let k = layers - 1; k >= 0; k--) {
      const next = k === 0 ? baseGradient : layerTable(nodes, k);
      // `base` itself is not part of `final`.
      const plus = k === 0 ? undefined : finalGradient;
      const sources = k === layers - 1 ? 'touched' : 'all';
      nodes.propagate(last, next, { ...symmetric, plus, plusScale: scale, sources });
      if (k === contrastLayer) addContrast(next);
      last = next;
    }
  }

  /** The training pass. Noise is keyed by layer, epoch and step, so a run repeats. */
  #noisyForward(nodes: NodeOperations, { seed, epoch, step, rows: wanted }: BackboneContext): void {
    const { layers, noise, contrastLayer } = this.parameters;
    let last = nodes.base;
    for (let k = 1; k <= layers; k++) {
      const next = k === contrastLayer ? nodes.table('contrasted') : layerTable(nodes, k);
      const rows = k === layers ? wanted : 'all';
      nodes.propagate(last, next, { ...symmetric, targets: rows });
      nodes.addNoise(next, noise, { key: streamKey(seed, `noise ${k}`, epoch, step), rows });
      nodes.combine(next, nodes.final, { scale: 1 / layers, keep: k === 1 ? 0 : 1, rows: wanted });
      last = next;
    }
  }
}
