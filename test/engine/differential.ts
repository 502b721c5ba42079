import { expect } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import type { Backbone } from '../../src/backbone/backbone.ts';
import type { Engine, RankRequest, RankResult } from '../../src/engine/engine.ts';
import { fillAll, rankingForward, stepBackward, valuesOf } from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import { fillEmbeddings, type SmallPlan, tableValues } from '../support/small-plan.ts';

export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** 32-bit arithmetic against double: some hundred roundings, near scores of size 1/τ. */
export const singlePrecision: Tolerance = { absolute: 2e-5, relative: 2e-4 };

/**
 * Trains two engines side by side, from the same embeddings on the same batches, and compares every step's value and gradients, at each epoch's end
 * the settled tables, and in the end full rankings. Take an ε that rounding errors of the gradients are small against, as `smallPlan` does.
 */
export function compareTraining(
  actual: Engine,
  reference: Engine,
  { sampler, plan, backbone }: SmallPlan & { readonly backbone?: Backbone },
  options: { epochs?: number; learningRate?: number; tolerance?: Tolerance; rankings?: 'every' | 'two' } = {},
): void {
  const { epochs = 2, learningRate = 0.01, tolerance = singlePrecision, rankings = 'every' } = options;
  const { absolute, relative } = tolerance;
  const engines = [actual, reference] as const;
  for (const engine of engines) backbone ? fillAll(engine, backbone) : fillEmbeddings(engine);
  for (let epoch = 0; epoch < epochs; epoch++) {
    sampler.startEpoch(epoch);
    for (const engine of engines) engine.startEpoch(epoch, epoch * sampler.stepsPerEpoch);
    for (let step = 0; step < sampler.stepsPerEpoch; step++) {
      const batch = sampler.batch(step);
      const [value, expected] = engines.map((engine) => {
        if (backbone) return stepBackward(engine, backbone, batch, step, epoch);
        engine.begin(batch, step);
        engine.gather();
        const total = engine.scoreRows();
        engine.itemGradients();
        return total;
      });
      const at = `epoch ${epoch}, step ${step}`;
      expectClose([value!], [expected!], absolute, relative, `value at ${at}`);
      compareGradients(actual, reference, tolerance, at);
      for (const engine of engines) engine.update(learningRate * (1 + step));
    }
    for (const engine of engines) engine.settle();
    if (backbone) for (const engine of engines) rankingForward(engine, backbone);
    compareTables(actual, reference, tolerance, `after epoch ${epoch}`);
  }
  compareRanking(actual, reference, plan.items, tolerance, rankings);
}

/** The gradients of the last step, row by row; both engines must list the same rows. */
export function compareGradients(actual: Engine, reference: Engine, tolerance: Tolerance, at: string): void {
  const got = actual.gradients();
  const expected = reference.gradients();
  for (const table of ['users', 'items'] as const) {
    const rows = [...expected[table].keys()].sort((a, b) => a - b);
    expect(
      [...got[table].keys()].sort((a, b) => a - b),
      `touched ${table} at ${at}`,
    ).toEqual(rows);
    for (const r of rows) {
      const what = `gradient of ${table} row ${r} at ${at}`;
      expectClose(got[table].get(r)!, expected[table].get(r)!, tolerance.absolute, tolerance.relative, what);
    }
  }
}

/** Embeddings, states of the loss and moments. */
export function compareTables(actual: Engine, reference: Engine, tolerance: Tolerance, at: string): void {
  const { absolute, relative } = tolerance;
  for (const table of ['users', 'items'] as const) {
    const what = `${table} ${at}`;
    expectClose(tableValues(actual[table]), tableValues(reference[table]), absolute, relative, what);
    const [got, expected] = [actual.finals[table], reference.finals[table]];
    expectClose(tableValues(got), tableValues(expected), absolute, relative, `final ${what}`);
  }
  for (const name of Object.keys(reference.weights)) {
    const [got, expected] = [actual.nodes!, reference.nodes!].map((nodes) => valuesOf(nodes.weight(name)));
    expectClose(got!, expected!, absolute, relative, `weight ${name} ${at}`);
  }
  expect(Object.keys(actual.lossState)).toEqual(Object.keys(reference.lossState));
  for (const [name, state] of Object.entries(reference.lossState)) {
    expectClose(actual.lossState[name]!, state, absolute, relative, `state of ${name} ${at}`);
  }
  const got = actual.optimizerState;
  const expected = reference.optimizerState;
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const name of Object.keys(expected)) {
    const values = (engine: Engine) => {
      const { rows, columns, stride } = name.startsWith('weight')
        ? engine.nodes!.weight(name.slice(name.indexOf('.') + 1))
        : engine[name.startsWith('users') ? 'users' : 'items'];
      return valuesOf({ rows, columns, stride, data: engine.optimizerState[name]! });
    };
    expectClose(values(actual), values(reference), absolute, relative, `${name} ${at}`);
  }
}

