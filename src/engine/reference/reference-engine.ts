import { matrix } from '../../array/matrix.ts';
import { dropoutKey } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import { loadLoss } from '../../loss/load-loss.ts';
import { logExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Loss, RowContext, RowStates, ScoreRow } from '../../loss/loss.ts';
import { needsOf, needsStates } from '../../loss/loss-needs.ts';
import { checkScore } from '../../loss/losses.ts';
import { createOptimizer, optimizerDefaults } from '../../optimizer/create-optimizer.ts';
import type { RowOptimizer } from '../../optimizer/optimizer.ts';
import type { Batch } from '../../sampler/sampler.ts';
import { checkPlan } from '../check-plan.ts';
import type {
  Engine,
  EnginePlan,
  EngineStats,
  OptimizerState,
  PersonProblem,
  RankRequest,
  RankResult,
  TrainingPlan,
} from '../engine.ts';
import { LossStates, stateLengths } from '../loss-states.ts';
import { addScaled, dot, EmbeddingTable, inverseNorm, type Preparation } from './embedding-table.ts';
import { itemProducts, personLoss } from './person-loss.ts';
import { front, rank } from './rank.ts';
import { ReferenceNodes } from './reference-nodes.ts';

/** The score gradients of one row of the batch, multiplied by its row weight. */
interface RowGradients {
  readonly user: number;
  readonly positiveItems: Int32Array;
  readonly poolItems: Int32Array;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/**
 * Opens the engine that defines the results of all engines: tables of 32-bit floats, arithmetic in double precision, plain loops on one thread.
 *
 * @throws TaurecError `bad-option`, `unknown-name`, `loss-module`
 */
export async function openReferenceEngine(plan: EnginePlan): Promise<Engine> {
  checkPlan(plan);
  const loss = plan.training && (await loadLoss(plan.training.loss));
  if (loss) checkScore(loss, plan.score);
  return new ReferenceEngine(plan, loss);
}

/** The definition of the Engine contract. Clarity comes before speed: maps by row number, a new array per row. */
class ReferenceEngine implements Engine {
  readonly name = 'reference';
  readonly build = 'plain';
  readonly threads = 1;
  readonly #plan: EnginePlan;
  readonly #loss?: Loss;
  readonly #optimizer: RowOptimizer;
  readonly #users: EmbeddingTable;
  readonly #items: EmbeddingTable;
  readonly nodes?: ReferenceNodes;
  readonly #states?: ReferenceStates;
  #epoch = 0;
  #step = 0;
  #batch?: Batch;
  #rows: RowGradients[] = [];
  #steps = 0;

  constructor(plan: EnginePlan, loss?: Loss) {
    this.#plan = plan;
    this.#loss = loss;
    this.#optimizer = createOptimizer(plan.training?.optimizer ?? { ...optimizerDefaults, name: 'sgd' });
    const { users, items, dimension, backbone } = plan;
    const { hasMoments } = this.#optimizer;
    // users and items lie one after the other: a backbone sees them as one table of nodes
    const base = new Float32Array((users + items) * dimension);
    this.#users = new EmbeddingTable(matrix(users, dimension, base.subarray(0, users * dimension)), hasMoments);
    this.#items = new EmbeddingTable(matrix(items, dimension, base.subarray(users * dimension)), hasMoments);
    this.nodes = backbone && new ReferenceNodes(backbone, dimension, base, hasMoments);
    if (loss && needsStates(needsOf(loss))) this.#states = new ReferenceStates(loss, plan);
  }

  get users() {
    return this.#users.values;
  }

  get items() {
    return this.#items.values;
  }

  get finals() {
    return this.nodes?.finals() ?? { users: this.users, items: this.items };
  }

