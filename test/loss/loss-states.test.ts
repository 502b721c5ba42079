import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Loss, RowStates, ScoreRow, StateUpdate } from '../../src/loss/loss.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { evaluateRow, rowContext, type TestRow } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';

/** What losses with states do with them. */

const scores = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 })
  .map((x) => Float64Array.from(x));
const rows = fc.record({ positives: scores, negatives: scores });
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

/** The value of a row and what it adds to the states. */
function visit(loss: Loss, row: TestRow, states?: Parameters<typeof rowContext>[2]) {
  const context = rowContext(loss, row, states);
  const gradients = {
    positives: new Float64Array(row.positives.length),
    negatives: new Float64Array(row.negatives.length),
  };
  return { value: loss.evaluate(row, gradients, context), gradients, states: context.states as RowStates };
}

const noUpdate: StateUpdate = {
  epoch: 0,
  rows: 1,
  global: new Float64Array(0),
  globalSum: new Float64Array(0),
  users: [],
  items: new Float64Array(0),
  touchedItems: new Int32Array(0),
  itemSums: new Float64Array(0),
};

function expectSame(a: ReturnType<typeof evaluateRow>, b: ReturnType<typeof evaluateRow>): void {
  expectClose([a.value], [b.value], 1e-11, 1e-11);
  expectClose(a.positives, b.positives, 1e-11, 1e-11);
  expectClose(a.negatives, b.negatives, 1e-11, 1e-11);
}

describe('sogclr', () => {
  const options = { tau: 0.1, negativeWeight: 1.2 };
  const sl = createLoss({ name: 'sl', options });
  const make = (gamma: number) => createLoss({ name: 'sogclr', options: { ...options, gamma } });
  const logMean = (row: ScoreRow) => Math.log(mean(row.negatives.map((s) => Math.exp(s / 0.1))));

  test('is sl at the first visit, with γ = 1, and where the average is the row’s own mean', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: -9, max: 9, noNaN: true }), (row, state) => {
        const expected = evaluateRow(sl, row);
        expectSame(evaluateRow(make(0.3), row, { user: [state, 0] }), expected);
        expectSame(evaluateRow(make(1), row, { user: [state, 1] }), expected);
        expectSame(evaluateRow(make(0.3), row, { user: [logMean(row), 1] }), expected);
      }),
    );
  });

  test('the value lies above that of sl, and the estimator is ∇ĝ/g', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: -9, max: 9, noNaN: true }), (row, state) => {
        const got = evaluateRow(make(0.3), row, { user: [state, 1] });
        expect(got.value).toBeGreaterThanOrEqual(evaluateRow(sl, row).value - 1e-9);
        const g = 0.7 * Math.exp(state) + 0.3 * Math.exp(logMean(row));
        const estimator = row.negatives.map((s) => (1.2 * Math.exp(s / 0.1)) / 0.1 / row.negatives.length / g);
        expectClose(got.negatives, estimator, 1e-9, 1e-9);
      }),
    );
  });

  test('keeps (1 − γ) g + γ ĝ of each user; a row without negatives leaves it; two rows of a step count by their geometric mean', () => {
    const loss = make(0.3);
    const state = new Float64Array(2);
    const row = (...negatives: number[]) => ({
      positives: Float64Array.of(0.5),
      negatives: Float64Array.from(negatives),
    });
    const step = (...visited: ScoreRow[]) => {
      const updates = visited.map((r) => visit(loss, r, { user: [...state] }).states.userUpdate);
      const sum = Float64Array.from([0, 1], (c) => updates.reduce((total, update) => total + update[c]!, 0));
      loss.updateStates!({ ...noUpdate, users: [{ state, sum, rows: visited.length }] });
    };
    step(row());
    expect([...state]).toEqual([0, 0]);
    step(row(0.1, -0.4));
    let g = mean([Math.exp(1), Math.exp(-4)]);
    expectClose(state, Float64Array.of(Math.log(g), 1), 1e-12, 1e-12);
    step(row(0.3));
    g = 0.7 * g + 0.3 * Math.exp(3);
    expectClose(state, Float64Array.of(Math.log(g), 1), 1e-12, 1e-12);
    step(row(0.2), row(-0.6), row());
    g = 0.7 * g + 0.3 * Math.exp((2 - 6) / 2);
    expectClose(state, Float64Array.of(Math.log(g), 1), 1e-12, 1e-12);
  });

  test('stays finite at any temperature and however far the average is', () => {
    const loss = createLoss({ name: 'sogclr', options: { tau: 1e-3, gamma: 0.1 } });
    for (const state of [-1000, 0, 1000]) {
      const row = { positives: Float64Array.of(1, -1), negatives: Float64Array.of(1, -1) };
      const { value, gradients, states } = visit(loss, row, { user: [state, 1] });
      const sums = [{ state: Float64Array.of(state, 1), sum: states.userUpdate, rows: 1 }];
      loss.updateStates!({ ...noUpdate, users: sums });
      for (const x of [value, ...gradients.positives, ...gradients.negatives, sums[0]!.state[0]!])
        expect(x).toSatisfy(Number.isFinite);
    }
  });
});

