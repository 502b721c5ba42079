// Evaluates a ranker on test interactions: protocols, options, and the loop over blocks of users.
import * as z from 'zod';
import { type Csr, csrDegree, csrHas } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { sharedInt32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import { checkOptions, declaredOptions, oneOf, option, whole, yesOrNo } from '../option.ts';
import { checkedMetrics, type ExtraMetrics } from './custom-metrics.ts';
import { type GroupBy, type GroupReport, GroupTally, popularityGroups } from './groups.ts';
import { auc, hitPositions, itemPopularity } from './metrics.ts';
import type { UserRanker } from './rankers.ts';
import { AccuracyTally, ExposureTally, type PerUser } from './tallies.ts';

/**
 * The evaluation protocols (docs/evaluation.md).
 * - `clean`: training and validation items are masked; means are over users with test items and an embedding.
 * - `irbench`, as in the published IR-Benchmark numbers: only training items are masked, so validation items remain candidates; sums are divided by the
 *   number of all users of the data set.
 */
export const protocols = ['clean', 'irbench'] as const;
/** The name of a protocol, which decides users, masks and means. Numbers of different protocols are not comparable. */
export type Protocol = (typeof protocols)[number];

const cutoffs = z
  .array(whole(1), { error: 'a list of cut-offs' })
  .refine((ks) => ks.length > 0 && new Set(ks).size === ks.length, { error: 'one or more distinct cut-offs' })
  .readonly();

/** The declarations of the options of an evaluation that commands share. */
export const evaluationShape = {
  /** The protocol: which items are masked, and over which users means are taken. */
  protocol: option(oneOf(protocols), { flag: '--protocol <name>', help: 'evaluation protocol' }),
  /** Cut-offs, each ≥ 1. Default [20]. */
  ks: option(cutoffs.default([20]), { flag: '-k, --ks <numbers>', help: 'cut-offs of the metrics: 5,10,20' }),
  /** Whether to compute AUC too. It compares each test item with all items. Default false. */
  auc: option(yesOrNo.default(false), {
    flag: '--auc',
    help: 'also compute the area under the ROC curve (slower)',
  }),
};

const schema = z.object(evaluationShape);
/** The declared options of an evaluation. */
export const evaluationOptions = declaredOptions(evaluationShape);

/** Data and options of an evaluation. */
export interface EvaluateOptions extends Readonly<z.input<typeof schema>> {
  /** [trained users × items] interactions the model was trained on. Its columns are the ranked items. */
  readonly train: Csr;
  /** [users × items] validation interactions, masked under `clean`. */
  readonly valid?: Csr;
  /** [users × items] test interactions. Required; optional in the type because a `Dataset` may lack them. Users and items beyond `train` are allowed: such items count in |T_u| but cannot be hit, and such users have no embedding. */
  readonly test?: Csr;
  /** Custom metrics by name; a name must not be that of a built-in metric. They appear as `name@k` in `metrics` and `perUser`, but not in `groups`. */
  readonly extraMetrics?: ExtraMetrics;
  /** [items × dimension] item embeddings, for `diversity@K`. Default: no diversity. */
  readonly diversity?: Matrix;
  /** Contributions of popularity groups. `true` means ten groups with equal numbers of interactions. Default false. */
  readonly groups?: boolean | { readonly by?: GroupBy; readonly count?: number };
  /** Whether to keep each user's numbers, for significance tests. Default false. */
  readonly perUser?: boolean;
  /** Evaluates a random sample of `count` of the protocol's users, or all if there are fewer. Default: all users. */
  readonly sample?: { readonly count: number; readonly seed: number };
  /** Number of users ranked at a time, ≥ 1. Affects memory and speed, never the result. Default 1024. */
  readonly blockSize?: number;
  /** Called after each block, with the number of users done and their total. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the evaluation at the next block. */
  readonly signal?: AbortSignal;
}

/** The results of an evaluation. */
export interface Evaluation {
  readonly protocol: Protocol;
  readonly ks: readonly number[];
  /** Number of users by which sums of accuracy metrics are divided. */
  readonly users: number;
  /** Number of ranked users: those with test items and an embedding. Exposure metrics (coverage, gini …) are over these users. */
  readonly ranked: number;
  /** By name: 'recall@20', 'precision@20', 'hitrate@20', 'ndcg@20', 'mrr@20', 'map@20', 'auc', 'coverage@20', 'gini@20', 'popularity@20', 'novelty@20', 'diversity@20', and custom metrics as `name@k`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly groups?: GroupReport;
  readonly perUser?: PerUser;
}

/** Checked options, whose `test` is present. */
type Checked = EvaluateOptions & { readonly test: Csr };

/**
 * Evaluates a ranker on test interactions: ranks all items for every user, one block of users at a time, so the users × items score matrix never exists.
 * Sums run in user order, so every block size gives the same result to the last bit. Between blocks it yields to the event loop, so the thread can serve
 * requests and the signal can take effect.
 *
 * The parts of a dataset are valid options: `await evaluate(ranker, { ...dataset, protocol: 'clean' })`.
 * @throws TaurecError `bad-option`, also without a test part; `evaluation-shape` when ranker, train and diversity have different numbers of items; `no-test-users`; `aborted`
 */
export async function evaluate(ranker: UserRanker, options: EvaluateOptions): Promise<Evaluation> {
  const blocks = evaluateBlocks(ranker, options);
  for (;;) {
    const { done, value } = blocks.next();
    if (done) return value;
    // A macrotask: timers, sockets and abort events run here.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Like `evaluate`, but blocks the thread to the end: for scripts and worker threads. @throws TaurecError the errors of `evaluate` */
export function evaluateSync(ranker: UserRanker, options: EvaluateOptions): Evaluation {
  const blocks = evaluateBlocks(ranker, options);
  for (;;) {
    const { done, value } = blocks.next();
    if (done) return value;
  }
}

/** The evaluation, which yields after each block of users. */
function* evaluateBlocks(ranker: UserRanker, given: EvaluateOptions): Generator<undefined, Evaluation> {
  const options = checked(ranker, given);
  const { train, valid, test, protocol, ks, blockSize, signal } = options;
  // `counted` are the users of the denominator, `rankedAt` the positions in it of users that are ranked. Others score 0.
  const counted = countedUsers(options);
  const rankedAt = counted.map((_, at) => at).filter((at) => isRanked(counted[at]!, options));
  if (rankedAt.length === 0) throw new TaurecError('no-test-users', { users: counted.length });
  const masks = protocol === 'clean' && valid ? [train, valid] : [train];
  const accuracy = new AccuracyTally(
    ks,
    options.auc === true,
    options.perUser ? counted.length : 0,
    options.extraMetrics,
  );
  const exposure = new ExposureTally(ks, train, options.diversity);
  const groups = options.groups ? new GroupTally(groupsOf(train, options.groups), ks) : undefined;
  // One ranking at the largest cutoff serves all cutoffs.
  const k = Math.max(1, Math.min(Math.max(...ks), ranker.items));

  for (let start = 0; start < rankedAt.length; start += blockSize) {
    if (signal?.aborted) throw new TaurecError('aborted');
    const block = rankedAt.subarray(start, start + blockSize);
    const users = block.map((at) => counted[at]!);
    // Rows q = 0 … of the block's matrices are users[q].
    const excluded = maskedItems(users, ranker.items, masks);
    const targets = options.auc ? rankableTargets(users, test, excluded) : undefined;
    const result = ranker.rankUsers(users, k, excluded, targets);
    for (let q = 0; q < users.length; q++) {
      const user = users[q]!;
      const list = listOf(result.items, q, k);
      const hits = hitPositions(list, (item) => csrHas(test, user, item));
      const relevant = csrDegree(test, user);
      const above = targets && result.above!.subarray(targets.offsets[q]!, targets.offsets[q + 1]!);
      accuracy.add(block[q]!, hits, relevant, above && auc(above, ranker.items - csrDegree(excluded, q), relevant));
      exposure.add(list, list.length);
      groups?.add(list, hits, relevant);
    }
    options.onProgress?.({ done: start + block.length, total: rankedAt.length });
    yield;
  }

  const users = counted.length;
  return {
    protocol,
    ks,
    users,
    ranked: rankedAt.length,
    metrics: { ...accuracy.means(users), ...exposure.metrics() },
    ...(groups && { groups: groups.report(users) }),
    ...(options.perUser && { perUser: accuracy.perUser(counted) }),
  };
}

/** The options with their defaults, checked. */
function checked(ranker: UserRanker, options: EvaluateOptions) {
  const { train, test, blockSize = 1024, sample, diversity } = options;
  const { ks } = checkOptions(schema, options, { protocol: 'protocol' });
  if (!test) {
    const remedy = 'Pass test, or load the dataset with a test file or a test split.';
    throw new TaurecError('bad-option', { option: 'test', got: test, expected: 'the test interactions', remedy });
  }
  const atLeast1 = (option: string, got: number) => {
    if (!Number.isSafeInteger(got) || got < 1)
      throw new TaurecError('bad-option', { option, got, expected: 'a whole number of at least 1' });
  };
  atLeast1('blockSize', blockSize);
  if (sample) atLeast1('sample.count', sample.count);
  if (typeof options.groups === 'object' && options.groups.count !== undefined)
    atLeast1('groups.count', options.groups.count);
  for (const [what, items] of [
    ['the ranker', ranker.items],
    ['diversity', diversity?.rows],
  ] as const) {
    if (items !== undefined && items !== train.columns)
      throw new TaurecError('evaluation-shape', { what, got: items, expected: train.columns });
  }
  const extraMetrics = options.extraMetrics && checkedMetrics(options.extraMetrics);
  return { ...options, test, ks, blockSize, extraMetrics };
}

/** The users by whose number sums are divided, ascending: all users under `irbench`, ranked ones under `clean`; or a sample of them. */
function countedUsers(options: Checked): Int32Array {
  const { train, test, protocol, sample } = options;
  const all = Int32Array.from({ length: Math.max(train.rows, test.rows) }, (_, user) => user);
  const counted = protocol === 'irbench' ? all : all.filter((user) => isRanked(user, options));
  if (!sample || sample.count >= counted.length) return counted;
  return shuffle(counted, randomStream(sample.seed, 'evaluation-users')).slice(0, sample.count).sort();
}

/** True for a user with test items and an embedding. */
function isRanked(user: number, { train, test }: Checked): boolean {
  return user < train.rows && user < test.rows && csrDegree(test, user) > 0;
}

/** Popularity groups of the items, by training interactions. */
function groupsOf(train: Csr, groups: true | { readonly by?: GroupBy; readonly count?: number }) {
  const { by, count } = groups === true ? {} : groups;
  return popularityGroups(itemPopularity(train), by, count);
}

/** The list of query q, without the −1 entries that pad a list shorter than k. */
function listOf(items: Int32Array, q: number, k: number): Int32Array {
  const list = items.subarray(q * k, (q + 1) * k);
  const end = list.indexOf(-1);
  return end < 0 ? list : list.subarray(0, end);
}

/**
 * [users × items] the masked items of each listed user: the union of the user's rows in `masks`, restricted to items that the ranker knows. A mask without a
 * row for the user adds nothing.
 */
function maskedItems(users: Int32Array, items: number, masks: readonly Csr[]): Csr {
  const offsets = sharedInt32(users.length + 1);
  let bound = 0;
  for (const mask of masks) for (const user of users) if (user < mask.rows) bound += csrDegree(mask, user);
  const indices = sharedInt32(bound);
  let end = 0;
  for (let q = 0; q < users.length; q++) {
    const start = end;
    let holders = 0;
    for (const mask of masks) {
      if (users[q]! >= mask.rows) continue;
      const before = end;
      for (let e = mask.offsets[users[q]!]!; e < mask.offsets[users[q]! + 1]!; e++) {
        if (mask.indices[e]! < items) indices[end++] = mask.indices[e]!;
      }
      if (end > before) holders++;
    }
    // One mask's row is sorted already; a union of several is not.
    if (holders > 1) end = sortDistinct(indices, start, end);
    offsets[q + 1] = end;
  }
  return { rows: users.length, columns: items, offsets, indices: indices.subarray(0, end) };
}

/** [users × items] the test items of each listed user that its ranking can contain: known to the ranker and not masked. */
function rankableTargets(users: Int32Array, test: Csr, excluded: Csr): Csr {
  const offsets = sharedInt32(users.length + 1);
  // An upper bound for the buffer; the result is cut to its real length.
  let bound = 0;
  for (const user of users) bound += csrDegree(test, user);
  const indices = sharedInt32(bound);
  let end = 0;
  for (let q = 0; q < users.length; q++) {
    for (let e = test.offsets[users[q]!]!; e < test.offsets[users[q]! + 1]!; e++) {
      const item = test.indices[e]!;
      if (item < excluded.columns && !csrHas(excluded, q, item)) indices[end++] = item;
    }
    offsets[q + 1] = end;
  }
  return { rows: users.length, columns: excluded.columns, offsets, indices: indices.subarray(0, end) };
}

/** Sorts indices[start .. end) in place and removes duplicates; returns the new end. */
function sortDistinct(indices: Int32Array, start: number, end: number): number {
  indices.subarray(start, end).sort();
  let kept = start + 1;
  for (let e = start + 1; e < end; e++) if (indices[e] !== indices[e - 1]) indices[kept++] = indices[e]!;
  return kept;
}
