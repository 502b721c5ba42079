import { type Csr, csrRow } from '../../array/csr.ts';
import { dropoutKey } from '../../array/dropout-mask.ts';
import { matrix } from '../../array/matrix.ts';
import { TaurecError } from '../../errors.ts';
import type { Loss } from '../../loss/loss.ts';
import type { Batch } from '../../sampler/sampler.ts';
import { checkRankRequest } from '../check-plan.ts';
import type { Engine, EngineStats, RankRequest, RankResult } from '../engine.ts';
import type { Crew } from './crew.ts';
import { EpochTables } from './epoch-tables.ts';
import { QUERY_ROUND } from './layout.ts';
import { Scalar, type ThreadMemory, Word } from './memory.ts';
import { type ThreadWork, threadWork, Verb } from './thread-work.ts';

/** What a running crew consists of, as the coordinator holds it. */
export interface CrewParts {
  readonly memory: ThreadMemory;
  readonly crew: Crew;
  readonly threads: number;
  readonly fused: boolean;
  readonly loss?: Loss;
  /** Ends the helper threads. */
  readonly stop: () => Promise<void>;
}

/** The coordinator's side of the WebAssembly engine: it copies a batch in, lists the touched rows, starts the verbs, and takes its share of them. */
export class WasmEngine implements Engine {
  readonly name = 'wasm';
  readonly build: 'simd' | 'simd-fma';
  readonly threads: number;
  readonly users;
  readonly items;
  readonly optimizerState: Engine['optimizerState'];
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly work: ThreadWork;
  private readonly stop: () => Promise<void>;
  private readonly tables: EpochTables;
  private readonly clock = { steps: 0, bookkeeping: 0, gather: 0, scoreRows: 0, itemGradients: 0, optimizer: 0 };
  private stamp = 0;
  private epoch = 0;
  private rankReady = false;

  constructor(parts: CrewParts) {
    const { memory, crew, threads } = parts;
    const { floats, layout, plan } = memory;
    const { at, length, stride } = layout;
    this.memory = memory;
    this.crew = crew;
    this.threads = threads;
    this.build = parts.fused ? 'simd-fma' : 'simd';
    this.stop = parts.stop;
    this.work = threadWork(memory, crew, 0, threads, parts.loss);
    const table = (name: 'users' | 'items' | 'usersM' | 'usersV' | 'itemsM' | 'itemsV') =>
      floats.subarray(at[name] >>> 2, (at[name] >>> 2) + length[name]);
    this.users = matrix(plan.users, plan.dimension, table('users'), stride);
    this.items = matrix(plan.items, plan.dimension, table('items'), stride);
    const hasMoments = length.usersM > 0 || length.itemsM > 0;
    this.optimizerState = hasMoments
      ? { usersM: table('usersM'), usersV: table('usersV'), itemsM: table('itemsM'), itemsV: table('itemsV') }
      : {};
    this.tables = new EpochTables(memory);
    floats[at.ones >>> 2] = 1;
    const training = plan.training;
    floats[at.l2 >>> 2] = training ? training.optimizer.l2 / training.capacity.rows : 0;
  }

  startEpoch(epoch: number, step: number): void {
    if (!this.memory.plan.training) throw new TaurecError('engine-ranks-only');
    const { ints, layout } = this.memory;
    this.epoch = epoch;
    this.rankReady = false;
    for (const last of ['usersLast', 'itemsLast'] as const) {
      ints.fill(0, layout.at[last] >>> 2, (layout.at[last] >>> 2) + layout.length[last]);
    }
    this.tables.start(step);
    this.memory.control[Word.now] = 0;
  }

  gather(batch: Batch, step: number): void {
    const started = performance.now();
    const { control, layout, plan } = this.memory;
    control[Word.now] = step;
    const { embeddingDropout, seed } = plan.training!;
    if (embeddingDropout > 0) {
      control[Word.userKey] = dropoutKey('users', seed, this.epoch, step);
      control[Word.itemKey] = dropoutKey('items', seed, this.epoch, step);
    }
    const n = batch.negativesPerRow;
    control[Word.rows] = batch.users.length;
    control[Word.negatives] = n;
    control[Word.hasPositiveWeights] = batch.positiveWeights ? 1 : 0;
    control[Word.hasNegativeWeights] = batch.negativeWeights ? 1 : 0;
    this.put('batchUsers', batch.users);
    this.putFloats('rowWeights', batch.rowWeights);
    this.put('positiveOffsets', batch.positiveOffsets);
    this.put('positiveItems', batch.positives);
    if (batch.positiveWeights) this.putFloats('positiveWeights', batch.positiveWeights);
    this.put('negativeItems', batch.negatives);
    if (batch.negativeWeights) this.putFloats('negativeWeights', batch.negativeWeights);
    this.put('maskOffsets', batch.maskOffsets);
    this.put('masked', batch.masked);
    this.stamp++;
    if (layout.length.userGradients > 0) this.listPairs(batch);
    else this.listShared(batch);
    const listed = performance.now();
    this.clock.bookkeeping += listed - started;
    this.crew.run(Verb.gather, this.work.run);
    this.clock.gather += performance.now() - listed;
  }

