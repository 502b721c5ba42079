import { describe, expect, test } from 'vitest';
import { dropoutKeeps, dropoutKey, dropoutThreshold } from '../../src/array/random.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import type { LossSource } from '../../src/loss/loss.ts';
import type { Batch } from '../../src/sampler/sampler.ts';
import { expectClose } from '../support/close.ts';
import EveryNeed from '../support/modules/every-need.mjs';
import { fillEmbeddings, type SmallPlanOptions, smallPlan, tableValues } from '../support/small-plan.ts';

/** The loss that asks for everything, as threads can import it. */
export const everyNeed: LossSource = {
  module: new URL('../support/modules/every-need.mjs', import.meta.url).href,
};

const variants: [string, SmallPlanOptions][] = [
  ['user batches', {}],
  ['user batches, inner products, dropout', { score: 'dot', dimension: 9, embeddingDropout: 0.3 }],
  ['pair batches', { users: 3, sampler: { batch: 'pair', rows: 9, negatives: 5 } }],
  ['pair batches, inner products', { score: 'dot', users: 3, sampler: { batch: 'pair', rows: 9, negatives: 5 } }],
  ['in-batch pool', { sampler: { pool: 'in-batch' } }],
];

/** How an engine serves a loss that needs similarities and states, against maps filled row by row. */
export function lossStateContract(name: string, open: (plan: EnginePlan) => Promise<Engine>): void {
  describe(`states of a loss: ${name}`, () => {
    test.each(variants)('%s', async (_, options) => {
      const { plan, sampler } = smallPlan({ loss: everyNeed, ...options });
      const engine = await open(plan);
      fillEmbeddings(engine);
      expect(Object.keys(engine.lossState).sort()).toEqual(['global', 'items', 'users']);
      const kept: Kept = { users: new Map(), items: new Map(), global: [0.25, 0] };
      for (let epoch = 0; epoch < 2; epoch++) {
        sampler.startEpoch(epoch);
        engine.startEpoch(epoch, epoch * sampler.stepsPerEpoch);
        // what EveryNeed.startEpoch says
        kept.global[1]! += epoch;
        for (const [user, [mean, visits]] of kept.users) kept.users.set(user, [mean! * 0.5, visits!]);
        for (const [item, state] of kept.items) kept.items.set(item, state * 0.75);
        expectClose(engine.lossState.global!, Float64Array.from(kept.global), 1e-6, 1e-5, 'global state of the epoch');
        for (let step = 0; step < sampler.stepsPerEpoch; step++) {
          const batch = sampler.batch(step);
          // The tables then hold the values that the step computes with: an engine may bring rows to date in a step without writing them before its update.
          engine.settle();
          engine.begin(batch, step);
          engine.gather();
          const expected = stepOf(plan, engine, batch, epoch, step, kept);
          expectClose([engine.scoreRows()], [expected], 1e-5, 1e-5, 'value');
          const { users, items, global } = engine.lossState;
          expectClose(global!, Float64Array.from(kept.global), 1e-6, 1e-5, 'global state');
          const usersKept = Array.from({ length: plan.users }, (_, u) => kept.users.get(u) ?? [0, 0]).flat();
          expectClose(users!, Float64Array.from(usersKept), 1e-6, 1e-5, 'user states');
          const itemsKept = Array.from({ length: plan.items }, (_, i) => kept.items.get(i) ?? 0);
          expectClose(items!, Float64Array.from(itemsKept), 1e-6, 1e-5, 'item states');
          engine.itemGradients();
          engine.update(0.01);
        }
        engine.settle();
      }
      expect([...kept.users.values()].some(([, visits]) => visits! > 1)).toBe(true);
      await engine.close();
    });

    test('a loss without needs has none', async () => {
      const engine = await open(smallPlan().plan);
      expect(engine.lossState).toEqual({});
      await engine.close();
    });
  });
}

