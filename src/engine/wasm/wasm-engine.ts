import { type AnyMatrix, type HalfMatrix, halfMatrix } from '../../array/half-matrix.ts';
import { type Matrix, matrix } from '../../array/matrix.ts';
import { dropoutKey } from '../../array/random.ts';
import { TaurecError } from '../../errors.ts';
import type { Loss } from '../../loss/loss.ts';
import { needsStates } from '../../loss/loss-needs.ts';
import type { Batch } from '../../sampler/sampler.ts';
import { checkRankRequest } from '../check-plan.ts';
import type { Engine, EngineStats, PersonProblem, RankRequest, RankResult } from '../engine.ts';
import { listBatch } from './batch-lists.ts';
import type { Crew } from './crew.ts';
import { front } from './front.ts';
import { ItemGradients } from './item-gradients.ts';
import { ItemRows } from './item-rows.ts';
import { listedProducts } from './listed-products.ts';
import { Scalar, type ThreadMemory, Word } from './memory.ts';
import { PersonLoss } from './person-loss.ts';
import { Ranking, rankRounds } from './ranking.ts';
import { invertNorms, StepStates } from './row-context.ts';
import { RowScoring } from './row-scoring.ts';
import { EpochTables, TableRows } from './table-rows.ts';
import { runNodeOperation, WasmNodes } from './wasm-nodes.ts';

/** The parts of an engine with running threads. */
export interface CrewParts {
  readonly memory: ThreadMemory;
  readonly crew: Crew;
  readonly threads: number;
  readonly fused: boolean;
  readonly loss?: Loss;
  /** Ends the helper threads. */
  readonly stop: () => Promise<void>;
}

/** The coordinator's side of the WebAssembly engine: it copies a batch into the memory, lists the touched rows, starts the verbs and does its share of them. */
export class WasmEngine<M extends AnyMatrix = Matrix> implements Engine<M> {
  readonly name = 'wasm';
  readonly build: 'simd' | 'simd-fma';
  readonly threads: number;
  readonly users: M;
  readonly items: M;
  readonly finals: Engine<M>['finals'];
  readonly nodes?: WasmNodes;
  readonly weights: Engine['weights'];
  readonly optimizerState: Engine['optimizerState'];
  readonly lossState: Engine['lossState'];
  readonly products;
  private readonly person: PersonLoss;
  private readonly rows: ItemRows;
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly work: ThreadWork;
  private readonly stop: () => Promise<void>;
  private readonly tables: EpochTables;
  private readonly stepStates?: StepStates;
  /** Milliseconds by part, and the number of steps. */
  private readonly clock = {
    steps: 0,
    bookkeeping: 0,
    gather: 0,
    scoreRows: 0,
    itemGradients: 0,
    optimizer: 0,
    nodes: 0,
  };
  /** Number of the last batch: marks the items of the current batch (batch-lists.ts). */
  private stamp = 0;
  private epoch = 0;
  /** True while the panels of the items are those of the current item embeddings. */
  private rankReady = false;

