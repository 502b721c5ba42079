// The memory of the WebAssembly engine, shared by its threads: one block, divided into regions whose sizes follow from the plan. The kernels see only byte addresses.

import { TaurecError } from '../../errors.ts';
import type { LossNeeds } from '../../loss/loss.ts';
import { needsOf } from '../../loss/loss-needs.ts';
import type { EnginePlan } from '../engine.ts';
import { stateLengths } from '../loss-states.ts';
import { instantiate, type Kernels } from './kernels.ts';
import { type NodeLayout, nodeLayout, strideOf } from './node-layout.ts';

/** Positives whose similarities with the pool are computed together: the 4 rows of one register tile (kernels/product.ts). */
export const SIMILARITY_BLOCK = 4;

/** Regions for what a loss needs (states, similarities); of length 0 for losses that need neither. */
const lossRegionNames = [
  'stateUsers', 'stateItems', 'stateGlobal', 'userUpdates', 'itemUpdates', 'globalUpdates', 'poolStates',
  'inverseNorms', 'threadSimilarity', 'threadSimilarRows',
] as const; // biome-ignore format: a table of names

type LossRegion = (typeof lossRegionNames)[number];

/** Lengths of these regions, in floats. `slots`: the most items that a batch can touch; `scoreStride`: floats between rows of scores. */
function lossRegionLengths(
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

/** Rows of a table that one task of a verb takes: about ten microseconds of work. */
export const ROW_CHUNK = 256;
/** Rows of a batch whose scores are computed together: three register tiles of four rows. At n = 2,048 the block of scores takes 97 KiB and stays in the L2 cache. */
export const ROW_BLOCK = 12;
/** Pool items whose gradients are computed together: twelve register tiles of four rows. */
export const SLOT_BLOCK = 48;
/** Scratch rows of n + 4 floats for the kernel of a loss, on each thread. DualScaleRow uses all five. */
export const SCRATCH_ROWS = 5;
/** Scratch rows of a person's loss: those of its kernel, one of item states, one of cosines (person-loss.ts). */
export const PERSON_ROWS = SCRATCH_ROWS + 2;
/** The most queries that are ranked together: twelve register tiles of four rows, which pass over each tile of items while it is in the first-level cache. */
export const QUERY_BLOCK = 48;
/** Items that are scored for them at a time. A block of scores, 48 × 512 floats, takes 96 KiB. */
export const ITEM_BLOCK = 512;
/** Floats between rows of these scores: not a multiple of a page, as `scoreStride`. */
export const RANK_STRIDE = ITEM_BLOCK + 16;
/** Rows of 16-bit items that are widened together for a list of items: at d = 64 they take 1 MiB. */
const WIDENED_ROWS = 4096;
/** Queries of one ranking round: the size of the regions for queries. */
export const QUERY_ROUND = 1024;

/** The capacity of an engine that only ranks. */
const noBatch = { rows: 0, positives: 0, negativesPerRow: 0, shared: true, masked: 0, maskWeights: false };

const PAGE = 65536;
const MAX_BYTES = 4 * 1024 ** 3;

/** Layout of the shared memory: byte addresses and element counts of all regions. Every thread computes the same layout from the plan. */
export interface Layout {
  readonly bytes: number;
  readonly pages: number;
  /** Floats between rows of final embeddings and of everything computed from them: the columns, rounded up to a multiple of 4. The padding is always 0. */
  readonly stride: number;
  /** Floats between rows of base embeddings and their moments; without a backbone equal to `stride`. */
  readonly baseStride: number;
  /** Floats between rows of scores and of score gradients: not a multiple of a page, because all elements of a column would then compete for one cache set. */
  readonly scoreStride: number;
  readonly at: Readonly<Record<RegionName, number>>;
  readonly length: Readonly<Record<RegionName, number>>;
  /** Addresses of the final embeddings; those of users only with a backbone. */
  readonly finals: { readonly users: number; readonly items: number };
  /** Graph and tables of the backbone. */
  readonly nodes?: NodeLayout;
}

type RegionName = (typeof regionNames)[number];
const regionNames = [
  'control', 'scalars', 'failure',
  'users', 'items', 'usersM', 'itemsM', 'usersV', 'itemsV', 'usersLast', 'itemsLast',
  'sums', 'kept', 'epsilons', 'powers1', 'powers2',
  'batchUsers', 'rowWeights', 'positiveOffsets', 'positiveWeights', 'positiveRows', 'positiveItems', 'negativeItems', 'negativeWeights',
  'maskOffsets', 'masked', 'maskWeights', 'rowValues',
  'userList', 'userSlotOfRow', 'userRowOffsets', 'userRows', 'latestUsers', 'packedUsers', 'userNorms', 'weightedUsers', 'rowGradients', 'userGradients',
  'entrySlots', 'itemStamp', 'itemSlot', 'itemList', 'latestItems', 'packedItems', 'itemNorms', 'itemGradients', 'panels',
  'occurrenceOffsets', 'occurrenceCounts', 'occurrenceRows', 'occurrenceEntries', 'scoreGradients', 'positiveGradients', 'ones', 'l2',
  'threadScores', 'threadPositives', 'threadWeights', 'threadScratch', 'threadResult', 'threadItems', 'threadTargets',
  'itemHalves', 'itemScales', 'widenedRows', 'rowNumbers', 'rankPanels', 'itemBias', 'queries', 'queryNorms', 'rawQueries', 'excludedOffsets', 'excluded', 'additionOffsets', 'additions', 'additionValues', 'targetOffsets', 'targets', 'above', 'topScores', 'topItems',
  'personItems', 'personScores', 'personGradients', 'personWeights', 'personScratch', 'personUser', 'personSum', 'personResult',
  ...lossRegionNames,
] as const; // biome-ignore format: a table of names

/**
 * Lays out the memory for a plan and the needs of its loss.
 *
 * @throws TaurecError `memory-limit` with the numbers if it exceeds 4 GiB
 */
export function layoutOf(plan: EnginePlan, threads: number, needs = needsOf()): Layout {
  const { users, items } = plan;
  const baseStride = strideOf(plan.dimension);
  const stride = strideOf(plan.backbone?.outputDimension ?? plan.dimension);
  const training = plan.training;
  const capacity = training?.capacity ?? noBatch;
  const { rows, shared } = capacity;
  const n = capacity.negativesPerRow;
  // listed occurrences of items: the positives of a user batch, or the n negatives and the positive of each pair
  const entries = shared ? capacity.positives : rows * (n + 1);
  const slots = training ? Math.min(items, shared ? n + capacity.positives : entries) + 8 : 0;
  const scoreStride = shared ? ((n + 3) & ~3) + 16 : n + 1;
  // without a backbone a step moves only the touched rows; `usersLast` and `itemsLast` hold the last step of each row
  const lazy = training !== undefined && plan.backbone === undefined;
  const adam = training?.optimizer.name === 'adam';
  const steps = training ? training.stepsPerEpoch + 2 : 0;
  // with a backbone all users are here; without one the batch's users are (user-rows.ts), and between batches a chunk of rows for each thread
  const userSlots = plan.backbone ? users : training ? Math.max(rows, threads * ROW_CHUNK) : 0;
  // room for the lists of a ranking round; one query may exclude every item
  const listed = Math.max(65536, items);
  // room for a few hundred additions of every query of a round
  const added = Math.max(QUERY_ROUND * 512, items);
  const whole = (items + 7) & ~7;
  // items of 16 bits lie in panels, and are widened when they are ranked; two take the place of a float
  const isHalf = plan.precision === 'f16';
  const widened = isHalf ? Math.min(items, WIDENED_ROWS) : 0;
  const lengths: Record<RegionName, number> = {
    control: 64, scalars: 64, failure: 1024,
    users: userSlots * baseStride, usersM: adam ? userSlots * baseStride : 0, usersV: adam ? userSlots * baseStride : 0, usersLast: lazy ? userSlots : 0,
    items: isHalf ? 0 : items * baseStride, itemsM: adam ? items * baseStride : 0, itemsV: adam ? items * baseStride : 0, itemsLast: lazy ? items : 0,
    sums: steps, kept: steps, epsilons: steps, powers1: steps, powers2: steps,
    batchUsers: rows, rowWeights: rows, positiveOffsets: rows + 1, positiveWeights: capacity.positives, positiveRows: capacity.positives,
    positiveItems: capacity.positives, negativeItems: shared ? n : rows * n, negativeWeights: n,
    maskOffsets: rows + 1, masked: capacity.masked, maskWeights: capacity.maskWeights ? capacity.masked : 0, rowValues: rows,
    userList: rows, userSlotOfRow: rows, userRowOffsets: rows + 1, userRows: rows, latestUsers: lazy ? rows * stride : 0, packedUsers: rows * stride, userNorms: rows,
    weightedUsers: rows * stride, rowGradients: rows * stride, userGradients: shared ? 0 : rows * stride,
    entrySlots: entries, itemStamp: training ? items : 0, itemSlot: training ? items : 0, itemList: slots, latestItems: lazy ? slots * stride : 0, packedItems: slots * stride, itemNorms: slots,
    itemGradients: slots * stride, panels: training && shared ? ((n + 7) & ~7) * stride : 0,
    occurrenceOffsets: slots, occurrenceCounts: slots, occurrenceRows: entries, occurrenceEntries: entries,
    scoreGradients: rows * scoreStride + 4, positiveGradients: shared ? capacity.positives : 0, ones: 1, l2: 1,
    threadScores: threads * Math.max(shared ? ROW_BLOCK * scoreStride : scoreStride, QUERY_BLOCK * RANK_STRIDE), threadPositives: threads * (capacity.positives + 4),
    threadWeights: threads * (n + 4), threadScratch: threads * SCRATCH_ROWS * (n + 4),
    threadResult: threads * 16, threadItems: threads * ITEM_BLOCK * stride, threadTargets: threads * 16,
    itemHalves: isHalf ? (whole * stride) / 2 : 0, itemScales: isHalf && (plan.rankingScore ?? plan.score) === 'cosine' ? whole : 0, widenedRows: widened * stride, rowNumbers: widened,
    rankPanels: isHalf ? 0 : whole * stride, itemBias: whole, queries: QUERY_ROUND * stride, queryNorms: QUERY_ROUND, rawQueries: QUERY_ROUND * stride,
    excludedOffsets: QUERY_ROUND + 1, excluded: listed, additionOffsets: QUERY_ROUND + 1, additions: added, additionValues: added, targetOffsets: QUERY_ROUND + 1, targets: listed, above: listed, topScores: listed, topItems: listed,
    personItems: items, personScores: items, personGradients: items + 4, personWeights: items, personScratch: PERSON_ROWS * (items + 4), personUser: stride, personSum: stride, personResult: 16,
    ...lossRegionLengths(plan, needs, threads, stride, scoreStride, slots),
  }; // biome-ignore format: a table of sizes
  const doubles = new Set<RegionName>(['scalars', 'sums', 'kept', 'epsilons', 'powers1', 'powers2', 'rowValues']);
  const at = {} as Record<RegionName, number>;
  // the next region follows these without a gap: a backbone sees users and items as one table, and their moments too
  const beside = new Set<RegionName>(['users', 'usersM', 'usersV']);
  // address 0 means "absent" to the kernels
  let bytes = 64;
  for (const name of regionNames) {
    at[name] = bytes;
    const size = lengths[name] * (doubles.has(name) ? 8 : 4);
    // other regions begin at a cache line, so that threads do not share lines across regions
    bytes = beside.has(name) ? bytes + size : Math.ceil((bytes + size) / 64) * 64;
  }
  const nodes = nodeLayout(plan, threads, bytes, at.users);
  bytes = nodes?.end ?? bytes;
  if (bytes > MAX_BYTES) throw new TaurecError('memory-limit', memoryFacts(plan, bytes, nodes));
  const finals = nodes
    ? { users: nodes.final.at, items: nodes.final.at + users * stride * 4 }
    : { users: at.users, items: at.items };
  return { bytes, pages: Math.ceil(bytes / PAGE), stride, baseStride, scoreStride, at, length: lengths, finals, nodes };
}

/** The numbers of the error `memory-limit`: sizes of the plan, bytes needed, and bytes per user or item in the tables; without a backbone bytes per item in all, because the users lie outside. */
function memoryFacts({ users, items, dimension, training }: EnginePlan, bytes: number, nodes?: NodeLayout) {
  const facts = { items, dimension, bytes, limit: MAX_BYTES };
  if (!nodes) return { ...facts, bytesPerRow: Math.ceil(bytes / items) };
  const base = strideOf(dimension) * (training?.optimizer.name === 'adam' ? 3 : 1);
  const tables = [nodes.baseGradient, nodes.final, nodes.finalGradient, ...nodes.tables.values()];
  return { ...facts, users, bytesPerRow: 4 * tables.reduce((sum, { stride }) => sum + stride, base) };
}

/** Positions, in 32-bit words, of the numbers that verbs read from the control region. The words before 8 belong to the crew (crew.ts). */
export const Word = {
  rows: 8, negatives: 9, slots: 10, userSlots: 11, now: 12, entries: 13, hasPositiveWeights: 14, hasNegativeWeights: 15, userKey: 16, itemKey: 17,
  queries: 18, k: 19, hasTargets: 20, touched: 21, hasItemBias: 22, hasMaskWeights: 23,
} as const; // biome-ignore format: a table of words

/** Positions, in 64-bit floats, of the numbers that verbs read from the scalar region. */
export const Scalar = { learningRate: 0, size: 1, correction: 2, decay: 3, operation: 16, arguments: 17 } as const;

/**
 * The rows of all users, outside of the WebAssembly memory, whose 4 GiB then bound the items alone. Each is one array over memory that the threads share where the platform allows it.
 * Without a backbone only: a graph reaches every row in every step.
 */
export interface UserTables {
  /** [users × stride] base embeddings, and Adam's moments of each; [users × dimension] 16-bit floats in an engine that holds those. */
  readonly users: Float32Array | Uint16Array;
  readonly usersM?: Float32Array;
  readonly usersV?: Float32Array;
  /** [users] the last step of each row in this epoch; absent in an engine that only ranks. */
  readonly usersLast?: Int32Array;
}

/**
 * The shared memory as one thread uses it: kernels, addresses, and views. The views stay valid because the memory never grows. `ints`, `floats` and `doubles` span the
 * whole memory: byte address a is element a >>> 2 of the first two, a >>> 3 of `doubles`.
 */
export interface ThreadMemory {
  readonly plan: EnginePlan;
  readonly needs: Required<LossNeeds>;
  readonly layout: Layout;
  /** This thread's instance of the kernels over the shared memory. */
  readonly kernels: Kernels;
  readonly buffer: ArrayBufferLike;
  readonly ints: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly control: Int32Array;
  readonly scalars: Float64Array;
  readonly failure: Uint8Array;
  /** The rows of the users; absent with a backbone, whose users are in the memory. */
  readonly userTables?: UserTables;
}

/** One thread's access to the memory of an engine. */
export function threadMemory(
  plan: EnginePlan,
  threads: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  needs: Required<LossNeeds>,
  userTables?: UserTables,
): ThreadMemory {
  const layout = layoutOf(plan, threads, needs);
  const buffer = memory.buffer;
  return {
    plan,
    needs,
    layout,
    kernels: instantiate(module, memory),
    buffer,
    ints: new Int32Array(buffer),
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
    control: new Int32Array(buffer, layout.at.control, layout.length.control),
    scalars: new Float64Array(buffer, layout.at.scalars, layout.length.scalars),
    failure: new Uint8Array(buffer, layout.at.failure, layout.length.failure),
    userTables,
  };
}
