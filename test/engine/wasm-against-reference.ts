import { afterEach, describe, test } from 'vitest';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { everyNeed } from '../contracts/loss-state-contract.ts';
import { type SmallPlanOptions, smallPlan } from '../support/small-plan.ts';
import { compareTraining } from './differential.ts';

/** The wasm engine against the reference engine, a setting at a time. The quick suite runs some of the settings, the slow suite the others. */

// More rows, items and negatives than the kernels' tiles and the threads' tasks, in no multiple of them.
export const wide = { users: 61, items: 347, sampler: { rows: 29, negatives: 131 } } satisfies SmallPlanOptions;
// Each path of the dual-scale kernels: pool of one weight, of several; a row's examples alike, apart by temperature, by weights.
const dualScale: [string, Record<string, number>, SmallPlanOptions?][] = [
  ['hardness', { hardness: 0.6, negativeWeight: 1.2 }],
  ['competition', { competition: 0.5 }],
  ['competition and hardness, popular pool with logQ, weights', { competition: -0.7, hardness: -0.3, slate: 20 }, { weighted: true, sampler: { rows: 29, negatives: 200, pool: 'popularity', logQ: true } }],
  ['similarity', { similarity: -0.4 }],
  ['τ too large for single precision', { tau: 60, hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 }],
  ['all', { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 }],
  ['all, popular pool with logQ, weights', { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 20 }, { weighted: true, sampler: { rows: 29, negatives: 200, pool: 'popularity', logQ: true } }],
  ['all, weights of negatives', { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 }, { negativeWeights: true }],
  ['all, dot, pair batches', { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 }, { score: 'dot', sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
]; // biome-ignore format: a table of cases
const cases: [string, SmallPlanOptions][] = [
  ...[3, 4, 63, 64, 65].map((dimension): [string, SmallPlanOptions] => [`d = ${dimension}`, { ...wide, dimension }]),
  // a cosine of one dimension is ±1 and has no gradient
  ['d = 1, dot', { ...wide, dimension: 1, score: 'dot', loss: { name: 'sl', options: { tau: 0.5 } } }],
  ['pair batches, d = 64', { ...wide, dimension: 64, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['pair batches, d = 3, weights', { ...wide, weighted: true, dimension: 3, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['all items', { ...wide, sampler: { rows: 29, negatives: 'all' } }],
  ['popular pool with logQ, weights', { ...wide, weighted: true, sampler: { rows: 29, negatives: 200, pool: 'popularity', logQ: true } }],
  ['in-batch pool', { ...wide, sampler: { rows: 29, pool: 'in-batch' } }],
  ['weights of negatives', { ...wide, negativeWeights: true }],
  ['weights of negatives, popular pool with logQ', { ...wide, negativeWeights: true, sampler: { rows: 29, negatives: 200, pool: 'popularity', logQ: true } }],
  ['weights of negatives, pair', { ...wide, negativeWeights: true, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['weights of negatives, psl', { ...wide, negativeWeights: true, loss: { name: 'psl', options: { tau: 0.2 } } }],
  ['weights of negatives, bce, dot', { ...wide, negativeWeights: true, score: 'dot', loss: { name: 'bce' } }],
  ['dropout', { ...wide, dimension: 17, embeddingDropout: 0.3 }],
  ['decoupled weight decay', { ...wide, optimizer: { decoupledWeightDecay: 0.3 } }],
  ['β1 = β2', { ...wide, optimizer: { beta1: 0.9, beta2: 0.9 } }],
  ['sgd, l2, decay', { ...wide, optimizer: { name: 'sgd', l2: 0.3, decoupledWeightDecay: 0.1 } }],
  ['bpr, dot', { ...wide, score: 'dot', loss: { name: 'bpr' } }],
  ['sogclr, pair', { ...wide, loss: { name: 'sogclr', options: { tau: 0.2, gamma: 0.3 } }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['advinfonce', { ...wide, loss: { name: 'advinfonce', options: { tau: 0.2, adversaryEvery: 1, adversaryRate: 0.02 } } }],
  ['llpauc, weights, dot', { ...wide, weighted: true, score: 'dot', loss: { name: 'llpauc', options: { tau: 1, alpha: 0.4, negativeWeight: 1.2 } }, sampler: { rows: 29, negatives: 201, pool: 'popularity', logQ: true } }],
  ['llpauc, pair', { ...wide, loss: { name: 'llpauc', options: { tau: 0.2, dualRate: 0.1 } }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['llpauc', { ...wide, loss: { name: 'llpauc', options: { dualRate: 0.1 } } }],
  ['every need', { ...wide, loss: everyNeed }],
  ['every need, dot, dropout, d = 17', { ...wide, score: 'dot', dimension: 17, embeddingDropout: 0.2, loss: everyNeed }],
  ['every need, pair', { ...wide, loss: everyNeed, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['every need, dot, pair', { ...wide, score: 'dot', loss: everyNeed, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ...dualScale.map(([title, options, more]): [string, SmallPlanOptions] => [
    `dsl, ${title}`,
    { ...wide, ...more, loss: { name: 'dsl', options: { tau: 0.2, hardness: 0, similarity: 0, competition: 0, ...options } } },
  ]),
  ...(['tanh', 'relu', 'atan'] as const).map((activation): [string, SmallPlanOptions] => [
    `psl ${activation}, weights`, { ...wide, weighted: true, loss: { name: 'psl', options: { tau: 0.1, activation, negativeWeight: 1.2 } } },
  ]),
  ['psl, pair', { ...wide, loss: { name: 'psl', options: { tau: 0.2 } }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['slatk', { ...wide, loss: { name: 'slatk', options: { tau: 0.2, k: 5 } } }],
  ['talos', { ...wide, loss: { name: 'talos', options: { tau: 0.1, k: 5, thresholdRate: 0.02, items: 347, negativeWeight: 1.2 } } }],
  ['talos, weights, popular pool with logQ', { ...wide, weighted: true, loss: { name: 'talos', options: { tau: 0.05, k: 5, thresholdRate: 0.02 } }, sampler: { rows: 29, negatives: 201, pool: 'popularity', logQ: true } }],
  ['talos, threshold of the row, weights of negatives', { ...wide, negativeWeights: true, loss: { name: 'talos', options: { tau: 0.1, k: 5, threshold: 'row' } } }],
  ['talos, pair', { ...wide, loss: { name: 'talos', options: { tau: 0.2, k: 5, thresholdRate: 0.02 } }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['sl, temperature by user', { ...wide, loss: { name: 'sl', options: { tau: 0.2, userTau: 5 } } }],
  ['bsl, temperature by user, pair, weights', { ...wide, weighted: true, loss: { name: 'bsl', options: { tau: 0.2, tau1: 1, userTau: 5, negativeWeight: 1.2 } }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['ccl, popular pool with logQ', { ...wide, loss: { name: 'ccl', options: { margin: 0.1 } }, sampler: { rows: 29, negatives: 200, pool: 'popularity', logQ: true } }],
  ['gbce, dot', { ...wide, score: 'dot', loss: { name: 'gbce', options: { items: 347 } } }],
  ['bce, dot, pair', { ...wide, score: 'dot', loss: { name: 'bce' }, sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
]; // biome-ignore format: a table of cases

/** Settings of the quick suite: each kind of batch, pool and optimiser. */
const quick = ['pair batches, d = 3, weights', 'popular pool with logQ, weights', 'sgd, l2, decay', 'every need'];

/** Trains on the settings of one suite, on both engines and on 1 and 3 threads, in the quick suite on 2 as well. */
export function wasmAgainstReference(suite: 'quick' | 'slow'): void {
  enableFusedMultiplyAdd();
  const open: Engine[] = [];
  afterEach(() => Promise.all(open.splice(0).map((engine) => engine.close())));
  async function wasm(plan: EnginePlan, threads: number) {
    const engine = await openWasmEngine(plan, threads, 'simd-fma');
    open.push(engine);
    return engine;
  }

  const chosen = cases.filter(([title]) => quick.includes(title) === (suite === 'quick'));
  describe.each(chosen)('wasm against reference: %s', (name, options) => {
    // Rankings depend on the dimension and the score alone: those settings, and the quick ones, have every ranking.
    const rankings = suite === 'quick' || name.startsWith('d = ') ? 'every' : 'two';
    test('trains and ranks alike', async () => {
      const small = smallPlan(options);
      compareTraining(await wasm(small.plan, 2), await openReferenceEngine(small.plan), small, { rankings });
    });
    test('is bit-identical on any number of threads', async () => {
      const small = smallPlan(options);
      const epochs = suite === 'quick' ? 2 : 1;
      const exact = { tolerance: { absolute: 0, relative: 0 }, epochs, rankings } as const;
      if (suite === 'quick') compareTraining(await wasm(small.plan, 2), await wasm(small.plan, 1), small, exact);
      compareTraining(await wasm(small.plan, 3), await wasm(small.plan, 1), small, exact);
    });
  });
}
