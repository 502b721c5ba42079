import { dropoutThreshold } from '../../array/dropout-mask.ts';
import type { Crew } from './crew.ts';
import { Scalar, type ThreadMemory, Word } from './memory.ts';
import { denseUpdate } from './nodes/dense-update.ts';

/** Rows a task takes: some ten microseconds of work. */
const CHUNK = 256;

/** What happens to embedding rows as rows: brought up to date, gathered and normalised before scoring, moved by the optimiser after it. */
export class TableRows {
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;

  constructor(memory: ThreadMemory, crew: Crew) {
    this.memory = memory;
    this.crew = crew;
  }

  /** Brings the batch's rows up to date, packs them, drops out, normalises; packs the pool into panels. */
  gather(): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, finals, stride } = layout;
    const slots = control[Word.slots]!;
    const users = control[Word.userSlots]!;
    const pool = plan.training!.capacity.shared ? control[Word.negatives]! : 0;
    const itemChunks = Math.ceil(slots / CHUNK);
    const chunks = itemChunks + Math.ceil(users / CHUNK);
    const cosine = plan.score === 'cosine';
    const drop = plan.training!.embeddingDropout;
    const below = dropoutThreshold(drop);
    const scale = 1 / (1 - drop);
    // a backbone moves all rows at every step
    const lazy = layout.nodes === undefined;
    for (let task = this.crew.nextTask(); task < chunks; task = this.crew.nextTask()) {
      if (task < itemChunks) {
        const from = task * CHUNK;
        const to = Math.min(slots, from + CHUNK);
        if (lazy) this.catchUp('items', at.itemList, from, to);
        kernels.gatherRows(
          finals.items,
          stride * 4,
          stride,
          at.itemList,
          from,
          to,
          at.packedItems,
          at.itemNorms,
          cosine,
          drop > 0,
          control[Word.itemKey]!,
          below,
          scale,
        );
        if (from < pool)
          kernels.packPanels(at.packedItems, stride * 4, stride, from, Math.min(pool, to), pool, at.panels);
      } else {
        const from = (task - itemChunks) * CHUNK;
        const to = Math.min(users, from + CHUNK);
        if (lazy) this.catchUp('users', at.userList, from, to);
        kernels.gatherRows(
          finals.users,
          stride * 4,
          stride,
          at.userList,
          from,
          to,
          at.packedUsers,
          at.userNorms,
          cosine,
          drop > 0,
          control[Word.userKey]!,
          below,
          scale,
        );
      }
    }
  }

  /** One optimiser step on the touched rows; with a backbone on all. */
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

  private catchUp(table: 'users' | 'items', list: number, from: number, to: number): void {
    const { control, kernels, layout, plan } = this.memory;
    const { at, stride } = layout;
    const now = control[Word.now]!;
    const last = at[`${table}Last`];
    if (plan.training!.optimizer.name === 'sgd') {
      kernels.skipSgdRows(at[table], last, stride * 4, stride, list, from, to, now, at.kept);
      return;
    }
    kernels.skipAdamRows(
      at[table], at[`${table}M`], at[`${table}V`], last, stride * 4, stride, list, from, to, now,
      at.sums, at.kept, at.epsilons, at.powers1, at.powers2,
    ); // biome-ignore format: arguments as the kernel has them
  }

  private step(table: 'users' | 'items', list: number, from: number, to: number, gradients: number): void {
    const { control, kernels, layout, plan, scalars } = this.memory;
    const { at, stride } = layout;
    const { name, beta1, beta2, epsilon } = plan.training!.optimizer;
    const now = control[Word.now]!;
    const last = at[`${table}Last`];
    const decay = scalars[Scalar.decay]!;
    if (name === 'sgd') {
      kernels.sgdRows(
        at[table],
        last,
        stride * 4,
        stride,
        list,
        from,
        to,
        gradients,
        now,
        scalars[Scalar.learningRate]!,
        decay,
      );
      return;
    }
    kernels.adamRows(
      at[table], at[`${table}M`], at[`${table}V`], last, stride * 4, stride, list, from, to, gradients, now,
      beta1, beta2, scalars[Scalar.size]!, scalars[Scalar.correction]!, epsilon, decay,
    ); // biome-ignore format: arguments as the kernel has them
  }
}