  scoreRows(): number {
    const started = performance.now();
    this.crew.run(Verb.scoreRows, this.work.run);
    const { control, doubles, floats, layout } = this.memory;
    let value = 0;
    for (let row = 0; row < control[Word.rows]!; row++) {
      value += doubles[(layout.at.rowValues >>> 3) + row]! * floats[(layout.at.rowWeights >>> 2) + row]!;
    }
    this.clock.scoreRows += performance.now() - started;
    return value;
  }

  itemGradients(): void {
    const started = performance.now();
    this.crew.run(Verb.itemGradients, this.work.run);
    this.clock.itemGradients += performance.now() - started;
  }

  update(learningRate: number): void {
    const started = performance.now();
    const { control, scalars } = this.memory;
    const now = control[Word.now]! + 1;
    control[Word.now] = now;
    scalars.set(this.tables.stepScalars(now, learningRate), Scalar.learningRate);
    this.crew.run(Verb.update, this.work.run);
    this.clock.optimizer += performance.now() - started;
    this.clock.steps++;
  }

  settle(): void {
    this.crew.run(Verb.settle, this.work.run);
    this.rankReady = false;
  }

  gradients() {
    const { control } = this.memory;
    const shared = this.memory.plan.training!.capacity.shared;
    return {
      users: this.gradientMap('userList', shared ? 'rowGradients' : 'userGradients', control[Word.userSlots]!),
      items: this.gradientMap('itemList', 'itemGradients', control[Word.slots]!),
    };
  }

  itemsChanged(): void {
    this.rankReady = false;
  }

  rank(request: RankRequest): RankResult {
    const { control, layout } = this.memory;
    const { queries, targets } = request;
    checkRankRequest(request, this.items.columns);
    const k = Math.min(request.k, this.items.rows);
    if (!this.rankReady) this.crew.run(Verb.rankPrepare, this.work.run);
    this.rankReady = true;
    const items = new Int32Array(queries.rows * request.k).fill(-1);
    const scores = new Float32Array(queries.rows * request.k).fill(Number.NEGATIVE_INFINITY);
    const above = targets && new Int32Array(targets.indices.length);
    control[Word.k] = k;
    control[Word.hasTargets] = targets ? 1 : 0;
    for (let from = 0; from < queries.rows; ) {
      const to = this.roundEnd(request, from, k);
      this.putRound(request, from, to);
      this.crew.run(Verb.rank, this.work.run);
      const top = layout.at.topItems >>> 2;
      for (let q = from; q < to; q++) {
        const at = top + (q - from) * k;
        items.set(this.memory.ints.subarray(at, at + k), q * request.k);
        const scoreAt = (layout.at.topScores >>> 2) + (q - from) * k;
        scores.set(this.memory.floats.subarray(scoreAt, scoreAt + k), q * request.k);
      }
      if (above) {
        const first = targets.offsets[from]!;
        const aboveAt = layout.at.above >>> 2;
        above.set(this.memory.ints.subarray(aboveAt, aboveAt + targets.offsets[to]! - first), first);
      }
      from = to;
    }
    return { items, scores, above };
  }

  stats(): EngineStats {
    const { clock } = this;
    const parts = this.work.seconds ?? { scores: 0, loss: 0, userGradients: 0 };
    return {
      steps: clock.steps,
      bookkeeping: clock.bookkeeping / 1000,
      gather: clock.gather / 1000,
      scores: parts.scores,
      loss: parts.loss,
      userGradients: parts.userGradients,
      itemGradients: clock.itemGradients / 1000,
      optimizer: clock.optimizer / 1000,
      waiting: this.crew.waited / 1000,
      fused: this.work.fused,
    };
  }

  resetStats(): void {
    for (const key of Object.keys(this.clock) as (keyof typeof this.clock)[]) this.clock[key] = 0;
    if (this.work.seconds) Object.assign(this.work.seconds, { scores: 0, loss: 0, userGradients: 0 });
    this.crew.waited = 0;
  }

  async close(): Promise<void> {
    await this.stop();
  }

  /** Slots of a shared batch: the pool first, in order, then the positives outside it; then the positives' occurrences by slot. */
  private listShared(batch: Batch): void {
    const { control, ints, kernels, layout } = this.memory;
    const { at } = layout;
    const n = batch.negativesPerRow;
    const count = batch.positives.length;
    // the pool's items are distinct: they take the slots 0 … n − 1, and where the list goes matters to nobody
    kernels.assignSlots(
      at.negativeItems,
      n,
      at.itemStamp,
      at.itemSlot,
      this.stamp,
      at.itemList,
      0,
      at.occurrenceCounts,
    );
    const slots = kernels.assignSlots(
      at.positiveItems,
      count,
      at.itemStamp,
      at.itemSlot,
      this.stamp,
      at.itemList,
      n,
      at.entrySlots,
    );
    control[Word.slots] = slots;
    control[Word.entries] = count;
    control[Word.userSlots] = batch.users.length;
    this.put('userList', batch.users);
    for (let row = 0; row < batch.users.length; row++) {
      const from = (at.positiveRows >>> 2) + batch.positiveOffsets[row]!;
      ints.fill(row, from, from + batch.positiveOffsets[row + 1]! - batch.positiveOffsets[row]!);
    }
    kernels.sortOccurrences(
      at.entrySlots, count, 0, at.positiveRows, 0, slots,
      at.occurrenceOffsets, at.occurrenceCounts, at.occurrenceRows, at.occurrenceEntries,
    ); // biome-ignore format: arguments as the kernel has them
  }