  constructor(parts: CrewParts) {
    const { memory, crew, threads } = parts;
    const { floats, layout, plan } = memory;
    const { at, length, baseStride } = layout;
    this.memory = memory;
    this.crew = crew;
    this.threads = threads;
    this.build = parts.fused ? 'simd-fma' : 'simd';
    this.stop = parts.stop;
    this.work = threadWork(memory, crew, 0, threads, parts.loss);
    const { userTables } = memory;
    const table = (name: 'users' | 'items' | 'usersM' | 'usersV' | 'itemsM' | 'itemsV') =>
      (userTables?.[name as 'users'] as Float32Array | undefined) ??
      floats.subarray(at[name] >>> 2, (at[name] >>> 2) + length[name]);
    const tables =
      plan.precision === 'f16'
        ? halfTables(memory)
        : {
            users: matrix(plan.users, plan.dimension, table('users'), baseStride),
            items: matrix(plan.items, plan.dimension, table('items'), baseStride),
          };
    // the caller of `openEngine` names the type that its plan gives
    this.users = tables.users as AnyMatrix as M;
    this.items = tables.items as AnyMatrix as M;
    if (layout.nodes) this.nodes = new WasmNodes(memory, layout.nodes, (alone) => this.runNodes(alone));
    this.finals = (this.nodes?.finals() as Engine<M>['finals'] | undefined) ?? { users: this.users, items: this.items };
    this.weights = this.nodes?.weights ?? {};
    this.optimizerState =
      length.itemsM > 0
        ? {
            usersM: table('usersM'),
            usersV: table('usersV'),
            itemsM: table('itemsM'),
            itemsV: table('itemsV'),
            ...this.nodes?.moments,
          }
        : {};
    this.tables = new EpochTables(memory);
    this.rows = new ItemRows(memory);
    this.products = listedProducts(memory, this.rows);
    this.person = new PersonLoss(memory, this.rows);
    if (needsStates(memory.needs)) this.stepStates = new StepStates(memory, parts.loss!);
    this.lossState = this.stepStates?.states.arrays ?? {};
    // a coefficient 1 for gatherSum and for the sums of bias gradients
    floats[at.ones >>> 2] = 1;
    const training = plan.training;
    // with a backbone, the update applies L2 to the base rows
    floats[at.l2 >>> 2] = training && !this.nodes ? training.optimizer.l2 / training.capacity.rows : 0;
  }

  startEpoch(epoch: number, step: number): void {
    if (!this.memory.plan.training) throw new TaurecError('engine-ranks-only');
    const { ints, layout } = this.memory;
    this.epoch = epoch;
    this.itemsChanged();
    ints.fill(0, layout.at.itemsLast >>> 2, (layout.at.itemsLast >>> 2) + layout.length.itemsLast);
    this.memory.userTables?.usersLast?.fill(0);
    this.tables.start(step);
    this.memory.control[Word.now] = 0;
    this.stepStates?.states.startEpoch(epoch);
  }

  begin(batch: Batch, step: number): void {
    const started = performance.now();
    const { control, plan } = this.memory;
    control[Word.now] = step;
    const { embeddingDropout, seed } = plan.training!;
    if (embeddingDropout > 0) {
      control[Word.userKey] = dropoutKey('users', seed, this.epoch, step);
      control[Word.itemKey] = dropoutKey('items', seed, this.epoch, step);
    }
    this.nodes?.release();
    listBatch(this.memory, batch, ++this.stamp);
    this.nodes?.touch(batch);
    this.clock.bookkeeping += performance.now() - started;
  }

  gather(): void {
    const started = performance.now();
    this.crew.run(Verb.gather, this.work.run);
    this.clock.gather += performance.now() - started;
  }

  scoreRows(): number {
    const started = performance.now();
    const { control, doubles, floats, layout } = this.memory;
    if (layout.length.inverseNorms > 0) invertNorms(this.memory);
    this.stepStates?.spread();
    const spread = performance.now();
    this.crew.run(Verb.scoreRows, this.work.run);
    const scored = performance.now();
    this.stepStates?.update(this.epoch);
    this.work.seconds!.loss += (spread - started + performance.now() - scored) / 1000;
    // summed here, in row order: the result does not depend on which thread scored which row
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
    this.nodes?.scatterGradients();
    this.clock.itemGradients += performance.now() - started;
  }

  update(learningRate: number, meanwhile?: () => void): void {
    let started = performance.now();
    const { control, scalars } = this.memory;
    const now = control[Word.now]! + 1;
    control[Word.now] = now;
    scalars.set(this.tables.stepScalars(now, learningRate), Scalar.learningRate);
    this.crew.run(Verb.update, this.work.run, false, () => {
      const left = performance.now();
      meanwhile?.();
      // what is done meanwhile is no part of the optimiser's time
      started += performance.now() - left;
    });
    this.clock.optimizer += performance.now() - started;
    this.clock.steps++;
  }

  settle(): void {
    if (!this.nodes) this.crew.run(Verb.settle, this.work.run);
    this.itemsChanged();
  }

