import { afterAll, describe, expect, it, vi } from 'vitest';
import { matrix, row } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import { type EngineOptions, openEngine } from '../../src/engine/open-engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import type { Loss } from '../../src/loss/loss.ts';
import { defaultScore } from '../../src/loss/losses.ts';
import { engineContract } from '../contracts/engine-contract.ts';
import { lossStateContract } from '../contracts/loss-state-contract.ts';
import { expectClose } from '../support/close.ts';
import { rejectionOf } from '../support/error-of.ts';
import { fillEmbeddings, type SmallPlan, smallPlan, tableValues } from '../support/small-plan.ts';
import { compareGradients } from './differential.ts';
import { wasmAgainstReference, wide } from './wasm-against-reference.ts';

enableFusedMultiplyAdd();

const open: Engine[] = [];
afterAll(() => Promise.all(open.map((engine) => engine.close())));
async function wasm(plan: EnginePlan, threads = 1, build: 'simd' | 'simd-fma' = 'simd-fma') {
  const engine = await openWasmEngine(plan, threads, build);
  open.push(engine);
  return engine;
}

engineContract('wasm, one thread', (plan) => wasm(plan));
engineContract('wasm without fused multiply-add, two threads', (plan) => wasm(plan, 2, 'simd'));
lossStateContract('wasm, two threads', (plan) => wasm(plan, 2));

wasmAgainstReference('quick');

describe('kernels of losses', () => {
  it.each([
    ['bpr', true],
    ['bce', true],
    ['dsl', true],
    ['gbce', true],
    ['psl', true],
    ['llpauc', true],
    ['talos', true],
    ['sogclr', false],
    ['sl', false],
    ['slatk', false],
    ['mse', false],
  ] as const)('%s: in a kernel of its own: %s', async (name, fused) => {
    const score = defaultScore({ name });
    const engine = await wasm(smallPlan({ score, loss: { name } }).plan);
    expect(engine.stats().fused).toBe(fused);
  });

  // relu only where τ is small: its slope near d = −1 is steeper than single-precision scores are exact, and a large τ gives such negatives a say
  const pslCases = [
    ...[1e-3, 0.03, 0.5].map((tau) => ({ activation: 'relu', tau })),
    { activation: 'tanh', tau: 20 },
    { activation: 'atan', tau: 'inf' },
  ];
  it.each(pslCases)('psl %o: values and gradients as the plain loss has them, at any τ', async (options) => {
    const small = smallPlan({
      ...wide,
      dimension: 2,
      loss: { name: 'psl', options },
      sampler: { rows: 29, negatives: 'all' },
    });
    const engines = [await wasm(small.plan, 2), await openReferenceEngine(small.plan)] as const;
    small.sampler.startEpoch(0);
    const batch = small.sampler.batch(0);
    const [got, expected] = engines.map((engine) => {
      fillEmbeddings(engine);
      // identical directions among the embeddings: cosines of ±1, where d + 1 is 0
      for (const table of [engine.users, engine.items])
        for (let r = 0; r < table.rows; r += 3) table.data.set([r % 2 ? 1 : -1, 0], r * table.stride);
      engine.startEpoch(0, 0);
      engine.begin(batch, 0);
      engine.gather();
      const value = engine.scoreRows();
      engine.itemGradients();
      return value;
    });
    // scores of single precision, divided by τ
    const error = 1e-5 / Math.min(1, Number(options.tau) || 1);
    expectClose([got!], [expected!], 0, error, 'value');
    compareGradients(engines[0], engines[1], { absolute: error, relative: 1e-4 }, 'psl');
  });

  it.each(['bpr', 'bce', 'gbce'])('%s: large scores, masks and weights as the plain loss has them', async (name) => {
    for (const sampler of [{ negatives: 'all' as const }, { pool: 'popularity' as const, negatives: 200 }]) {
      const small = smallPlan({
        ...wide,
        weighted: true,
        score: 'dot',
        loss: { name },
        sampler: { rows: 29, ...sampler },
      });
      const engines = [await wasm(small.plan, 2), await openReferenceEngine(small.plan)] as const;
      small.sampler.startEpoch(0);
      const batch = small.sampler.batch(0);
      const [got, expected] = engines.map((engine) => {
        fillEmbeddings(engine);
        for (const table of [engine.users, engine.items])
          for (let i = 0; i < table.data.length; i++) table.data[i]! *= 30;
        engine.startEpoch(0, 0);
        engine.begin(batch, 0);
        engine.gather();
        return engine.scoreRows();
      });
      expect(got).toBeGreaterThan(100);
      expectClose([got!], [expected!], 0, 1e-5, 'value');
      for (const engine of engines) engine.itemGradients();
      compareGradients(engines[0], engines[1], { absolute: 1e-4, relative: 1e-4 }, 'large scores');
    }
  });
});

