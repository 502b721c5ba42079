import { dropoutThreshold } from '../../array/random.ts';
import { decayFactor } from '../../optimizer/decay-history.ts';
import type { Crew } from './crew.ts';
import { Scalar, type ThreadMemory, Word } from './memory.ts';
import type { TablePlace } from './node-layout.ts';

/** Rows of one task: about ten microseconds of work. */
const CHUNK = 256;

/**
 * Work on embedding rows: before scoring they are brought up to date, gathered and normalised; after the gradients are known the optimiser moves them. Tasks are chunks of item
 * rows, then chunks of user rows.
 */
export class TableRows {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;

  constructor(memory: ThreadMemory, crew: Crew) {
    this.memory = memory;
    this.crew = crew;
  }

  /** Brings the batch's rows up to date, packs them, applies dropout and normalises them; packs the shared pool into panels. */
  gather(): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, finals, stride } = layout;
    const slots = control[Word.slots]!;
    const users = control[Word.userSlots]!;
    const pool = plan.training!.capacity.shared ? control[Word.negatives]! : 0;
    const itemChunks = Math.ceil(slots / CHUNK);
    const chunks = itemChunks + Math.ceil(users / CHUNK);
    const prepareItems = preparation(this.memory, 'items');
    const prepareUsers = preparation(this.memory, 'users');
    // with a backbone every step moves all rows, so none is behind
    const lazy = layout.nodes === undefined;
    for (let task = this.crew.nextTask(); task < chunks; task = this.crew.nextTask()) {
      if (task < itemChunks) {
        const from = task * CHUNK;
        const to = Math.min(slots, from + CHUNK);
        if (lazy) this.catchUp('items', at.itemList, from, to);
        kernels.gatherRows({
          table: finals.items,
          stride: stride * 4,
          d: stride,
          list: at.itemList,
          from,
          to,
          packed: at.packedItems,
          norms: at.itemNorms,
          ...prepareItems,
        });
        if (from < pool)
          kernels.packPanels(at.packedItems, stride * 4, stride, from, Math.min(pool, to), pool, at.panels);
      } else {
        const from = (task - itemChunks) * CHUNK;
        const to = Math.min(users, from + CHUNK);
        if (lazy) this.catchUp('users', at.userList, from, to);
        kernels.gatherRows({
          table: finals.users,
          stride: stride * 4,
          d: stride,
          list: at.userList,
          from,
          to,
          packed: at.packedUsers,
          norms: at.userNorms,
          ...prepareUsers,
        });
      }
    }
  }

  /** One optimiser step on the touched rows; with a backbone on all rows. */
  update(): void {
    const { control, layout, plan } = this.memory;
    if (layout.nodes) {
      denseUpdate(this.memory, this.crew);
      return;
    }
    const { at } = layout;
    const slots = control[Word.slots]!;
    const users = control[Word.userSlots]!;
    const itemChunks = Math.ceil(slots / CHUNK);
    const chunks = itemChunks + Math.ceil(users / CHUNK);
    const userGradients = plan.training!.capacity.shared ? at.rowGradients : at.userGradients;
    for (let task = this.crew.nextTask(); task < chunks; task = this.crew.nextTask()) {
      const from = (task < itemChunks ? task : task - itemChunks) * CHUNK;
      if (task < itemChunks) this.step('items', at.itemList, from, Math.min(slots, from + CHUNK), at.itemGradients);
      else this.step('users', at.userList, from, Math.min(users, from + CHUNK), userGradients);
    }
  }

  /** Brings every row up to date. */
  settle(): void {
    const { users, items } = this.memory.plan;
    const itemChunks = Math.ceil(items / CHUNK);
    const chunks = itemChunks + Math.ceil(users / CHUNK);
    for (let task = this.crew.nextTask(); task < chunks; task = this.crew.nextTask()) {
      const from = (task < itemChunks ? task : task - itemChunks) * CHUNK;
      if (task < itemChunks) this.catchUp('items', 0, from, Math.min(items, from + CHUNK));
      else this.catchUp('users', 0, from, Math.min(users, from + CHUNK));
    }
  }

  /** Applies the steps that rows [from, to) of a list have missed (see skipAdamRows in kernels/rows.ts). */
  private catchUp(table: 'users' | 'items', list: number, from: number, to: number): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, stride } = layout;
    const now = control[Word.now]!;
    const rows = { table: at[table], last: at[`${table}Last`], stride: stride * 4, d: stride, list, from, to, now };
    if (plan.training!.optimizer.name === 'sgd') {
      kernels.skipSgdRows({ ...rows, kept: at.kept });
      return;
    }
    const { sums, kept, epsilons, powers1, powers2 } = at;
    kernels.skipAdamRows({ ...rows, m: at[`${table}M`], v: at[`${table}V`], sums, kept, epsilons, powers1, powers2 });
  }

  /** One optimiser step on rows [from, to) of a list. */
  private step(table: 'users' | 'items', list: number, from: number, to: number, gradients: number): void {
    const { control, kernels, layout, plan, scalars } = this.memory;
    const { at, stride } = layout;
    const { name, beta1, beta2, epsilon } = plan.training!.optimizer;
    const rows = {
      table: at[table],
      last: at[`${table}Last`],
      stride: stride * 4,
      d: stride,
      list,
      from,
      to,
      gradients,
      now: control[Word.now]!,
      decay: scalars[Scalar.decay]!,
    };
    if (name === 'sgd') {
      kernels.sgdRows({ ...rows, learningRate: scalars[Scalar.learningRate]! });
      return;
    }
    const moments = { m: at[`${table}M`], v: at[`${table}V`], beta1, beta2, epsilon };
    kernels.adamRows({ ...rows, ...moments, size: scalars[Scalar.size]!, correction: scalars[Scalar.correction]! });
  }
}