  get weights() {
    return Object.fromEntries(this.#weights().map(([name, { values }]) => [name, values.data]));
  }

  get optimizerState(): OptimizerState {
    if (!this.#optimizer.hasMoments) return {};
    return {
      usersM: this.#users.m.data,
      usersV: this.#users.v.data,
      itemsM: this.#items.m.data,
      itemsV: this.#items.v.data,
      ...Object.fromEntries(
        this.#weights().flatMap(([name, { m, v }]) => [
          [`weightM.${name}`, m.data],
          [`weightV.${name}`, v.data],
        ]),
      ),
    };
  }

  get lossState() {
    return this.#states?.arrays ?? {};
  }

  startEpoch(epoch: number, step: number): void {
    this.#training();
    this.#epoch = epoch;
    this.#optimizer.startEpoch(step);
    this.#users.startEpoch();
    this.#items.startEpoch();
    this.#states?.startEpoch(epoch);
  }

  begin(batch: Batch, step: number): void {
    this.#training();
    this.#batch = batch;
    this.#step = step;
    const items = [...batch.positives, ...batch.negatives];
    this.nodes?.begin(batch, new Set([...batch.users, ...items.map((item) => this.#plan.users + item)]));
  }

  gather(): void {
    const { embeddingDropout, seed } = this.#training();
    const { nodes } = this;
    const batch = this.#batch!;
    const preparation = (table: 'users' | 'items'): Preparation => ({
      score: this.#plan.score,
      dropout: embeddingDropout,
      dropoutKey: dropoutKey(table, seed, this.#epoch, this.#step),
    });
    const items = [...batch.positives, ...batch.negatives];
    const final = nodes && ((u: number) => nodes.final.row(u));
    const finalItem = nodes && ((i: number) => nodes.final.row(nodes.users + i));
    this.#users.touch(batch.users, this.#optimizer, preparation('users'), final);
    this.#items.touch(items, this.#optimizer, preparation('items'), finalItem);
  }

  scoreRows(): number {
    const batch = this.#batch!;
    let total = 0;
    this.#rows = [];
    for (let r = 0; r < batch.users.length; r++) total += this.#scoreRow(batch, r);
    this.#users.backward(this.#l2(), this.nodes !== undefined);
    this.#states?.update(this.#epoch, batch);
    return total;
  }

  itemGradients(): void {
    // the score is ⟨user, item⟩ of prepared rows, so its derivative by the item is the user
    for (const row of this.#rows) {
      const user = this.#users.prepared.get(row.user)!.final;
      row.positiveItems.forEach((item, i) => {
        addScaled(this.#items.prepared.get(item)!.finalGradient, row.positives[i]!, user);
      });
      row.poolItems.forEach((item, j) => {
        addScaled(this.#items.prepared.get(item)!.finalGradient, row.negatives[j]!, user);
      });
    }
    const { nodes } = this;
    this.#items.backward(this.#l2(), nodes !== undefined);
    if (!nodes) return;
    for (const [u, gradient] of this.#users.gradients) nodes.finalGradient.row(u).set(gradient);
    for (const [i, gradient] of this.#items.gradients) nodes.finalGradient.row(nodes.users + i).set(gradient);
  }

  update(learningRate: number, meanwhile?: () => void): void {
    meanwhile?.();
    this.#optimizer.beginStep(learningRate);
    this.#steps++;
    if (!this.nodes) {
      this.#users.step(this.#optimizer);
      this.#items.step(this.#optimizer);
      return;
    }
    const { users } = this.nodes;
    this.#users.stepAll(this.#optimizer, (u) => this.#baseGradient(u));
    this.#items.stepAll(this.#optimizer, (i) => this.#baseGradient(users + i));
    for (const [, { values, m, v, gradient }] of this.#weights()) {
      this.#optimizer.step({ values: values.data, m: m.data, v: v.data }, gradient.data);
    }
  }

  settle(): void {
    if (this.nodes) return;
    this.#users.settle(this.#optimizer);
    this.#items.settle(this.#optimizer);
  }

  gradients() {
    const { nodes } = this;
    if (nodes) {
      const all = (rows: number, first: number) =>
        new Map(Array.from({ length: rows }, (_, r) => [r, Float32Array.from(this.#baseGradient(first + r))] as const));
      return { users: all(nodes.users, 0), items: all(nodes.items, nodes.users) };
    }
    const copy = (table: EmbeddingTable) =>
      new Map(Array.from(table.gradients, ([r, gradient]) => [r, Float32Array.from(gradient)] as const));
    return { users: copy(this.#users), items: copy(this.#items) };
  }

  rank(request: RankRequest): RankResult {
    const { score, rankingScore = score } = this.#plan;
    return rank(this.finals.items, rankingScore, request);
  }

  front(query: Float64Array, most: number): Int32Array {
    const { score, rankingScore = score } = this.#plan;
    return front(this.finals.items, rankingScore, query, most);
  }

  get products() {
    return itemProducts(this.items);
  }

  personLoss(problem: PersonProblem, user: Float64Array, gradient: Float64Array): number {
    return personLoss(this.finals.items, problem, user, gradient);
  }

  itemsChanged(): void {
    // This engine reads the items at every rank.
  }

  /** Only the number of steps: this engine measures no time. */
  stats(): EngineStats {
    const seconds = { bookkeeping: 0, gather: 0, scores: 0, loss: 0, userGradients: 0, itemGradients: 0 };
    return { steps: this.#steps, ...seconds, optimizer: 0, nodes: 0, waiting: 0, fused: false };
  }

  resetStats(): void {
    this.#steps = 0;
  }

  async close(): Promise<void> {}

  /** One row: computes its scores, its loss and the gradient of its user, and keeps the score gradients for `itemGradients`. Returns rowWeight · value. */
  #scoreRow(batch: Batch, r: number): number {
    const user = batch.users[r]!;
    const prepared = this.#users.prepared.get(user)!;
    const n = batch.negativesPerRow;
    const start = batch.positiveOffsets[r]!;
    const end = batch.positiveOffsets[r + 1]!;
    const positiveItems = batch.positives.subarray(start, end);
    const poolItems = batch.shared ? batch.negatives : batch.negatives.subarray(r * n, (r + 1) * n);
    const finals = (items: Int32Array) => Array.from(items, (item) => this.#items.prepared.get(item)!.final);
    const scoresOf = (items: Int32Array) => Float64Array.from(finals(items), (final) => dot(prepared.final, final));
    const scores: ScoreRow = {
      positives: scoresOf(positiveItems),
      negatives: scoresOf(poolItems),
      positiveWeights: batch.positiveWeights?.subarray(start, end),
      negativeWeights: rowNegativeWeights(batch, r),
    };
    const gradients = {
      positives: new Float64Array(positiveItems.length),
      negatives: new Float64Array(poolItems.length),
    };
    const context = {
      user,
      positiveItems,
      poolItems,
      logExpectationExp,
      itemSimilarity: this.#similarity(positiveItems, poolItems),
      states: this.#states?.row(user, poolItems),
    };
    const value = this.#loss!.evaluate(scores, gradients, context);
    const weight = batch.rowWeights[r]!;
    const row: RowGradients = {
      user,
      positiveItems,
      poolItems,
      positives: gradients.positives.map((g) => g * weight),
      negatives: gradients.negatives.map((g) => g * weight),
    };
    finals(positiveItems).forEach((final, i) => {
      addScaled(prepared.finalGradient, row.positives[i]!, final);
    });
    finals(poolItems).forEach((final, j) => {
      addScaled(prepared.finalGradient, row.negatives[j]!, final);
    });
    this.#rows.push(row);
    return weight * value;
  }

  /** The gradient with respect to a row of the base embeddings: what the backbone wrote, plus l2 · θ if the batch touches the row. */
  #baseGradient(node: number): Float64Array {
    const { base, baseGradient, graph } = this.nodes!;
    const theta = base.row(node);
    const l2 = graph.touched.has(node) ? this.#l2() : 0;
    return Float64Array.from(baseGradient.row(node), (g, c) => g + l2 * theta[c]!);
  }

  #weights() {
    return [...(this.nodes?.weights ?? [])];
  }

  /** Cosines of each positive with the negatives, from the embeddings that are scored (after dropout); absent if the loss does not need them. */
  #similarity(positiveItems: Int32Array, poolItems: Int32Array): RowContext['itemSimilarity'] {
    if (!needsOf(this.#loss).itemSimilarity) return undefined;
    const final = (item: number) => this.#items.prepared.get(item)!.final;
    return (positive) => {
      const own = final(positiveItems[positive]!);
      const scale = inverseNorm(own);
      return Float64Array.from(poolItems, (item) => dot(own, final(item)) * scale * inverseNorm(final(item)));
    };
  }

  /** The factor of θ in the gradient: l2 divided by the rows of a full batch. */
  #l2(): number {
    const { optimizer, capacity } = this.#training();
    return optimizer.l2 / capacity.rows;
  }

  #training(): TrainingPlan {
    if (!this.#plan.training) throw new TaurecError('engine-ranks-only');
    return this.#plan.training;
  }
}

/** [n] the weights of row r's negatives: the batch's weights, multiplied at masked negatives by their mask weights (0 without mask weights). Absent if all are 1. */
function rowNegativeWeights(batch: Batch, r: number): Float32Array | undefined {
  const [first, last] = [batch.maskOffsets[r]!, batch.maskOffsets[r + 1]!];
  if (first === last) return batch.negativeWeights;
  const weights = batch.negativeWeights?.slice() ?? new Float32Array(batch.negativesPerRow).fill(1);
  for (let e = first; e < last; e++) weights[batch.masked[e]!]! *= batch.maskWeights?.[e] ?? 0;
  return weights;
}

/** The states of a loss, and each row's view of them: copies to read, and arrays for the updates that it writes. */
class ReferenceStates {
  readonly #states: LossStates;
  readonly #userState: number;
  #rows: RowStates[] = [];

  constructor(loss: Loss, plan: EnginePlan) {
    const needs = needsOf(loss);
    const { users, items, global } = stateLengths(needs, plan.users, plan.items);
    this.#userState = needs.userState;
    this.#states = new LossStates(loss, new Float32Array(users), new Float32Array(items), new Float32Array(global));
  }

  get arrays(): LossStates['arrays'] {
    return this.#states.arrays;
  }

  startEpoch(epoch: number): void {
    this.#states.startEpoch(epoch);
  }

  /** The states for the next row of the step. Rows read copies, so no row sees another's updates. */
  row(user: number, poolItems: Int32Array): RowStates {
    const none = new Float32Array(0);
    const { users = none, items = none, global = none } = this.arrays;
    const size = this.#userState;
    const seen = items.length > 0 ? poolItems : new Int32Array(0);
    const row = {
      user: users.slice(user * size, (user + 1) * size),
      items: Float32Array.from(seen, (item) => items[item]!),
      global: global.slice(),
      userUpdate: new Float64Array(size),
      itemUpdates: new Float64Array(seen.length),
      globalUpdate: new Float64Array(global.length),
    };
    this.#rows.push(row);
    return row;
  }

  /** Applies the updates of all rows, after the last row of a step. */
  update(epoch: number, { users, negatives, negativesPerRow, shared }: Batch): void {
    const joined = (of: (row: RowStates) => ArrayLike<number>) =>
      Float64Array.from(this.#rows.flatMap((row) => Array.from(of(row))));
    this.#states.update(epoch, {
      users,
      negatives,
      negativesPerRow,
      shared,
      userUpdates: joined((row) => row.userUpdate),
      itemUpdates: joined((row) => row.itemUpdates),
      globalUpdates: joined((row) => row.globalUpdate),
    });
    this.#rows = [];
  }
}
