import { describe, expect, test } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { matrix } from '../../src/array/matrix.ts';
import { dropoutKeeps, dropoutKey, dropoutThreshold } from '../../src/array/random.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import type { LossSource } from '../../src/loss/loss.ts';
import { createLoss } from '../../src/loss/losses.ts';
import type { Batch } from '../../src/sampler/sampler.ts';
import { expectClose } from '../support/close.ts';
import { fillEmbeddings, type SmallPlanOptions, smallPlan, tableValues } from '../support/small-plan.ts';
import { evaluateRow } from './loss-contract.ts';

type Open = (plan: EnginePlan) => Promise<Engine>;
type Tables = { readonly users: Float64Array; readonly items: Float64Array };

const dimensions = [1, 3, 4, 63, 64, 65];

const variants: [string, SmallPlanOptions][] = [
  ...dimensions.map((dimension): [string, SmallPlanOptions] => [`bsl, d = ${dimension}`, { dimension }]),
  ['bsl, pair batch', { sampler: { batch: 'pair', rows: 9, negatives: 5 } }],
  ['bsl, pair batch, d = 64', { dimension: 64, sampler: { batch: 'pair', rows: 9, negatives: 5 } }],
  ['bsl, all items', { sampler: { negatives: 'all' } }],
  ['bsl, popular pool with logQ', { sampler: { pool: 'popularity', logQ: true } }],
  ['bsl, in-batch pool', { sampler: { pool: 'in-batch' } }],
  ['bsl, positives as negatives', { sampler: { negatives: 'all', maskPositives: false } }],
  ['bsl, weights of negatives', { negativeWeights: true }],
  [
    'bsl, weights of negatives, popular pool with logQ',
    { negativeWeights: true, sampler: { pool: 'popularity', logQ: true } },
  ],
  [
    'bpr, weights of negatives, pair batch',
    { negativeWeights: true, score: 'dot', loss: { name: 'bpr' }, sampler: { batch: 'pair', rows: 9, negatives: 5 } },
  ],
  ['bsl, interaction weights', { weighted: true, sampler: { rowWeight: 'sqrt' } }],
  ['bsl, dropout', { dimension: 9, embeddingDropout: 0.4 }],
  // a cosine does not see the scale 1/(1 − p); an inner product does
  ['bpr, dot, dropout', { dimension: 9, score: 'dot', loss: { name: 'bpr' }, embeddingDropout: 0.4 }],
  ['bsl, dropout, pair batch', { dimension: 9, embeddingDropout: 0.4, sampler: { batch: 'pair', rows: 9 } }],
  ['sl, λ = 1.3', { loss: { name: 'sl', options: { tau: 0.2, negativeWeight: 1.3 } } }],
  ['sl, dot', { score: 'dot', loss: { name: 'sl', options: { tau: 0.5 } } }],
  ['bsl, τ1 = ∞', { loss: { name: 'bsl', options: { tau: 0.2, tau1: 'inf' } } }],
  ['bsl, reweight', { loss: { name: 'bsl', options: { tau: 0.2, form: 'reweight' } } }],
  ['ccl, λ = 3', { loss: { name: 'ccl', options: { margin: 0.1, negativeWeight: 3 } } }],
  ['psl', { loss: { name: 'psl', options: { tau: 0.2, negativeWeight: 1.2 } } }],
  ...(['bpr', 'bce', 'gbce', 'mse'] as const).map((name): [string, SmallPlanOptions] => [
    `${name}, dot`,
    { score: 'dot', loss: { name } },
  ]),
  ['l2', { optimizer: { l2: 0.5 } }],
  ['l2, pair batch, dropout', { optimizer: { l2: 0.5 }, embeddingDropout: 0.3, sampler: { batch: 'pair', rows: 9 } }],
];

