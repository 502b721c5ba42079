import type { NodeOperations, NodeTable } from '../engine/node-operations.ts';
import type { ContrastParameters } from './contrast-options.ts';

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
