import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import { notNegative, positive, whole } from '../option.ts';
import { layersOption } from './layer-mean.ts';

/** Options that the contrastive backbones share. */
export interface ContrastParameters {
  readonly layers: number;
  readonly noise: number;
  readonly contrastWeight: number;
  readonly contrastTau: number;
  readonly contrastNodes: number;
}

type Defaults = Pick<ContrastParameters, 'noise' | 'contrastWeight' | 'contrastTau'>;

/** The declarations of these options, with the defaults of a backbone. */
export function contrastShape({ noise, contrastWeight, contrastTau }: Defaults) {
  return {
    layers: layersOption(3),
    noise: notNegative.default(noise),
    contrastWeight: positive.default(contrastWeight),
    contrastTau: positive.default(contrastTau),
    contrastNodes: whole(2, 8192).default(1024),
  };
}

/** weight · (InfoNCE of the batch's users + InfoNCE of its positive items) between tables a and b; its gradients are added to da and db, in touched rows. */
export function infoNce(
  nodes: NodeOperations,
  [a, b]: readonly [NodeTable, NodeTable],
  [da, db]: readonly [NodeTable, NodeTable],
  { contrastTau: temperature, contrastWeight: weight }: ContrastParameters,
): number {
  const ofUsers = nodes.contrast(a, b, da, db, { of: 'users', temperature, weight });
  return ofUsers + nodes.contrast(a, b, da, db, { of: 'positives', temperature, weight });
}
