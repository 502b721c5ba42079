import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import { notNegative, positive, whole } from '../option.ts';
import { layersOption } from './layer-mean.ts';

/** The options that the contrastive backbones share. */
export interface ContrastParameters {
  /** K, the number of layers, 1 to 4. */
  readonly layers: number;
  /** ε ≥ 0, the length of the noise in each layer. */
  readonly noise: number;
  /** Weight of the contrastive term in the batch's value, > 0. */
  readonly contrastWeight: number;
  /** τ_cl > 0, the temperature of InfoNCE. */
  readonly contrastTau: number;
  /** Most users, and most items, of a batch that enter the contrast, 2 to 8,192; its cost grows with the square. */
  readonly contrastNodes: number;
}

/** The options whose defaults differ between the backbones. */
type Defaults = Pick<ContrastParameters, 'noise' | 'contrastWeight' | 'contrastTau'>;

/** The declarations of these options, with the defaults of one backbone. */
export function contrastShape({ noise, contrastWeight, contrastTau }: Defaults) {
  return {
    layers: layersOption(3),
    noise: notNegative.default(noise),
    contrastWeight: positive.default(contrastWeight),
    contrastTau: positive.default(contrastTau),
    contrastNodes: whole(2, 8192).default(1024),
  };
}

/**
 * The contrastive term: weight · (InfoNCE of the batch's users + InfoNCE of its positive items) between tables a and b. Adds its gradients to da and db, in the touched rows.
 *
 * @returns the term, already weighted
 */
export function infoNce(
  nodes: NodeOperations,
  [a, b]: readonly [NodeTable, NodeTable],
  [da, db]: readonly [NodeTable, NodeTable],
  { contrastTau: temperature, contrastWeight: weight }: ContrastParameters,
): number {
  const ofUsers = nodes.contrast(a, b, da, db, { of: 'users', temperature, weight });
  return ofUsers + nodes.contrast(a, b, da, db, { of: 'positives', temperature, weight });
}