describe('memory and threads', () => {
  it('really shares memory: a helper thread does part of the work', async () => {
    const byHelper =
      'data:text/javascript,' +
      encodeURIComponent(`
      import { isMainThread } from 'node:worker_threads';
      export default class { name = 'by-helper'; parameters = {}; allowsDotScores = true;
        evaluate(scores, gradients) { gradients.positives.fill(0); gradients.negatives.fill(0); const end = performance.now() + 1; while (performance.now() < end); return isMainThread ? 0 : 1; } }`);
    const small = smallPlan({ ...wide, loss: { module: byHelper } });
    const engine = await wasm(small.plan, 2);
    fillEmbeddings(engine);
    small.sampler.startEpoch(0);
    engine.startEpoch(0, 0);
    const batch = small.sampler.batch(0);
    const weights = batch.rowWeights.reduce((sum, w) => sum + w, 0);
    // A busy machine may leave all rows of a step to one of the two threads.
    const bothTookRows = () => {
      engine.begin(batch, 0);
      engine.gather();
      const helped = engine.scoreRows() / weights;
      return helped > 1e-6 && helped < 1 - 1e-6;
    };
    expect(Array.from({ length: 100 }).some(bothTookRows)).toBe(true);
  });

  it('refuses a plan beyond 4 GiB before any work, with the numbers', async () => {
    const plan: EnginePlan = { users: 1000, items: 30_000_000, dimension: 64, score: 'cosine' };
    const error = await rejectionOf(openWasmEngine(plan, 1));
    expect(error.code).toBe('memory-limit');
    expect(error.message).toContain('30000000 items');
    // embeddings and panels alone take 14.3 GiB
    expect(error.facts.bytes).toBeGreaterThan(30_000_000 * 2 * 64 * 4);
  });

  it('says what was needed when the system refuses the memory', async () => {
    const refusing = vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refuse() {
      throw new RangeError('could not allocate memory');
    });
    const error = await rejectionOf(openWasmEngine(smallPlan().plan, 1)).finally(() => refusing.mockRestore());
    expect(error.code).toBe('memory-refused');
    expect(error.message).toContain('7 users and 13 items at dimension 5');
  });

  it.each([{ engine: 'gpu' }, { build: 'avx' }])('refuses %o', async (options) => {
    const error = await rejectionOf(openEngine(smallPlan().plan, options as EngineOptions));
    expect(error.code).toBe('unknown-name');
  });

  // tables of items of 2.1 GiB, or 2.2 GiB of masks before everything that a batch needs; the memory is not touched, so it costs nothing
  it.each([
    { batch: 'user', items: 3_000_000 },
    { batch: 'pair', items: 3_000_000 },
    { batch: 'user', masked: 600_000_000 },
    { batch: 'pair', masked: 600_000_000 },
  ] as const)('computes the same where addresses pass 2 GiB: %o', async ({ batch, ...part }) => {
    const small = smallPlan({ ...wide, dimension: 64, sampler: { batch, rows: 29, negatives: 50 } });
    const training = small.plan.training!;
    const large: EnginePlan =
      'items' in part
        ? { ...small.plan, ...part }
        : { ...small.plan, training: { ...training, capacity: { ...training.capacity, ...part } } };
    const engines = [await openWasmEngine(large, 2), await wasm(small.plan, 1)] as const;
    try {
      fillEmbeddings(engines[1]);
      for (const table of ['users', 'items'] as const) engines[0][table].data.set(engines[1][table].data);
      small.sampler.startEpoch(0);
      for (const engine of engines) engine.startEpoch(0, 0);
      for (let step = 0; step < small.sampler.stepsPerEpoch; step++) {
        const values = engines.map((engine) => {
          engine.begin(small.sampler.batch(step), step);
          engine.gather();
          const value = engine.scoreRows();
          engine.itemGradients();
          return value;
        });
        expect(values[0]).toBe(values[1]);
        compareGradients(...engines, { absolute: 0, relative: 0 }, `step ${step}`);
        for (const engine of engines) engine.update(0.01);
      }
      // among more items the lists are others
      if ('items' in part) return;
      const request = {
        queries: matrix(small.plan.users, 64, tableValues(engines[1].users)),
        k: 20,
        excluded: small.train,
        targets: small.train,
      };
      expect(engines[0].rank(request)).toEqual(engines[1].rank(request));
    } finally {
      await engines[0].close();
    }
  });

  it('ends with the error of a thread whose loss fails, and stays closed', async () => {
    const failing =
      'data:text/javascript,' +
      encodeURIComponent(`
      import { isMainThread, threadId } from 'node:worker_threads';
      export default class { name = 'failing'; parameters = {}; allowsDotScores = true;
        evaluate(scores, gradients, context) { if (context.user === 5) throw new Error('no value for user 5'); gradients.positives.fill(0); gradients.negatives.fill(0); return 0; } }`);
    const small = smallPlan({ ...wide, loss: { module: failing }, sampler: { rows: 61, negatives: 10 } });
    const engine = await wasm(small.plan, 3);
    small.sampler.startEpoch(0);
    engine.startEpoch(0, 0);
    engine.begin(small.sampler.batch(0), 0);
    engine.gather();
    expect(() => engine.scoreRows()).toThrow('no value for user 5');
  });

  it('refuses to open when a thread ends before it is ready, even without an error', async () => {
    const leaving =
      'data:text/javascript,' +
      encodeURIComponent(`
      import { workerData } from 'node:worker_threads';
      if (workerData?.thread) process.exit(0);
      export default class { name = 'leaving'; parameters = {}; allowsDotScores = true; evaluate() { return 0; } }`);
    const error = await rejectionOf(openWasmEngine(smallPlan({ loss: { module: leaving } }).plan, 2));
    expect(error.code).toBe('engine-thread');
    expect(error.facts.thread).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d threads', async (threads) => {
    const error = await rejectionOf(openWasmEngine(smallPlan().plan, threads));
    expect(error.message).toBe(`Option threads: got ${threads}, expected a whole number ≥ 1.`);
  });

  it('ends when a thread dies in the middle of a verb', async () => {
    const dying =
      'data:text/javascript,' +
      encodeURIComponent(`
      import { workerData } from 'node:worker_threads';
      export default class { name = 'dying'; parameters = {}; allowsDotScores = true;
        evaluate(scores, gradients) { if (workerData?.thread) process.exit(3); const end = performance.now() + 3; while (performance.now() < end); gradients.positives.fill(0); gradients.negatives.fill(0); return 0; } }`);
    const small = smallPlan({ ...wide, loss: { module: dying } });
    const engine = await wasm(small.plan, 2);
    small.sampler.startEpoch(0);
    engine.startEpoch(0, 0);
    // A busy machine may leave all rows of a step to the other thread.
    const untilItDies = () => {
      for (let step = 0; step < 100; step++) {
        engine.begin(small.sampler.batch(0), 0);
        engine.gather();
        engine.scoreRows();
      }
    };
    expect(untilItDies).toThrow(/Thread 1 of the engine failed/);
    engine.begin(small.sampler.batch(1), 1);
    expect(() => engine.gather()).toThrow(/Thread 1/);
  });

  it('runs a bare loss object on the caller’s thread alone', async () => {
    const loss: Loss = {
      name: 'mean difference',
      parameters: {},
      allowsDotScores: true,
      evaluate(scores, gradients) {
        gradients.positives.fill(-1 / scores.positives.length);
        gradients.negatives.fill(1 / scores.negatives.length);
        return 0;
      },
    };
    const engine = await openEngine(smallPlan({ loss }).plan, { threads: 4 });
    open.push(engine);
    expect(engine.threads).toBe(1);
  });
});