  /** Slots of a pair batch: n own negatives and the positive of each row, in row order; users that stand in several rows get one slot. */
  private listPairs(batch: Batch): void {
    const { control, ints, kernels, layout } = this.memory;
    const { at } = layout;
    const n = batch.negativesPerRow;
    const rows = batch.users.length;
    const entries = at.entrySlots >>> 2;
    for (let row = 0; row < rows; row++) {
      const target = entries + row * (n + 1);
      ints.set(batch.negatives.subarray(row * n, (row + 1) * n), target);
      ints[target + n] = batch.positives[row]!;
    }
    const count = rows * (n + 1);
    control[Word.entries] = count;
    control[Word.slots] = kernels.assignSlots(
      at.entrySlots,
      count,
      at.itemStamp,
      at.itemSlot,
      this.stamp,
      at.itemList,
      0,
      at.entrySlots,
    );
    const slotOf = new Map<number, number>();
    const rowsOf: number[][] = [];
    for (let row = 0; row < rows; row++) {
      const user = batch.users[row]!;
      let slot = slotOf.get(user);
      if (slot === undefined) {
        slot = rowsOf.length;
        slotOf.set(user, slot);
        rowsOf.push([]);
        ints[(at.userList >>> 2) + slot] = user;
      }
      rowsOf[slot]!.push(row);
      ints[(at.userSlotOfRow >>> 2) + row] = slot;
    }
    control[Word.userSlots] = rowsOf.length;
    let filled = 0;
    rowsOf.forEach((list, slot) => {
      ints[(at.userRowOffsets >>> 2) + slot] = filled;
      for (const row of list) ints[(at.userRows >>> 2) + filled++] = row;
    });
    ints[(at.userRowOffsets >>> 2) + rowsOf.length] = filled;
  }

  /** The longest run of queries from `from` that fits a round's regions. */
  private roundEnd({ queries, excluded, targets }: RankRequest, from: number, k: number): number {
    const { length } = this.memory.layout;
    const most = Math.max(1, Math.min(QUERY_ROUND, Math.floor(length.topItems / k)));
    let to = Math.min(queries.rows, from + most);
    const fits = (m: Csr | undefined, room: number) => !m || m.offsets[to]! - m.offsets[from]! <= room;
    while (to > from + 1 && !(fits(excluded, length.excluded) && fits(targets, length.targets))) to--;
    return to;
  }

  private putRound(request: RankRequest, from: number, to: number): void {
    const { control, floats, ints, layout } = this.memory;
    const { at, stride } = layout;
    const { queries } = request;
    control[Word.queries] = to - from;
    for (let q = from; q < to; q++) {
      const row = queries.data.subarray(q * queries.stride, q * queries.stride + queries.columns);
      const target = (at.rawQueries >>> 2) + (q - from) * stride;
      floats.fill(0, target, target + stride);
      floats.set(row, target);
    }
    const putLists = (m: Csr | undefined, offsetsAt: number, listAt: number) => {
      let filled = 0;
      ints[offsetsAt >>> 2] = 0;
      for (let q = from; q < to; q++) {
        if (m) {
          const list = csrRow(m, q);
          ints.set(list, (listAt >>> 2) + filled);
          filled += list.length;
        }
        ints[(offsetsAt >>> 2) + q - from + 1] = filled;
      }
    };
    putLists(request.excluded, at.excludedOffsets, at.excluded);
    putLists(request.targets, at.targetOffsets, at.targets);
  }

  private gradientMap(
    list: 'userList' | 'itemList',
    gradients: 'rowGradients' | 'userGradients' | 'itemGradients',
    slots: number,
  ) {
    const { floats, ints, layout, plan } = this.memory;
    const map = new Map<number, Float32Array>();
    for (let slot = 0; slot < slots; slot++) {
      const from = (layout.at[gradients] >>> 2) + slot * layout.stride;
      map.set(ints[(layout.at[list] >>> 2) + slot]!, floats.slice(from, from + plan.dimension));
    }
    return map;
  }

  private put(
    region:
      | 'batchUsers'
      | 'positiveOffsets'
      | 'positiveItems'
      | 'negativeItems'
      | 'maskOffsets'
      | 'masked'
      | 'userList',
    values: Int32Array,
  ): void {
    this.memory.ints.set(values, this.memory.layout.at[region] >>> 2);
  }

  private putFloats(region: 'rowWeights' | 'positiveWeights' | 'negativeWeights', values: Float32Array): void {
    this.memory.floats.set(values, this.memory.layout.at[region] >>> 2);
  }
}