describe('advinfonce', () => {
  const options = {
    tau: 0.1,
    negativeWeight: 1.2,
    adversaryRate: 0.1,
    adversaryEvery: 3,
    adversaryEpochs: 2,
    warmUp: 1,
  };
  const loss = createLoss({ name: 'advinfonce', options });

  test('is sl before the adversary has moved', () => {
    const sl = createLoss({ name: 'sl', options: { tau: 0.1, negativeWeight: 1.2 } });
    fc.assert(fc.property(rows, (row) => expectSame(evaluateRow(loss, row), evaluateRow(sl, row))));
  });

  test('rows contribute the derivative of the value by the hardness, times n/λ', () => {
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.double({ min: -2, max: 2, noNaN: true })), (row, stream) => {
        const hardness = row.negatives.map(() => stream.next().value);
        const at = (h: Float64Array) => visit(loss, { ...row, itemStates: h.map(Math.expm1) });
        const { itemUpdates } = at(hardness).states;
        const differences = hardness.map((_, j) => {
          const moved = (by: number) => at(hardness.with(j, hardness[j]! + by)).value;
          return ((moved(1e-4) - moved(-1e-4)) / 2e-4 / 1.2) * hardness.length;
        });
        expectClose(itemUpdates, differences, 1e-5, 1e-5);
      }),
    );
  });

  test('the adversary moves in its epochs only, by no more than its rate a step, and no further than e^±6', () => {
    const hardnessAfter = (epoch: number, sums: number[], before = 0) => {
      const items = new Float64Array(5).fill(Math.expm1(before));
      const touchedItems = Int32Array.of(4, 0);
      loss.updateStates!({ ...noUpdate, epoch, rows: 10, items, touchedItems, itemSums: Float64Array.from(sums) });
      return items.map(Math.log1p);
    };
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].filter((epoch) => hardnessAfter(epoch, [5, 5])[0] !== 0)).toEqual([1, 4]);
    expectClose(hardnessAfter(1, [5, -200]), Float64Array.of(-0.1, 0, 0, 0, 0.05), 1e-12, 1e-12);
    expectClose(hardnessAfter(1, [200, -200], 5.95), Float64Array.of(5.85, 5.95, 5.95, 5.95, 6), 1e-9, 1e-9);
  });
});

describe('llpauc', () => {
  const make = (options: Record<string, number>) => createLoss({ name: 'llpauc', options });
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  test('at α = β = 1 with its duals where they settle it is the square loss of all pairs, E (1 − (f_i − f_j))², less 1', () => {
    const loss = make({ alpha: 1, beta: 1, tau: 0.2 });
    fc.assert(
      fc.property(rows, (row) => {
        const f = (x: ArrayLike<number>) => Array.from(x, (s) => sigmoid(s / 0.2));
        const [up, down] = [f(row.positives), f(row.negatives)];
        const [a, b] = [mean(up), mean(down)];
        // thresholds so low that the softplus is the identity
        const { value } = visit(loss, row, { global: [a, b, b - a, -60, -60] });
        const pairs = mean(up.map((p) => mean(down.map((q) => (1 - (p - q)) ** 2))));
        expectClose([value], [pairs - 1], 1e-9, 1e-9);
      }),
    );
  });

  test('rows contribute the derivatives of the value by the duals', () => {
    const loss = make({ alpha: 0.6, beta: 0.2, tau: 0.3, negativeWeight: 1.3 });
    const duals = fc.tuple(...[0.5, 0.5, 0.2, 1, 1].map((x) => fc.double({ min: x - 0.4, max: x + 0.4, noNaN: true })));
    fc.assert(
      fc.property(rows, duals, (row, global) => {
        const differences = Float64Array.from(global, (_, c) => {
          const moved = (by: number) => visit(loss, row, { global: global.with(c, global[c]! + by) }).value;
          return (moved(1e-4) - moved(-1e-4)) / 2e-4;
        });
        expectClose(visit(loss, row, { global }).states.globalUpdate, differences, 1e-6, 1e-6);
      }),
    );
  });

  test('the duals take projected steps, and for fixed scores come to rest where the derivatives vanish', () => {
    const loss = make({ alpha: 0.7, beta: 0.3, tau: 0.2, dualRate: 0.05 });
    const row = { positives: Float64Array.of(0.6, 0.2, 0.4), negatives: Float64Array.of(0.3, -0.1, -0.5, 0.1) };
    const global = Float64Array.from(loss.initialGlobalState!);
    for (let step = 0; step < 20_000; step++) {
      const globalSum = visit(loss, row, { global: [...global] }).states.globalUpdate;
      loss.updateStates!({ ...noUpdate, global, globalSum });
      const [a, b, gamma] = global as unknown as [number, number, number];
      expect(a >= 0 && a <= 1 && b >= 0 && b <= 1 && gamma >= Math.max(-a, b - 1) && gamma <= 1).toBe(true);
    }
    const { globalUpdate } = visit(loss, row, { global: [...global] }).states;
    for (const derivative of globalUpdate) expect(Math.abs(derivative)).toBeLessThan(1e-6);
    const far = Float64Array.of(0.5, 0.5, 0, 0, 2);
    loss.updateStates!({ ...noUpdate, global: far, globalSum: Float64Array.of(-100, 100, -100, -100, -1000) });
    expect([...far]).toEqual([1, 0, -1, -1, 5]);
  });
});
