import type { Csr } from '../array/csr.ts';
import { streamKey } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import { OptionSet, type RawOptions } from '../option.ts';
import type { Backbone, BackboneContext } from './backbone.ts';
import { type ContrastParameters, contrastShape, infoNce } from './info-nce.ts';
import { layerMean, layerMeanTables, layerTable, symmetric } from './layer-mean.ts';

const options = new OptionSet(
  'backbone',
  'simgcl',
  contrastShape({ noise: 0.1, contrastWeight: 0.05, contrastTau: 0.2 }),
);

/**
 * SimGCL (Yu et al., "Are graph augmentations necessary? Simple graph contrastive learning for recommendation", SIGIR 2022):
 *
 *     final = 1/K Σ_{k=1..K} Â^k · base          LightGCN without layer 0
 *     view  = the same with noise in every layer: e^k = Â e^{k−1} + ε · sign(Â e^{k−1}) ⊙ n/‖n‖, n uniform in [0, 1)
 *     value = … + weight · (InfoNCE of the batch's users + InfoNCE of its positive items), between two views
 *
 * A view is the same linear map of the base embeddings as `final`, and noise; so its gradients are added to those of `final` and go back with them, for
 * nothing. ε and τ_cl are the authors'; their weight, .5, is for bpr on yelp2018 (docs/backbones.md).
 */
export class SimGcl implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'simgcl';
  readonly parameters: Readonly<Record<keyof ContrastParameters, number>>;

  /** @throws TaurecError `bad-option` */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers, contrastNodes } = this.parameters;
    const tables = {
      ...layerMeanTables(layers + 1, dimension),
      firstView: dimension,
      secondView: dimension,
    };
    return { graph, outputDimension: dimension, exponents: [0.5], tables, weights: {}, contrastNodes };
  }

  forward(nodes: NodeOperations, { rows }: BackboneContext): void {
    layerMean(nodes, nodes.base, nodes.final, this.parameters.layers, { targets: rows, sources: 'all' });
  }

  auxiliaryLoss(nodes: NodeOperations, context: BackboneContext): number {
    const { finalGradient } = nodes;
    const views = [nodes.table('firstView'), nodes.table('secondView')] as const;
    views.forEach((view, v) => {
      this.#view(nodes, view, `view ${v}`, context);
    });
    return infoNce(nodes, views, [finalGradient, finalGradient], this.parameters);
  }

  backward(nodes: NodeOperations): void {
    const { layers } = this.parameters;
    layerMean(nodes, nodes.finalGradient, nodes.baseGradient, layers, { targets: 'all', sources: 'touched' });
  }

  /** Writes the touched rows of a view. */
  #view(nodes: NodeOperations, view: NodeTable, name: string, { seed, epoch, step }: BackboneContext): void {
    const { layers, noise } = this.parameters;
    let last = nodes.base;
    for (let k = 1; k <= layers; k++) {
      const next = layerTable(nodes, k);
      const rows = k === layers ? 'touched' : 'all';
      nodes.propagate(last, next, { ...symmetric, targets: rows });
      nodes.addNoise(next, noise, { key: streamKey(seed, `noise ${name} ${k}`, epoch, step), rows });
      nodes.combine(next, view, { scale: 1 / layers, keep: k === 1 ? 0 : 1, rows: 'touched' });
      last = next;
    }
  }
}