interface Kept {
  readonly users: Map<number, number[]>;
  readonly items: Map<number, number>;
  global: number[];
}

/** The value of a step, in double precision from the embeddings; moves the states that are kept. */
function stepOf(plan: EnginePlan, engine: Engine, batch: Batch, epoch: number, step: number, kept: Kept): number {
  const loss = new EveryNeed();
  const p = plan.training!.embeddingDropout;
  const embedding = (table: 'users' | 'items', id: number) => {
    const key = dropoutKey(table, plan.training!.seed, epoch, step);
    const x = tableValues(engine[table]).subarray(id * plan.dimension, (id + 1) * plan.dimension);
    return Array.from(x, (v, c) => (dropoutKeeps(key, id, c, dropoutThreshold(p)) ? v / (1 - p) : 0));
  };
  const product = (a: number[], b: number[]) => a.reduce((sum, v, c) => sum + v * b[c]!, 0);
  const norm = (a: number[]) => Math.max(Math.hypot(...a), 1e-12);
  const cosine = (a: number[], b: number[]) => product(a, b) / norm(a) / norm(b);
  const n = batch.negativesPerRow;
  const userSums = new Map<number, number[][]>();
  const itemSums = new Map<number, number>();
  let globalSum = 0;
  let total = 0;
  batch.users.forEach((user, r) => {
    const positiveItems = batch.positives.slice(batch.positiveOffsets[r], batch.positiveOffsets[r + 1]);
    const poolItems = batch.shared ? batch.negatives.slice() : batch.negatives.slice(r * n, (r + 1) * n);
    const own = embedding('users', user);
    const score = (item: number) => (plan.score === 'cosine' ? cosine : product)(own, embedding('items', item));
    const weights = batch.negativeWeights?.slice() ?? new Float32Array(n).fill(1);
    for (let e = batch.maskOffsets[r]!; e < batch.maskOffsets[r + 1]!; e++) weights[batch.masked[e]!] = 0;
    const states = {
      user: Float64Array.from(kept.users.get(user) ?? [0, 0]),
      items: Float64Array.from(poolItems, (item) => kept.items.get(item) ?? 0),
      global: Float64Array.from(kept.global),
      userUpdate: new Float64Array(2),
      itemUpdates: new Float64Array(n),
      globalUpdate: new Float64Array(2),
    };
    const itemSimilarity = (i: number) =>
      Float64Array.from(poolItems, (item) => cosine(embedding('items', positiveItems[i]!), embedding('items', item)));
    const scores = {
      positives: Float64Array.from(positiveItems, score),
      negatives: Float64Array.from(poolItems, score),
      negativeWeights: weights,
    };
    const gradients = { positives: new Float64Array(positiveItems.length), negatives: new Float64Array(n) };
    const context = { user, positiveItems, poolItems, logExpectationExp, itemSimilarity, states };
    const value = loss.evaluate(scores, gradients, context);
    total += batch.rowWeights[r]! * value;
    globalSum += value;
    userSums.set(user, [...(userSums.get(user) ?? []), [...states.userUpdate]]);
    poolItems.forEach((item, j) => {
      itemSums.set(item, (itemSums.get(item) ?? 0) + states.itemUpdates[j]!);
    });
  });
  // what EveryNeed.updateStates says
  kept.global = [0.9 * kept.global[0]! + (0.1 * globalSum) / batch.users.length, epoch];
  for (const [user, rows] of userSums) {
    const [mean, visits] = kept.users.get(user) ?? [0, 0];
    const sum = rows.reduce((a, b) => a + b[0]!, 0);
    kept.users.set(user, [0.5 * mean! + (0.5 * sum) / rows.length, visits! + rows.length]);
  }
  for (const [item, sum] of itemSums)
    kept.items.set(item, 0.9 * (kept.items.get(item) ?? 0) + (0.1 * sum) / batch.users.length);
  return total;
}
