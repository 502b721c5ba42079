import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lambertW0 } from '../../src/loss/lambert-w.ts';
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

describe('talos', () => {
  const rate = 0.01;
  const make = (options: Record<string, unknown> = {}) =>
    createLoss({ name: 'talos', options: { k: 3, thresholdRate: rate, ...options } });
  const fresh = () => ({ user: new Float64Array(4), global: new Float64Array(1) });
  type Kept = ReturnType<typeof fresh>;

  /** A step of the loss with the given rows of one user; none: a step of other users. */
  function step(loss: Loss, { user, global }: Kept, ...visited: ScoreRow[]): void {
    const updates = visited.map((r) => visit(loss, r, { user: [...user], global: [...global] }).states.userUpdate);
    const sum = user.map((_, c) => updates.reduce((total, update) => total + update[c]!, 0));
    const users = visited.length > 0 ? [{ state: user, sum, rows: visited.length }] : [];
    loss.updateStates!({ ...noUpdate, global, users });
  }

  /** The threshold in effect, from the gradient of a positive: −σ(b − s)/τ. */
  function thresholdOf(loss: Loss, { user, global }: Kept): number {
    const row = { positives: Float64Array.of(0), negatives: Float64Array.of(0) };
    const { gradients } = visit(loss, row, { user: [...user], global: [...global] });
    const share = -gradients.positives[0]! * Number(loss.parameters.tau);
    return Math.log(share / (1 - share));
  }

  /** (1/|I|) ( Σ_i ρ(s_i − b) + (|I| − P)/Σw Σ_j w_j ρ(s_j − b) ) */
  function quantileLoss(row: ScoreRow, b: number, k: number, items: number): number {
    const q = 1 - k / items;
    const rho = (x: number) => q * Math.max(x, 0) + (1 - q) * Math.max(-x, 0);
    const weights = row.negativeWeights ?? row.negatives.map(() => 1);
    const n = mean(weights) * weights.length;
    const positives = Array.from(row.positives).reduce((sum, s) => sum + rho(s - b), 0);
    const negatives = Array.from(row.negatives).reduce((sum, s, j) => sum + weights[j]! * rho(s - b), 0);
    return (positives + ((items - row.positives.length) / n) * negatives) / items;
  }

  test('rows contribute the derivative of the quantile loss by the threshold', () => {
    const threshold = fc.double({ min: -1, max: 1, noNaN: true });
    const weights = fc.constantFrom(undefined, [1, 0, 2, 0.5, 3, 1, 0.25, 4]);
    fc.assert(
      fc.property(rows, threshold, weights, fc.constantFrom(undefined, 9, 40), (row, b, given, items) => {
        const weighted = { ...row, negativeWeights: given && Float64Array.from(given.slice(0, row.negatives.length)) };
        // no score so near that a difference crosses it
        fc.pre([...row.positives, ...row.negatives].every((s) => Math.abs(s - b) > 1e-6));
        const n = weighted.negativeWeights ? weighted.negativeWeights.reduce((x, y) => x + y, 0) : row.negatives.length;
        const all = items ?? row.positives.length + n;
        const moved = (by: number) => quantileLoss(weighted, b + by, 3, all);
        const got = visit(make({ items }), weighted, { user: [b, 0, 0, 0], global: [0] }).states.userUpdate[0]!;
        expectClose([got], [(moved(1e-7) - moved(-1e-7)) / 2e-7], 1e-6, 1e-6);
      }),
    );
  });

  test('a threshold moves as under dense Adam, with no derivative in the steps of other users', () => {
    const row = fc.record({ positives: scores, negatives: scores });
    // up to 400 steps of others: longer than the momentum is followed
    const visits = fc.array(fc.record({ row, others: fc.oneof(fc.nat(3), fc.nat(400)) }), { maxLength: 8 });
    fc.assert(
      fc.property(visits, (history) => {
        const loss = make();
        const kept = fresh();
        const dense = { b: 0, m: 0, v: 0, t: 0 };
        const move = (g: number) => {
          dense.t++;
          dense.m = 0.9 * dense.m + 0.1 * g;
          dense.v = 0.999 * dense.v + 0.001 * g * g;
          const [m, v] = [dense.m / (1 - 0.9 ** dense.t), dense.v / (1 - 0.999 ** dense.t)];
          dense.b -= (rate * m) / (Math.sqrt(v) + 1e-8);
        };
        for (const { row, others } of history) {
          const own = visit(loss, row, { user: [...kept.user], global: [...kept.global] }).states.userUpdate[0]!;
          step(loss, kept, row);
          move(own);
          for (let other = 0; other < others; other++) {
            step(loss, kept);
            move(0);
          }
          expectClose([thresholdOf(loss, kept)], [dense.b], 1e-7, 1e-7);
        }
        expect(kept.global[0]).toBe(dense.t);
      }),
      { numRuns: 40 },
    );
  });

  test('for scores that stay, a threshold comes to rest where K items of all lie above it', () => {
    const items = 200;
    const negatives = Float64Array.from({ length: items - 4 }, (_, j) => Math.sin(7 * j) * 0.8);
    const row = { positives: Float64Array.of(0.9, 0.5, 0.1, 0.7), negatives };
    const k = 20;
    const loss = make({ k, items, thresholdRate: 1e-3 });
    const kept = fresh();
    for (let t = 0; t < 6000; t++) step(loss, kept, row);
    const sorted = [...row.positives, ...negatives].sort((a, b) => b - a);
    const b = thresholdOf(loss, kept);
    // Adam's rate is the size of its last moves
    expect(b).toBeGreaterThan(sorted[k + 2]! - 0.005);
    expect(b).toBeLessThan(sorted[k - 3]! + 0.005);
  });

  test('rows of a user in one step count by their mean; a row without negatives does not', () => {
    const row = (...negatives: number[]) => ({
      positives: Float64Array.of(0.5),
      negatives: Float64Array.from(negatives),
    });
    const [a, b, none] = [row(0.1, -0.4, 0.3), row(-0.2, -0.9, -0.3), row()];
    const loss = make({ k: 2, items: 9 });
    const derivative = (r: ScoreRow) => visit(loss, r).states.userUpdate[0]!;
    const together = fresh();
    step(loss, together, a, none, b);
    const expected = mean([derivative(a), derivative(b)]);
    expectClose([together.user[1]!, together.user[2]!], [0.1 * expected, 0.001 * expected ** 2], 1e-15, 1e-12);
    const alone = fresh();
    step(loss, alone, none);
    expect([...alone.user]).toEqual([0, 0, 0, 0]);
  });

  test('fold-in takes the quantile of the row, and no state', () => {
    const exact = make({ threshold: 'row', items: 40 });
    fc.assert(
      fc.property(rows, (row) => {
        const loss = make({ items: 40 });
        const gradients = { positives: row.positives.slice(), negatives: row.negatives.slice() };
        const value = loss.evaluate(row, gradients, { ...rowContext(loss, row), user: -1 });
        expectSame({ value, ...gradients }, evaluateRow(exact, row));
      }),
    );
  });
});

