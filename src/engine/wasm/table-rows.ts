import { dropoutThreshold } from '../../array/random.ts';
import { decayFactor } from '../../optimizer/decay-history.ts';
import type { Crew } from './crew.ts';
import { ROW_CHUNK, Scalar, type ThreadMemory, Word } from './memory.ts';
import type { TablePlace } from './node-layout.ts';
import { UserRows } from './user-rows.ts';

/** Users of one task of a step: their rows come from outside of the memory, which takes longer. */
const USER_CHUNK = 32;

/**
 * Work on embedding rows: before scoring they are brought up to date, gathered and normalised; after the gradients are known the optimiser moves them. Tasks are chunks of item
 * rows, then chunks of user rows.
 */
export class TableRows {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly thread: number;
  private readonly userRows: UserRows;

  constructor(memory: ThreadMemory, crew: Crew, thread: number) {
    this.memory = memory;
    this.crew = crew;
    this.thread = thread;
    this.userRows = new UserRows(memory);
  }

  /** Brings copies of the batch's rows up to date, packs them, applies dropout and normalises them; packs the shared pool into panels. The tables stay as they are. */
  gather(): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, stride } = layout;
    const slots = control[Word.slots]!;
    const users = control[Word.userSlots]!;
    const pool = plan.training!.capacity.shared ? control[Word.negatives]! : 0;
    this.chunks(slots, users, USER_CHUNK, (table, from, to) => {
      if (table === 'items') {
        this.pack('items', at.itemList, from, to, at.packedItems, at.itemNorms);
        if (from < pool)
          kernels.packPanels(at.packedItems, stride * 4, stride, from, Math.min(pool, to), pool, at.panels);
      } else {
        this.userRows.fetch(from, to);
        this.pack('users', at.userList, from, to, at.packedUsers, at.userNorms);
      }
    });
  }

  /** Packs the rows that slots [from, to) of a list name. With a backbone every step moves all rows, so none is behind. */
  private pack(table: 'users' | 'items', list: number, from: number, to: number, packed: number, norms: number): void {
    const { kernels, layout } = this.memory;
    const { finals, stride } = layout;
    const lazy = layout.nodes === undefined;
    // without a backbone the users' rows are in the order of the slots
    if (lazy) this.catchUp(table, table === 'users' ? 0 : list, from, to);
    kernels.gatherRows({
      table: lazy ? latestRows(this.memory, table) : finals[table],
      stride: stride * 4,
      d: stride,
      list: lazy ? 0 : list,
      ids: list,
      from,
      to,
      packed,
      norms,
      ...preparation(this.memory, table),
    });
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
    const userGradients = plan.training!.capacity.shared ? at.rowGradients : at.userGradients;
    this.chunks(slots, users, USER_CHUNK, (table, from, to) => {
      if (table === 'items') this.step('items', at.itemList, from, to, at.itemGradients);
      else {
        this.step('users', 0, from, to, userGradients);
        this.userRows.store(from, to);
      }
    });
  }

  /** Brings every row up to date. */
  settle(): void {
    const { users, items } = this.memory.plan;
    // no batch is in the slots of users now: each thread takes a chunk of them
    const slot = this.thread * ROW_CHUNK;
    this.chunks(items, users, ROW_CHUNK, (table, from, to) => {
      if (table === 'items') this.skip('items', from, to);
      else this.userRows.through(from, to, slot, () => this.skip('users', slot, slot + to - from));
    });
  }

  /** Takes chunks of items [0, items), then of users [0, users), until none is left. */
  private chunks(
    items: number,
    users: number,
    userChunk: number,
    work: (table: 'users' | 'items', from: number, to: number) => void,
  ): void {
    const itemChunks = Math.ceil(items / ROW_CHUNK);
    const all = itemChunks + Math.ceil(users / userChunk);
    for (let task = this.crew.nextTask(); task < all; task = this.crew.nextTask()) {
      const from = task < itemChunks ? task * ROW_CHUNK : (task - itemChunks) * userChunk;
      if (task < itemChunks) work('items', from, Math.min(items, from + ROW_CHUNK));
      else work('users', from, Math.min(users, from + userChunk));
    }
  }

  /** Copies the rows that slots [from, to) of a list name, with the steps that they have missed (see latestAdamRows in kernels/rows.ts). */
  private catchUp(table: 'users' | 'items', list: number, from: number, to: number): void {
    const { kernels, layout, plan } = this.memory;
    const { kept, sums, epsilons } = layout.at;
    const slots = { ...this.place(table, from, to), list, rows: latestRows(this.memory, table) };
    if (plan.training!.optimizer.name === 'sgd') kernels.latestSgdRows({ ...slots, kept });
    else kernels.latestAdamRows({ ...slots, ...this.moments(table), sums, kept, epsilons });
  }

  /** Applies the steps that rows [from, to) of a table have missed to the table. */
  private skip(table: 'users' | 'items', from: number, to: number): void {
    const { kernels, layout, plan } = this.memory;
    const { table: address, last, stride, d, now } = this.place(table, from, to);
    const { kept, sums, epsilons, powers1, powers2 } = layout.at;
    if (plan.training!.optimizer.name === 'sgd') kernels.skipSgdRows(address, last, stride, d, from, to, now, kept);
    else {
      const factors = { sums, kept, epsilons, powers1, powers2 };
      kernels.skipAdamRows({ table: address, last, stride, d, from, to, now, ...this.moments(table), ...factors });
    }
  }

  /** One optimiser step on rows [from, to) of a list. */
  private step(table: 'users' | 'items', list: number, from: number, to: number, gradients: number): void {
    const { kernels, layout, plan, scalars } = this.memory;
    const { name, beta1, beta2, epsilon } = plan.training!.optimizer;
    const rows = latestRows(this.memory, table);
    const slots = { ...this.place(table, from, to), list, rows, gradients, decay: scalars[Scalar.decay]! };
    if (name === 'sgd') {
      kernels.sgdRows({ ...slots, learningRate: scalars[Scalar.learningRate]! });
      return;
    }
    const { powers1, powers2 } = layout.at;
    const adam = { beta1, beta2, epsilon, size: scalars[Scalar.size]!, correction: scalars[Scalar.correction]! };
    kernels.adamRows({ ...slots, ...this.moments(table), powers1, powers2, ...adam });
  }

  /** Arguments that the kernels of rows share. */
  private place(table: 'users' | 'items', from: number, to: number) {
    const { control, layout } = this.memory;
    const { at, stride } = layout;
    const now = control[Word.now]!;
    return { table: at[table], last: at[`${table}Last`], stride: stride * 4, d: stride, from, to, now };
  }

  private moments(table: 'users' | 'items') {
    const { at } = this.memory.layout;
    return { m: at[`${table}M`], v: at[`${table}V`] };
  }
}

/** Address of the batch's rows of a table before dropout and normalisation, by slot. Only without a backbone. */
export function latestRows({ layout }: ThreadMemory, table: 'users' | 'items'): number {
  return table === 'users' ? layout.at.latestUsers : layout.at.latestItems;
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
    rows: latestRows(memory, table),
    stride: stride * 4,
    d: stride,
    ids: table === 'users' ? at.batchUsers : at.itemList,
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
  for (const { values } of tables) starts.push(starts.at(-1)! + Math.ceil(values.rows / ROW_CHUNK));
  let table = 0;
  for (let task = crew.nextTask(); task < starts.at(-1)!; task = crew.nextTask()) {
    while (task >= starts[table + 1]!) table++;
    const { values, gradient, m, v } = tables[table]!;
    const from = (task - starts[table]!) * ROW_CHUNK;
    const to = Math.min(values.rows, from + ROW_CHUNK);
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
