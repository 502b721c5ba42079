import type { LossNeeds } from '../../loss/loss.ts';
import type { EnginePlan } from '../engine.ts';
import { stateLengths } from '../loss-states.ts';

/** Positives whose similarities with the pool are computed together: one register tile high. */
export const SIMILARITY_BLOCK = 6;

/** The parts of the memory that only losses with needs have; of length 0 for all others. */
export const lossRegionNames = [
  'stateUsers', 'stateItems', 'stateGlobal', 'userUpdates', 'itemUpdates', 'globalUpdates', 'poolStates',
  'inverseNorms', 'threadSimilarity', 'threadSimilarRows',
] as const; // biome-ignore format: a table of names

type LossRegion = (typeof lossRegionNames)[number];

/** Lengths of these parts. `slots`: items that a batch can touch; `scoreStride`: floats between rows of scores. */
export function lossRegionLengths(
  plan: EnginePlan,
  needs: Required<LossNeeds>,
  threads: number,
  stride: number,
  scoreStride: number,
  slots: number,
): Record<LossRegion, number> {
  const { rows, negativesPerRow, shared } = plan.training?.capacity ?? { rows: 0, negativesPerRow: 0, shared: true };
  const states = stateLengths(needs, plan.users, plan.items);
  const similarity = needs.itemSimilarity ? threads : 0;
  const block = shared ? SIMILARITY_BLOCK : 1;
  return {
    stateUsers: states.users,
    stateItems: states.items,
    stateGlobal: states.global,
    userUpdates: rows * needs.userState,
    itemUpdates: needs.itemState ? rows * negativesPerRow : 0,
    globalUpdates: rows * needs.globalState,
    poolStates: needs.itemState ? (shared ? negativesPerRow : rows * negativesPerRow) : 0,
    inverseNorms: needs.itemSimilarity && plan.score === 'dot' ? slots : 0,
    threadSimilarity: similarity * block * scoreStride,
    threadSimilarRows: similarity * block * stride,
  };
}