describe('ranking', () => {
  it.each([
    [false, 'cosine'],
    [true, 'cosine'],
    [false, 'dot'],
  ] as const)(
    'gives the same bits for a query whatever stands beside it, and ties to the lower item (item biases: %s, by %s)',
    async (biased, rankingScore) => {
      const plan: EnginePlan = { users: 1, items: 3001, dimension: 13, score: 'cosine', rankingScore };
      const engine = await wasm(plan, 2);
      const random = randomStream(1, 'ranking');
      for (let i = 0; i < plan.items; i++) {
        // every third item repeats the one before it
        const copy = i % 3 === 2;
        for (let c = 0; c < 13; c++) {
          const at = i * engine.items.stride + c;
          engine.items.data[at] = copy ? engine.items.data[at - engine.items.stride]! : random.normal();
        }
      }
      engine.itemsChanged();
      const itemBias = biased
        ? Float32Array.from({ length: plan.items }, (_, i) => ((i - (i % 3 === 2 ? 1 : 0)) % 7) / 7)
        : undefined;
      const reference = await openReferenceEngine(plan);
      for (let i = 0; i < plan.items; i++) row(reference.items, i).set(row(engine.items, i));
      const queries = matrix(
        1100,
        13,
        Float32Array.from({ length: 1100 * 13 }, () => random.normal()),
      );
      const all = engine.rank({ queries, k: 50, itemBias });
      for (const q of [0, 23, 24, 1023, 1024, 1099]) {
        const request = { queries: matrix(1, 13, queries.data.slice(q * 13, q * 13 + 13)), k: 50, itemBias };
        const one = engine.rank(request);
        expectClose(one.scores, reference.rank(request).scores, 1e-6, 1e-5, 'scores');
        expect(one.items).toEqual(all.items.slice(q * 50, q * 50 + 50));
        expect(one.scores).toEqual(all.scores.slice(q * 50, q * 50 + 50));
        for (let r = 1; r < 50; r++) {
          if (one.scores[r] === one.scores[r - 1]) expect(one.items[r]).toBeGreaterThan(one.items[r - 1]!);
        }
      }
    },
  );

  it('reads item embeddings again after itemsChanged and after training', async () => {
    const small: SmallPlan = smallPlan(wide);
    const engine = await wasm(small.plan, 1);
    fillEmbeddings(engine);
    const before = engine.rank({ queries: engine.users, k: 5 });
    const tables = tableValues(engine.items);
    engine.items.data.subarray(0, engine.items.stride).fill(0);
    engine.itemsChanged();
    const after = engine.rank({ queries: engine.users, k: small.plan.items });
    const scoreOfFirst = after.scores[after.items.indexOf(0)];
    expect(scoreOfFirst).toBe(0);
    expect(tables.length).toBe(small.plan.items * small.plan.dimension);
    expect(before.items.length).toBe(small.plan.users * 5);
  });
});