/** Addresses of packed rows [slots × d], their norms [slots], their gradients [slots × d] and optional scales [slots]; and the L2 weight, default 0. */
interface BackwardRows {
  readonly packed: number;
  readonly norms: number;
  readonly gradients: number;
  readonly scales?: number;
  readonly l2?: number;
}

/** Turns the gradients of packed rows [from, to) into gradients of embeddings, in place: through the normalisation and the dropout mask, plus L2. */
export function backwardRows(
  memory: ThreadMemory,
  table: 'users' | 'items',
  from: number,
  to: number,
  rows: BackwardRows,
): void {
  const { control, kernels, layout, plan } = memory;
  const { at, stride } = layout;
  const dropout = plan.training!.embeddingDropout;
  // one object literal without spreads: in pair batches this runs once per row
  kernels.backwardRows({
    table: at[table],
    stride: stride * 4,
    d: stride,
    list: table === 'users' ? at.batchUsers : at.itemList,
    from,
    to,
    packed: rows.packed,
    norms: rows.norms,
    gradients: rows.gradients,
    scales: rows.scales ?? 0,
    cosine: plan.score === 'cosine',
    drop: dropout > 0,
    dropKey: control[table === 'users' ? Word.userKey : Word.itemKey]!,
    keepBelow: dropoutThreshold(dropout),
    keepScale: 1 / (1 - dropout),
    l2: rows.l2 ?? 0,
  });
}

/** The preparation of a row for scoring, as arguments of gatherRows: dropout, then for cosine scores division by its norm. */
function preparation({ control, plan }: ThreadMemory, table: 'users' | 'items') {
  const dropout = plan.training!.embeddingDropout;
  return {
    cosine: plan.score === 'cosine',
    drop: dropout > 0,
    dropKey: control[table === 'users' ? Word.userKey : Word.itemKey]!,
    keepBelow: dropoutThreshold(dropout),
    keepScale: 1 / (1 - dropout),
  };
}

/** The factor of θ in a gradient: l2 divided by the rows of a full batch; 0 with a backbone, whose update adds L2 itself. */
export function l2Weight({ floats, layout }: ThreadMemory): number {
  return floats[layout.at.l2 >>> 2]!;
}