/** The value of a batch plus its L2 term, in double precision from the definition. */
function batchValue(plan: EnginePlan, batch: Batch, step: number, tables: Tables): number {
  const { loss: source, embeddingDropout: p, seed, capacity, optimizer } = plan.training!;
  const loss = createLoss(source);
  const d = plan.dimension;
  const embedding = (table: 'users' | 'items', id: number) => tables[table].subarray(id * d, (id + 1) * d);
  const ready = (table: 'users' | 'items', id: number) => {
    const key = dropoutKey(table, seed, 0, step);
    const x = embedding(table, id).map((v, c) => (dropoutKeeps(key, id, c, dropoutThreshold(p)) ? v / (1 - p) : 0));
    const norm = plan.score === 'cosine' ? Math.max(Math.hypot(...x), 1e-12) : 1;
    return x.map((v) => v / norm);
  };
  const squares = (x: Float64Array) => x.reduce((sum, v) => sum + v * v, 0);
  let total = 0;
  for (let r = 0; r < batch.users.length; r++) {
    const user = ready('users', batch.users[r]!);
    const score = (item: number) => ready('items', item).reduce((sum, v, c) => sum + v * user[c]!, 0);
    const n = batch.negativesPerRow;
    const [start, end] = [batch.positiveOffsets[r]!, batch.positiveOffsets[r + 1]!];
    const pool = batch.shared ? batch.negatives : batch.negatives.slice(r * n, (r + 1) * n);
    const listed = new Map<number, number>();
    for (let e = batch.maskOffsets[r]!; e < batch.maskOffsets[r + 1]!; e++) {
      listed.set(batch.masked[e]!, batch.maskWeights?.[e] ?? 0);
    }
    const { value } = evaluateRow(loss, {
      positives: Float64Array.from(batch.positives.subarray(start, end), score),
      negatives: Float64Array.from(pool, score),
      positiveWeights: batch.positiveWeights?.subarray(start, end),
      negativeWeights: Float64Array.from(pool, (_, j) => (listed.get(j) ?? 1) * (batch.negativeWeights?.[j] ?? 1)),
    });
    total += batch.rowWeights[r]! * value;
  }
  const touched = [
    ...Array.from(new Set(batch.users), (u) => embedding('users', u)),
    ...Array.from(new Set([...batch.positives, ...batch.negatives]), (i) => embedding('items', i)),
  ];
  const l2 = optimizer.l2 / capacity.rows;
  return total + touched.reduce((sum, x) => sum + (l2 / 2) * squares(x), 0);
}

