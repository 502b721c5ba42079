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
 * SimGCL (docs/backbones.md):
 *
 *     final = 1/K Σ_{k=1..K} Â^k · base          LightGCN without layer 0
 *     view  = the same with noise in every layer: e^k = Â e^{k−1} + ε · sign(Â e^{k−1}) ⊙ n/‖n‖, n uniform in [0, 1)
 *     value = … + weight · (InfoNCE of the batch's users + InfoNCE of its positive items), between two views
 *
 * A view is the linear map of `final` plus noise, so its gradients are added to those of `final` and share one backward pass at no extra cost. Defaults of ε (.1) and
 * τ_cl (.2) are the authors'; their weight of .5 was for bpr on yelp2018, ours is .05 (docs/backbones.md).
 *
 * Source: Yu et al., "Are graph augmentations necessary? Simple graph contrastive learning for recommendation", SIGIR 2022.
 */
export class SimGcl implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'simgcl';
  readonly parameters: Readonly<Record<keyof ContrastParameters, number>>;

  /** @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an unknown option */
  constructor(given: RawOptions = {}) {
    this.parameters = options.read(given);
  }

  plan(dimension: number, graph: Csr): BackbonePlan {
    const { layers, contrastNodes } = this.parameters;
    const tables = {
      // One more than `layerMean` needs: a view stores every layer, the last one included.
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
    // Both views have the gradient table of `final`.
    return infoNce(nodes, views, [finalGradient, finalGradient], this.parameters);
  }

  backward(nodes: NodeOperations): void {
    const { layers } = this.parameters;
    layerMean(nodes, nodes.finalGradient, nodes.baseGradient, layers, { targets: 'all', sources: 'touched' });
  }

  /** Computes the touched rows of one view. Noise is keyed by view and layer, so the two views differ and a run repeats. */
  #view(nodes: NodeOperations, view: NodeTable, name: string, { seed, epoch, step }: BackboneContext): void {
    const { layers, noise } = this.parameters;
    let last = nodes.base;
    for (let k = 1; k <= layers; k++) {
      const next = layerTable(nodes, k);
      // Inner layers feed the next product and need all rows.
      const rows = k === layers ? 'touched' : 'all';
      nodes.propagate(last, next, { ...symmetric, targets: rows });
      nodes.addNoise(next, noise, { key: streamKey(seed, `noise ${name} ${k}`, epoch, step), rows });
      nodes.combine(next, view, { scale: 1 / layers, keep: k === 1 ? 0 : 1, rows: 'touched' });
      last = next;
    }
  }
}