describe('a temperature by user', () => {
  const logSum = (row: ScoreRow) => Math.log(Array.from(row.negatives).reduce((sum, s) => sum + Math.exp(s), 0));
  const own = (row: ScoreRow) => logSum(row) - mean(row.positives);
  const value = (loss: Loss, row: ScoreRow, user: Float64Array) => evaluateRow(loss, row, { user: [...user] }).value;

  test.each(['sl', 'bsl'] as const)(
    '%s: τ_u follows the user’s mean over the epoch before, τ0 for who had no row',
    (name) => {
      const options = { tau: 0.2, negativeWeight: 1.1, ...(name === 'bsl' && { tau1: 0.5 }) };
      const loss = createLoss({ name, options: { ...options, userTau: 0.7 } });
      const visits = fc.array(fc.tuple(fc.nat(3), rows), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(fc.array(visits, { minLength: 1, maxLength: 3 }), rows, (epochs, probe) => {
          const users = new Float64Array(5 * 3);
          const stateOf = (u: number) => users.subarray(3 * u, 3 * u + 3);
          epochs.forEach((epoch, at) => {
            loss.startEpoch!({ epoch: at, users, items: new Float64Array(0), global: new Float64Array(0) });
            // two rows a step, so that a user may have both
            for (let first = 0; first < epoch.length; first += 2) {
              const step = epoch.slice(first, first + 2);
              const sums = new Map<number, { state: Float64Array; sum: Float64Array; rows: number }>();
              for (const [u, row] of step) {
                const { userUpdate } = visit(loss, row, { user: [...stateOf(u)] }).states;
                const entry = sums.get(u) ?? { state: stateOf(u), sum: new Float64Array(3), rows: 0 };
                sums.set(u, { ...entry, sum: entry.sum.map((x, c) => x + userUpdate[c]!), rows: entry.rows + 1 });
              }
              loss.updateStates!({ ...noUpdate, users: [...sums.values()] });
            }
          });
          const before = users.slice();
          loss.startEpoch!({ epoch: epochs.length, users, items: new Float64Array(0), global: new Float64Array(0) });
          const last = epochs.at(-1)!;
          const means = [0, 1, 2, 3, 4].map((u) => {
            const visited = last.filter(([v]) => v === u).map(([, row]) => own(row));
            return visited.length > 0 ? mean(visited) : undefined;
          });
          const all = mean(means.filter((m) => m !== undefined));
          means.forEach((m, u) => {
            const tau = m === undefined ? 0.2 : 0.2 * Math.exp(lambertW0((0.7 * (m - all)) / 2));
            // the same row at that temperature for everybody, its positive side at τ0
            const plain = createLoss({ name: 'sl', options: { tau, negativeWeight: 1.1 } });
            const off = createLoss({ name, options: { ...options, negativeWeight: 0 } });
            const negative = value(plain, probe, stateOf(u)) + mean(probe.positives) / tau;
            const expected = negative + value(off, probe, stateOf(u));
            expectClose([value(loss, probe, stateOf(u))], [expected], 1e-9, 1e-9);
          });
          expect(before.some((x) => x !== 0)).toBe(true);
          // the sums begin again
          for (let u = 0; u < 5; u++) expect([...stateOf(u)].slice(0, 2)).toEqual([0, 0]);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('rows without negatives or positives of weight do not count', () => {
    const loss = createLoss({ name: 'sl', options: { userTau: 1 } });
    const masked = {
      positives: Float64Array.of(0.5),
      negatives: Float64Array.of(0.1),
      negativeWeights: Float64Array.of(0),
    };
    const none = {
      positives: Float64Array.of(0.5),
      negatives: Float64Array.of(0.1),
      positiveWeights: Float64Array.of(0),
    };
    for (const row of [masked, none]) expect([...visit(loss, row).states.userUpdate]).toEqual([0, 0, 0]);
  });

  test('no temperature is below τ0/e, none above 190 τ0', () => {
    for (const [excess, w] of [
      [-1e6, -1],
      [1e6, lambertW0(1000)],
    ] as const) {
      const row = { positives: Float64Array.of(0), negatives: Float64Array.of(0.3, -0.2) };
      const tau = 0.2 * Math.exp(w);
      const loss = createLoss({ name: 'sl', options: { tau: 0.2, userTau: 1 } });
      const plain = createLoss({ name: 'sl', options: { tau } });
      expectClose(
        [value(loss, row, Float64Array.of(0, 0, excess))],
        [value(plain, row, Float64Array.of())],
        1e-12,
        1e-12,
      );
    }
  });
});
