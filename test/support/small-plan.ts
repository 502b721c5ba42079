import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import { randomStream } from '../../src/array/random.ts';
import type { Engine, EnginePlan, ScoreKind } from '../../src/engine/engine.ts';
import type { LossSource } from '../../src/loss/loss.ts';
import { optimizerOptions } from '../../src/optimizer/create-optimizer.ts';
import type { OptimizerOptions } from '../../src/optimizer/optimizer.ts';
import { createSampler } from '../../src/sampler/create-sampler.ts';
import type { Sampler } from '../../src/sampler/sampler.ts';
import type { SamplerOptions } from '../../src/sampler/sampler-options.ts';

/** With Adam's usual 1e-8 a gradient that is 0 up to rounding moves a row by a whole learning rate, in either direction. */
const SMOOTH_EPSILON = 1e-3;

export interface SmallPlanOptions {
  readonly users?: number;
  readonly items?: number;
  readonly dimension?: number;
  readonly score?: ScoreKind;
  readonly loss?: LossSource;
  readonly optimizer?: Partial<OptimizerOptions>;
  readonly sampler?: Partial<SamplerOptions>;
  /** Gives the interactions weights between .5 and 2. */
  readonly weighted?: boolean;
  /** Gives about a third of the cells a weight among the negatives: see `smallNegativeWeights`. */
  readonly negativeWeights?: boolean;
  readonly embeddingDropout?: number;
  readonly seed?: number;
}

export interface SmallPlan {
  readonly plan: EnginePlan;
  readonly train: Csr;
  readonly sampler: Sampler;
}

/** A random training matrix: every user has 1 to a third of the items. */
export function smallTrain(users: number, items: number, weighted: boolean, seed: number): Csr {
  const random = randomStream(seed, 'small train');
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const values: number[] = [];
  for (let u = 0; u < users; u++) {
    const degree = 1 + random.integer(Math.ceil(items / 3));
    for (let e = 0; e < degree; e++) {
      rowOf.push(u);
      columnOf.push(random.integer(items));
      values.push(0.5 + 1.5 * random.real());
    }
  }
  return csrFromEntries(users, items, rowOf, columnOf, weighted ? values : undefined);
}

/** Weights of negatives for about a third of the cells: 0, 1, .5 and 4 by turns. */
export function smallNegativeWeights(users: number, items: number, seed: number): Csr {
  const random = randomStream(seed, 'small negative weights');
  const cells = Array.from({ length: users * items }, (_, cell) => cell).filter(() => random.integer(3) === 0);
  const values = cells.map((_, e) => [0, 1, 0.5, 4][e % 4]!);
  return csrFromEntries(
    users,
    items,
    cells.map((cell) => Math.floor(cell / items)),
    cells.map((cell) => cell % items),
    values,
  );
}

/** A tiny plan with its training matrix and sampler: 7 users, 13 items and d = 5 unless told otherwise. */
export function smallPlan(options: SmallPlanOptions = {}): SmallPlan {
  const { users = 7, items = 13, dimension = 5, seed = 1 } = options;
  const train = smallTrain(users, items, options.weighted ?? false, seed);
  const negativeWeights = options.negativeWeights ? smallNegativeWeights(users, items, seed) : undefined;
  const sampler = createSampler(train, { rows: 4, negatives: 6, ...options.sampler }, seed, negativeWeights);
  const plan: EnginePlan = {
    users,
    items,
    dimension,
    score: options.score ?? 'cosine',
    training: {
      loss: options.loss ?? { name: 'bsl', options: { tau: 0.2, tau1: 0.5 } },
      optimizer: optimizerOptions({ epsilon: SMOOTH_EPSILON, ...options.optimizer }),
      capacity: sampler.capacity,
      stepsPerEpoch: sampler.stepsPerEpoch,
      embeddingDropout: options.embeddingDropout ?? 0,
      seed,
    },
  };
  return { plan, train, sampler };
}

/** Fills an engine's tables with numbers of size .2 to .8 and either sign, the same in every engine. */
export function fillEmbeddings(engine: Engine, seed = 1): void {
  for (const [name, table] of [
    ['users', engine.users],
    ['items', engine.items],
  ] as const) {
    const random = randomStream(seed, `small ${name}`);
    for (let r = 0; r < table.rows; r++) {
      for (let c = 0; c < table.columns; c++) {
        const sign = random.integer(2) === 0 ? 1 : -1;
        table.data[r * table.stride + c] = sign * (0.2 + 0.6 * random.real());
      }
    }
  }
  engine.itemsChanged();
}

/** The numbers of a table without its padding. */
export function tableValues(table: {
  rows: number;
  columns: number;
  stride: number;
  data: Float32Array;
}): Float32Array {
  const values = new Float32Array(table.rows * table.columns);
  for (let r = 0; r < table.rows; r++) {
    values.set(table.data.subarray(r * table.stride, r * table.stride + table.columns), r * table.columns);
  }
  return values;
}