/** What every engine keeps to. `open` opens it for a plan. */
export function engineContract(name: string, open: Open): void {
  describe(`engine contract: ${name}`, () => {
    test.each(variants)('gradients of a step are those of its value: %s', async (_, options) => {
      const { plan, sampler } = smallPlan(options);
      const engine = await open(plan);
      fillEmbeddings(engine);
      sampler.startEpoch(0);
      engine.startEpoch(0, 0);
      for (const step of [0, sampler.stepsPerEpoch - 1]) {
        const batch = sampler.batch(step);
        engine.begin(batch, step);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        const tables: Tables = {
          users: Float64Array.from(tableValues(engine.users)),
          items: Float64Array.from(tableValues(engine.items)),
        };
        const withoutL2 = {
          ...plan,
          training: { ...plan.training!, optimizer: { ...plan.training!.optimizer, l2: 0 } },
        };
        expectClose([value], [batchValue(withoutL2, batch, step, tables)], 1e-5, 1e-5, 'value');
        const gradients = engine.gradients();
        expect(new Set(gradients.users.keys())).toEqual(new Set(batch.users));
        expect(new Set(gradients.items.keys())).toEqual(new Set([...batch.positives, ...batch.negatives]));
        for (const table of ['users', 'items'] as const) {
          for (const [id, gradient] of [...gradients[table]].slice(0, 4)) {
            const differences = Float64Array.from(gradient, (_, c) =>
              c % Math.ceil(plan.dimension / 5) === 0
                ? difference(plan, batch, step, tables, table, id * plan.dimension + c)
                : gradient[c]!,
            );
            expectClose(gradient, differences, 2e-5, 2e-4, `gradient of ${table} row ${id}`);
          }
        }
      }
      await engine.close();
    });

    test('masked negatives have no say: any embedding there gives the same step', async () => {
      const { plan } = smallPlan({ users: 2, items: 5 });
      const batch: Batch = {
        shared: true,
        users: Int32Array.of(0),
        rowWeights: Float32Array.of(1),
        positiveOffsets: Int32Array.of(0, 1),
        positives: Int32Array.of(0),
        negatives: Int32Array.of(1, 2, 3),
        negativesPerRow: 3,
        maskOffsets: Int32Array.of(0, 1),
        masked: Int32Array.of(1),
      };
      const run = async (sign: number) => {
        const engine = await open({ ...plan, training: { ...plan.training!, capacity: capacityOf(batch) } });
        fillEmbeddings(engine);
        const { data, stride } = engine.items;
        for (let c = 0; c < plan.dimension; c++) data[2 * stride + c]! *= sign * (c + 1);
        engine.startEpoch(0, 0);
        engine.begin(batch, 0);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        const gradients = engine.gradients();
        await engine.close();
        return { value, user: gradients.users.get(0), other: gradients.items.get(3), masked: gradients.items.get(2) };
      };
      const [a, b] = [await run(1), await run(-1)];
      expect(b).toEqual(a);
      expect(a.masked!.map(Math.abs)).toEqual(new Float32Array(plan.dimension));
    });

    test('a row with the weight w at a place of its pool is the row whose pool has w there', async () => {
      const { plan } = smallPlan({ users: 2, items: 5 });
      const pool: Batch = {
        shared: true,
        users: Int32Array.of(0, 1),
        rowWeights: Float32Array.of(1, 0.5),
        positiveOffsets: Int32Array.of(0, 1, 2),
        positives: Int32Array.of(0, 4),
        negatives: Int32Array.of(1, 2, 3),
        negativesPerRow: 3,
        negativeWeights: Float32Array.of(2, 3, 0.5),
        maskOffsets: Int32Array.of(0, 2, 4),
        masked: Int32Array.of(0, 2, 0, 2),
        maskWeights: Float32Array.of(0.25, 4, 0.25, 4),
      };
      const { maskWeights: _, ...plain } = pool;
      const none = { maskOffsets: new Int32Array(3), masked: new Int32Array(0) };
      const run = async (batch: Batch) => {
        const engine = await open({ ...plan, training: { ...plan.training!, capacity: capacityOf(batch) } });
        fillEmbeddings(engine);
        engine.startEpoch(0, 0);
        engine.begin(batch, 0);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        const gradients = engine.gradients();
        await engine.close();
        return { value, gradients };
      };
      const written = await run({ ...plain, ...none, negativeWeights: Float32Array.of(0.5, 3, 2) });
      expect(await run(pool)).toEqual(written);
      expect(await run(plain)).not.toEqual(written);
    });

    test('a user in several rows of a pair batch gets the sum of their gradients', async () => {
      const { plan } = smallPlan({ users: 3, items: 6 });
      const pair = (users: number[], positives: number[], negatives: number[]): Batch => ({
        shared: false,
        users: Int32Array.from(users),
        rowWeights: new Float32Array(users.length).fill(0.5),
        positiveOffsets: Int32Array.from({ length: users.length + 1 }, (_, r) => r),
        positives: Int32Array.from(positives),
        negatives: Int32Array.from(negatives),
        negativesPerRow: 2,
        maskOffsets: new Int32Array(users.length + 1),
        masked: new Int32Array(0),
      });
      const engine = await open({
        ...plan,
        training: { ...plan.training!, capacity: capacityOf(pair([1, 1], [0, 2], [4, 5, 4, 4])) },
      });
      fillEmbeddings(engine);
      engine.startEpoch(0, 0);
      const gradientOf = (batch: Batch) => {
        engine.begin(batch, 0);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        const { users, items } = engine.gradients();
        return { value, user: users.get(1)!, item: items.get(4)! };
      };
      const both = gradientOf(pair([1, 1], [0, 2], [4, 5, 4, 4]));
      const first = gradientOf(pair([1], [0], [4, 5]));
      const second = gradientOf(pair([1], [2], [4, 4]));
      expectClose([both.value], [first.value + second.value], 1e-6, 1e-6);
      expectClose(
        both.user,
        first.user.map((g, c) => g + second.user[c]!),
        1e-6,
        1e-5,
      );
      expectClose(
        both.item,
        first.item.map((g, c) => g + second.item[c]!),
        1e-6,
        1e-5,
      );
      await engine.close();
    });

    test.each(['adam', 'sgd'] as const)(
      '%s: the first step is the hand formula, and an untouched row stays',
      async (name) => {
        const { plan, sampler } = smallPlan({
          users: 30,
          items: 40,
          optimizer: { name, epsilon: 1e-8, decoupledWeightDecay: 0.1 },
        });
        const engine = await open(plan);
        fillEmbeddings(engine);
        sampler.startEpoch(0);
        engine.startEpoch(0, 0);
        engine.begin(sampler.batch(0), 0);
        engine.gather();
        engine.scoreRows();
        engine.itemGradients();
        const before = { users: tableValues(engine.users), items: tableValues(engine.items) };
        const gradients = engine.gradients();
        const rate = 0.02;
        engine.update(rate);
        engine.settle();
        for (const table of ['users', 'items'] as const) {
          const expected = before[table].map((theta, at) => {
            const id = Math.floor(at / plan.dimension);
            const g = gradients[table].get(id)?.[at % plan.dimension] ?? 0;
            // Adam's first step: m̂ = g, v̂ = g²
            return theta * (1 - rate * 0.1) - (name === 'sgd' ? rate * g : (rate * g) / (Math.abs(g) + 1e-8));
          });
          expectClose(tableValues(engine[table]), expected, 1e-6, 1e-5, table);
        }
        expect(Object.keys(engine.optimizerState)).toEqual(
          name === 'sgd' ? [] : ['usersM', 'usersV', 'itemsM', 'itemsV'],
        );
        await engine.close();
      },
    );

    test.each(['adam', 'sgd'] as const)('%s: refuses a decay that turns parameters around zero', async (name) => {
      const { plan, sampler } = smallPlan({ optimizer: { name, decoupledWeightDecay: 20 } });
      const engine = await open(plan);
      fillEmbeddings(engine);
      sampler.startEpoch(0);
      engine.startEpoch(0, 0);
      engine.begin(sampler.batch(0), 0);
      engine.gather();
      engine.scoreRows();
      engine.itemGradients();
      expect(() => engine.update(0.1)).toThrow('Option decoupledWeightDecay: got 20, expected less than');
      await engine.close();
    });

    test('settling each step or once an epoch leads to the same tables', async () => {
      const trained = async (settleEach: boolean) => {
        const { plan, sampler } = smallPlan({ users: 40, items: 60, sampler: { rows: 3, negatives: 4 } });
        const engine = await open(plan);
        fillEmbeddings(engine);
        for (let epoch = 0; epoch < 2; epoch++) {
          sampler.startEpoch(epoch);
          engine.startEpoch(epoch, epoch * sampler.stepsPerEpoch);
          for (let step = 0; step < sampler.stepsPerEpoch; step++) {
            engine.begin(sampler.batch(step), step);
            engine.gather();
            engine.scoreRows();
            engine.itemGradients();
            engine.update(0.01);
            if (settleEach) engine.settle();
          }
          engine.settle();
        }
        const tables = [tableValues(engine.users), tableValues(engine.items)];
        await engine.close();
        return tables;
      };
      const [lazy, eager] = [await trained(false), await trained(true)];
      // ε is large here (see smallPlan), and lazy rows take it from the first skipped step
      for (const table of [0, 1]) expectClose(lazy[table]!, eager[table]!, 2e-3, 2e-3);
    });

    test('stops its epoch and continues from saved tables bit for bit', async () => {
      const { plan, sampler } = smallPlan({ embeddingDropout: 0.2 });
      const epochs = async (engine: Engine, from: number, to: number) => {
        for (let epoch = from; epoch < to; epoch++) {
          sampler.startEpoch(epoch);
          engine.startEpoch(epoch, epoch * sampler.stepsPerEpoch);
          for (let step = 0; step < sampler.stepsPerEpoch; step++) {
            engine.begin(sampler.batch(step), step);
            engine.gather();
            engine.scoreRows();
            engine.itemGradients();
            engine.update(0.01);
          }
          engine.settle();
        }
      };
      const whole = await open(plan);
      fillEmbeddings(whole);
      await epochs(whole, 0, 2);
      const resumed = await open(plan);
      for (const table of ['users', 'items'] as const) resumed[table].data.set(whole[table].data);
      for (const [key, state] of Object.entries(whole.optimizerState)) resumed.optimizerState[key]!.set(state);
      await epochs(whole, 2, 4);
      await epochs(resumed, 2, 4);
      expect(tableValues(resumed.users)).toEqual(tableValues(whole.users));
      expect(tableValues(resumed.items)).toEqual(tableValues(whole.items));
      await whole.close();
      await resumed.close();
    });

    describe.each([
      { score: 'cosine', biased: false },
      { score: 'cosine', biased: true },
      { score: 'dot', biased: false },
      { score: 'dot', biased: true },
    ] as const)('ranking by $score, with item biases: $biased', ({ score, biased }) => {
      // items 6 and 20, which are equal, have equal biases
      const itemBias = biased ? Float32Array.from({ length: 33 }, (_, i) => ((i % 14) - 6) / 10) : undefined;
      test.each(dimensions)('d = %d: scores, order, exclusions, counts', async (dimension) => {
        const engine = await open({ users: 9, items: 33, dimension, score });
        fillEmbeddings(engine);
        // two equal items, so that a tie is decided
        const { data, stride } = engine.items;
        data.copyWithin(20 * stride, 6 * stride, 7 * stride);
        engine.itemsChanged();
        const excluded = csrFromEntries(9, 33, [0, 0, 3, 3], [1, 7, 0, 32]);
        const targets = csrFromEntries(9, 33, [0, 2, 2, 8], [20, 6, 20, 5]);
        const { items, scores, above } = engine.rank({ queries: engine.users, k: 12, excluded, targets, itemBias });
        const full = engine.rank({ queries: engine.users, k: 40, itemBias });
        for (let q = 0; q < 9; q++) {
          const out = new Set(excluded.indices.subarray(excluded.offsets[q]!, excluded.offsets[q + 1]!));
          const ranked = [...full.items.subarray(q * 40, q * 40 + 33)];
          expect([...ranked].sort((a, b) => a - b)).toEqual(Array.from({ length: 33 }, (_, i) => i));
          expect([...full.items.subarray(q * 40 + 33, q * 40 + 40)]).toEqual(new Array(7).fill(-1));
          expect(full.scores[q * 40 + 33]).toBe(-Infinity);
          const exact = ranked.map((item) => exactScore(engine, q, item, score) + (itemBias?.[item] ?? 0));
          expectClose(full.scores.subarray(q * 40, q * 40 + 33), exact, 1e-6, 1e-5, 'scores');
          for (let rank = 1; rank < 33; rank++) {
            const [a, b] = [full.scores[q * 40 + rank - 1]!, full.scores[q * 40 + rank]!];
            expect(a > b || (a === b && ranked[rank - 1]! < ranked[rank]!)).toBe(true);
          }
          expect(ranked.indexOf(20)).toBeGreaterThan(ranked.indexOf(6));
          const allowed = ranked.filter((item) => !out.has(item));
          expect([...items.subarray(q * 12, q * 12 + 12)]).toEqual(allowed.slice(0, 12));
          expect(scores[q * 12]).toBe(full.scores[q * 40 + ranked.indexOf(allowed[0]!)]);
          for (let e = targets.offsets[q]!; e < targets.offsets[q + 1]!; e++) {
            expect(above![e], `above, query ${q}`).toBe(allowed.indexOf(targets.indices[e]!));
          }
        }
        await engine.close();
      });
    });

    test('ranks foreign queries, everything excluded, and items changed from outside', async () => {
      const engine = await open({ users: 1, items: 3, dimension: 2, score: 'dot' });
      engine.items.data.set([1, 0], 0);
      engine.items.data.set([0, 1], engine.items.stride);
      engine.items.data.set([-1, 0], 2 * engine.items.stride);
      const queries = matrix(2, 2, Float32Array.of(1, 0.5, -1, 0.25));
      expect([...engine.rank({ queries, k: 3 }).items]).toEqual([0, 1, 2, 2, 1, 0]);
      engine.items.data.set([3, 0], 2 * engine.items.stride);
      engine.itemsChanged();
      expect([...engine.rank({ queries, k: 1 }).items]).toEqual([2, 1]);
      const excluded = csrFromEntries(2, 3, [0, 0, 0], [0, 1, 2]);
      expect([...engine.rank({ queries, k: 2, excluded }).items]).toEqual([-1, -1, 1, 0]);
      await engine.close();
    });

    test('refuses what it cannot do', async () => {
      const { plan } = smallPlan();
      const training = plan.training!;
      const weighted = { name: 'sl', options: { negativeWeight: 1.2 } };
      const refused: [EnginePlan, string][] = [
        [{ ...plan, score: 'dot', training: { ...training, loss: weighted } }, 'expected cosine'],
        [{ ...plan, training: { ...training, embeddingDropout: 1 } }, 'Option embeddingDropout'],
        [{ ...plan, dimension: 0 }, 'Option dimension'],
        [{ ...plan, training: { ...training, optimizer: { ...training.optimizer, beta1: 1 } } }, 'optimizer.beta1'],
      ];
      for (const [bad, message] of refused) await expect(open(bad)).rejects.toThrow(message);
      const engine = await open({ ...plan, training: undefined });
      expect(() => engine.startEpoch(0, 0)).toThrow('can rank but not train');
      expect(() => engine.rank({ queries: matrix(1, 3), k: 1 })).toThrow('queries.columns');
      const itemBias = new Float32Array(plan.items + 1);
      expect(() => engine.rank({ queries: engine.users, k: 1, itemBias })).toThrow('itemBias.length');
      await engine.close();
    });

    test('runs a custom loss object', async () => {
      const loss = createLoss({ name: 'sl', options: { tau: 0.2 } });
      const custom = { ...loss, name: 'mine', allowsDotScores: true, evaluate: loss.evaluate.bind(loss) };
      const step = async (source: LossSource) => {
        const { plan, sampler } = smallPlan({ loss: source });
        const engine = await open(plan);
        fillEmbeddings(engine);
        sampler.startEpoch(0);
        engine.startEpoch(0, 0);
        engine.begin(sampler.batch(0), 0);
        engine.gather();
        const value = engine.scoreRows();
        engine.itemGradients();
        const gradients = engine.gradients();
        await engine.close();
        return { value, gradients };
      };
      const [mine, builtIn] = [await step(custom), await step({ name: 'sl', options: { tau: 0.2 } })];
      expectClose([mine.value], [builtIn.value], 1e-5, 1e-5);
      for (const [id, gradient] of builtIn.gradients.items)
        expectClose(mine.gradients.items.get(id)!, gradient, 1e-5, 1e-4);
    });
  });
}