/**
 * Rankings with exclusions and targets: equal scores within the tolerance, and no item out of place by more than it.
 * @param rankings every length with and without every term; or two of them, for settings that differ in the training alone
 */
export function compareRanking(
  actual: Engine,
  reference: Engine,
  items: number,
  tolerance: Tolerance,
  rankings: 'every' | 'two' = 'every',
): void {
  const queries = reference.finals.users;
  const pick = (modulus: number, remainder: number) => {
    const cells: [number, number][] = [];
    for (let q = 0; q < queries.rows; q++) {
      for (let i = 0; i < items; i++) if ((q * 7 + i * 3) % modulus === remainder) cells.push([q, i]);
    }
    const [rowOf, columnOf] = [cells.map(([q]) => q), cells.map(([, i]) => i)];
    return csrFromEntries(queries.rows, items, rowOf, columnOf);
  };
  // Eighths from −1 to .875, in an order of their own.
  const itemBias = Float32Array.from({ length: items }, (_, i) => (((i * 5 + 3) % 16) - 8) / 8);
  // Some on excluded items and on targets.
  const chosen = pick(3, 1);
  const additions = { ...chosen, values: Float32Array.from(chosen.indices, (_, e) => (((e * 7 + 2) % 13) - 6) / 16) };
  const [excluded, targets] = [pick(4, 1), pick(16, 2)];
  const terms = [{}, { itemBias }, { additions }, { itemBias, additions }];
  const lengths = [1, 5, items, items + 3];
  const compared =
    rankings === 'every'
      ? terms.map((term) => [term, lengths] as const)
      : ([
          [terms[0], [items]],
          [terms[3], [5]],
        ] as const);
  for (const [of, ks] of compared) {
    const all = reference.rank({ queries, k: items, ...of });
    for (const k of ks) compareList({ queries, k, excluded, targets, ...of }, all);
  }

  function compareList(request: RankRequest, all: RankResult): void {
    const { k } = request;
    const got = actual.rank(request);
    const expected = reference.rank(request);
    expectClose(got.scores, expected.scores, tolerance.absolute, tolerance.relative, `ranked scores, k = ${k}`);
    for (let q = 0; q < queries.rows; q++) {
      const lists = [got, expected].map(({ items: ranked }) => ranked.subarray(q * k, (q + 1) * k));
      const [mine, theirs] = lists as [Int32Array, Int32Array];
      // The same items have the same scores.
      if (mine.length === theirs.length && mine.every((item, at) => item === theirs[at])) continue;
      const scoreOf = new Map<number, number>();
      for (let rank = 0; rank < items; rank++) scoreOf.set(all.items[q * items + rank]!, all.scores[q * items + rank]!);
      const scoresOf = (list: Int32Array) => Array.from(list, (item) => (item < 0 ? -Infinity : scoreOf.get(item)!));
      const what = `scores of the items ranked for query ${q}, k = ${k}`;
      expectClose(scoresOf(mine), scoresOf(theirs), tolerance.absolute, tolerance.relative, what);
    }
    compareAbove(got.above!, expected.above!, request, all, items, tolerance.absolute);
  }
}

/** A count may differ by the items whose scores lie so near the target's that rounding may swap them. */
function compareAbove(
  got: Int32Array,
  expected: Int32Array,
  { targets, queries }: RankRequest,
  all: { items: Int32Array; scores: Float32Array },
  items: number,
  near: number,
): void {
  for (let q = 0; q < queries.rows; q++) {
    const ranked = all.items.subarray(q * items, (q + 1) * items);
    const scores = all.scores.subarray(q * items, (q + 1) * items);
    for (let e = targets!.offsets[q]!; e < targets!.offsets[q + 1]!; e++) {
      // An expectation of each would take ten times as long as the ranking.
      if (got[e] === expected[e]) continue;
      const target = scores[ranked.indexOf(targets!.indices[e]!)]!;
      const isNear = (score: number) => Math.abs(score - target) <= 2 * near * Math.max(1, Math.abs(target));
      const doubtful = scores.filter(isNear).length - 1;
      const difference = Math.abs(got[e]! - expected[e]!);
      expect(difference, `above of query ${q}, item ${targets!.indices[e]}`).toBeLessThanOrEqual(doubtful);
    }
  }
}