  gradients() {
    if (this.nodes) return this.nodes.baseGradients();
    const { control } = this.memory;
    const shared = this.memory.plan.training!.capacity.shared;
    return {
      users: this.gradientMap('userList', shared ? 'rowGradients' : 'userGradients', control[Word.userSlots]!),
      items: this.gradientMap('itemList', 'itemGradients', control[Word.slots]!),
    };
  }

  itemsChanged(): void {
    this.rankReady = false;
    this.person.itemsChanged();
    this.rows.itemsChanged();
  }

  personLoss(problem: PersonProblem, user: Float64Array, gradient: Float64Array): number {
    return this.person.evaluate(problem, user, gradient);
  }

  rank(request: RankRequest): RankResult {
    checkRankRequest(request, this.finals.items);
    this.prepareRanking();
    return rankRounds(this.memory, request, () => this.crew.run(Verb.rank, this.work.run));
  }

  front(query: Float64Array, most: number): Int32Array {
    this.prepareRanking();
    return front(this.memory, query, most);
  }

  /** Packs the items, unless they are those of the last ranking. */
  private prepareRanking(): void {
    if (!this.rankReady) this.crew.run(Verb.rankPrepare, this.work.run);
    this.rankReady = true;
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
      nodes: clock.nodes / 1000,
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

  /** Runs the node operation in the memory on all threads, or on this thread only. */
  private runNodes(alone: boolean): void {
    const started = performance.now();
    this.crew.run(Verb.nodes, this.work.run, alone);
    this.clock.nodes += performance.now() - started;
  }

  /** Copies of the gradients by row number, without padding. */
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
}

/** The tables of an engine that holds 16-bit floats: users row after row, items in panels. */
function halfTables({ buffer, layout, plan, userTables }: ThreadMemory): {
  readonly users: HalfMatrix;
  readonly items: HalfMatrix;
} {
  const { users, items, dimension } = plan;
  const { at, length, stride } = layout;
  const halves = new Uint16Array(buffer, at.itemHalves, length.itemHalves * 2);
  return {
    users: halfMatrix(users, dimension, userTables!.users as Uint16Array),
    items: { rows: items, columns: dimension, stride, panel: 8, data: halves },
  };
}

/** The verbs of the crew. For a verb, all threads run the same function and take disjoint tasks: no output has two writers. */
const Verb = {
  gather: 1,
  scoreRows: 2,
  itemGradients: 3,
  update: 4,
  settle: 5,
  rankPrepare: 6,
  rank: 7,
  nodes: 8,
} as const;

/** The functions that one thread runs for the verbs. `loss` is absent in an engine that only ranks. */
export function threadWork(memory: ThreadMemory, crew: Crew, thread: number, threads: number, loss?: Loss): ThreadWork {
  const tables = new TableRows(memory, crew, thread);
  const scoring = loss && new RowScoring(memory, crew, thread, threads, loss);
  const itemGradients = new ItemGradients(memory, crew, thread, threads);
  const ranking = new Ranking(memory, crew, thread);
  const run = (verb: number): void => {
    if (verb === Verb.gather) tables.gather();
    else if (verb === Verb.scoreRows) scoring!.scoreRows();
    else if (verb === Verb.itemGradients) itemGradients.run();
    else if (verb === Verb.update) tables.update();
    else if (verb === Verb.settle) tables.settle();
    else if (verb === Verb.rankPrepare) ranking.prepare();
    else if (verb === Verb.rank) ranking.rank();
    else if (verb === Verb.nodes) runNodeOperation({ memory, crew, thread });
  };
  return { run, seconds: scoring?.seconds, fused: scoring?.fused ?? false };
}

interface ThreadWork {
  readonly run: (verb: number) => void;
  /** Seconds that this thread has spent in the parts of scoreRows. */
  readonly seconds?: { scores: number; loss: number; userGradients: number };
  /** True if the loss runs in a dedicated kernel. */
  readonly fused: boolean;
}