/** One optimiser step on every row of the base embeddings and of the backbone's parameters. L2 applies to the embedding rows that the batch touches. */
function denseUpdate(memory: ThreadMemory, crew: Crew): void {
  const { layout, plan } = memory;
  const { base, baseGradient, weights, marks } = layout.nodes!;
  const { optimizer, capacity } = plan.training!;
  const l2 = optimizer.l2 / capacity.rows;
  const tables = [
    { values: base, gradient: baseGradient, m: layout.at.usersM, v: layout.at.usersV },
    ...weights.values(),
  ];
  // the first task of each table; tables follow each other in one sequence of tasks
  const starts = [0];
  for (const { values } of tables) starts.push(starts.at(-1)! + Math.ceil(values.rows / CHUNK));
  let table = 0;
  for (let task = crew.nextTask(); task < starts.at(-1)!; task = crew.nextTask()) {
    while (task >= starts[table + 1]!) table++;
    const { values, gradient, m, v } = tables[table]!;
    const from = (task - starts[table]!) * CHUNK;
    const to = Math.min(values.rows, from + CHUNK);
    stepRows(memory, values, gradient, m, v, from, to, table === 0 && l2 > 0 ? marks : 0, l2);
  }
}

/** One optimiser step on rows [from, to) of a table; `m` and `v` are the addresses of its moments. */
function stepRows(
  { kernels, plan, scalars }: ThreadMemory,
  values: TablePlace,
  gradient: TablePlace,
  m: number,
  v: number,
  from: number,
  to: number,
  marks: number,
  l2: number,
): void {
  const { name, beta1, beta2, epsilon } = plan.training!.optimizer;
  const rows = {
    ...{ table: values.at, gradients: gradient.at, stride: values.stride * 4, d: values.stride, from, to, marks, l2 },
    decay: scalars[Scalar.decay]!,
  };
  if (name === 'sgd') {
    kernels.denseSgdRows({ ...rows, learningRate: scalars[Scalar.learningRate]! });
    return;
  }
  const adam = { beta1, beta2, epsilon, size: scalars[Scalar.size]!, correction: scalars[Scalar.correction]! };
  kernels.denseAdamRows({ ...rows, m, v, ...adam });
}

/**
 * Adam's scalars by step of the epoch, which rows that catch up look up (see optimizer/adam.ts). The update that a row has missed since step b is m/(√v + ε′) times a sum
 * that depends only on b, so the table keeps the sum of every b and each step adds one term to it.
 */
export class EpochTables {
  private readonly memory: ThreadMemory;
  /** Optimiser steps before this epoch. */
  private base = 0;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
  }

  /** Starts an epoch; `step` is the number of optimiser steps before it. */
  start(step: number): void {
    const { beta1, beta2, epsilon } = this.memory.plan.training!.optimizer;
    this.base = step;
    // neutral values: a step that is never made moves nothing
    this.view('sums').fill(0);
    this.view('kept').fill(1);
    const powers1 = this.view('powers1');
    const powers2 = this.view('powers2');
    const epsilons = this.view('epsilons');
    for (let s = 0; s < epsilons.length; s++) {
      powers1[s] = beta1 ** s;
      powers2[s] = beta2 ** s;
      // the ε of the first skipped step counts for all skipped steps: the rule of optimizer/adam.ts
      epsilons[s] = epsilon * Math.sqrt(1 - beta2 ** (step + s + 1));
    }
  }

  /** Enters step `s` (from 1) of the epoch into the tables; returns the scalars of a step with a gradient: learning rate, size, correction, decay. */
  stepScalars(
    s: number,
    learningRate: number,
  ): [learningRate: number, size: number, correction: number, decay: number] {
    const { beta1, beta2, decoupledWeightDecay } = this.memory.plan.training!.optimizer;
    const t = this.base + s;
    const root = Math.sqrt(1 - beta2 ** t);
    const decay = decayFactor(learningRate, decoupledWeightDecay);
    const size = learningRate / (1 - beta1 ** t);
    const kept = this.view('kept');
    // below 1e-300 every row is 0 anyway, and a ratio of zeros would be NaN
    kept[s] = Math.max(kept[s - 1]! * decay, 1e-300);
    const sums = this.view('sums');
    const ratio = beta1 / Math.sqrt(beta2);
    let term = (size * root) / kept[s];
    // far back, the powers of the ratio are too small to count
    const negligible = 1e-8 * term;
    for (let b = s - 1; b >= 0 && term > negligible; b--) {
      term *= ratio;
      sums[b]! += term;
    }
    return [learningRate, size, 1 / root, decay];
  }

  private view(name: 'sums' | 'kept' | 'epsilons' | 'powers1' | 'powers2'): Float64Array {
    const { doubles, layout } = this.memory;
    return doubles.subarray(layout.at[name] >>> 3, (layout.at[name] >>> 3) + layout.length[name]);
  }
}