function capacityOf(batch: Batch) {
  const { negativesPerRow, shared } = batch;
  const [rows, positives, masked] = [batch.users, batch.positives, batch.masked].map(({ length }) => length);
  return {
    rows: rows!,
    positives: positives!,
    negativesPerRow,
    shared,
    masked: masked!,
    maskWeights: batch.maskWeights !== undefined,
  };
}

function difference(
  plan: EnginePlan,
  batch: Batch,
  step: number,
  tables: Tables,
  table: 'users' | 'items',
  at: number,
): number {
  const by = 1e-5;
  const moved = (sign: number) => {
    const values = tables[table].slice();
    values[at]! += sign * by;
    return batchValue(plan, batch, step, { ...tables, [table]: values });
  };
  return (moved(1) - moved(-1)) / (2 * by);
}

function exactScore(engine: Engine, query: number, item: number, score: 'cosine' | 'dot'): number {
  const dimension = engine.items.columns;
  const user = Float64Array.from(engine.users.data.subarray(query * engine.users.stride).subarray(0, dimension));
  const other = Float64Array.from(engine.items.data.subarray(item * engine.items.stride).subarray(0, dimension));
  const product = user.reduce((sum, x, c) => sum + x * other[c]!, 0);
  return score === 'dot' ? product : product / Math.hypot(...user) / Math.hypot(...other);
}
