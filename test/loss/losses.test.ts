import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GeneralizedBinaryCrossEntropy } from '../../src/loss/gbce.ts';
import type { ScoreRow } from '../../src/loss/loss.ts';
import {
  automaticOptions,
  checkScore,
  createLoss,
  defaultScore,
  fitLoss,
  type LossName,
  lossNames,
  replaceOptions,
  withoutAutomatic,
} from '../../src/loss/losses.ts';
import { PairwiseSoftmaxLoss } from '../../src/loss/psl.ts';
import { evaluateRow, type LossCase, lossContract, meanOf } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';

/** LEE as docs/losses.md writes it. */
const lee = (x: ArrayLike<number>, tau: number, weights?: ArrayLike<number>) =>
  tau === Infinity
    ? meanOf(x, weights)
    : tau *
      Math.log(
        meanOf(
          Array.from(x, (v) => Math.exp(v / tau)),
          weights,
        ),
      );
const softplus = (x: number) => Math.log(1 + Math.exp(x));
const total = (row: ScoreRow) =>
  Array.from(row.negativeWeights ?? row.negatives.map(() => 1)).reduce((a, b) => a + b, 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const positives = (row: ScoreRow, tau1: number) => lee(row.positives, tau1, row.positiveWeights);
const negatives = (row: ScoreRow, tau: number) => lee(row.negatives, tau, row.negativeWeights);
const make = (name: LossName, options: Record<string, unknown>) => () => createLoss({ name, options });

const cases: LossCase[] = [
  ...[0.05, 0.1, 1, 10].flatMap((tau) => [1, 0.7, 1.3].map((negativeWeight) => sl(tau, negativeWeight))),
  bsl({ tau: 0.1, tau1: 0.07 }, 0.1, 0.07, 1),
  bsl({ tau: 0.2, tau1: 1, negativeWeight: 1.3 }, 0.2, 1, 1.3),
  bsl({ tau: 0.2, tau1: 'inf' }, 0.2, Infinity, 1),
  bsl({ tau: 0.11, negativeWeight: 1.1, form: 'multi' }, 0.11, 0.11, 1.1),
  // with its branches on: dsl.test.ts
  {
    ...sl(0.2, 1.2),
    title: 'dsl, both branches off',
    create: make('dsl', { tau: 0.2, negativeWeight: 1.2, hardness: 0, similarity: 0, competition: 0 }),
  },
  {
    title: 'bsl reweight',
    create: make('bsl', { tau: 0.14, negativeWeight: 1.32, form: 'reweight' }),
    formula: (row) => (1.32 * negatives(row, 0.14) - positives(row, Infinity)) / 0.14 + 1.32 * Math.log(total(row)),
    tau: 0.14,
    sumsToZero: false,
  },
  {
    title: 'sl, τ = ∞',
    create: make('sl', { tau: 'inf' }),
    formula: (row) => negatives(row, Infinity) - positives(row, Infinity),
    tau: 1,
    sumsToZero: true,
  },
  {
    title: 'bpr',
    create: make('bpr', {}),
    formula: (row) => {
      const pairs = Array.from(row.positives, (p) =>
        meanOf(
          row.negatives.map((n) => softplus(n - p)),
          row.negativeWeights,
        ),
      );
      return meanOf(pairs, row.positiveWeights);
    },
    tau: 1,
    sumsToZero: true,
  },
  ...[1, 3].map((c) => ({
    title: `bce, c = ${c}`,
    create: make('bce', { negativeWeight: c }),
    formula: (row: ScoreRow) =>
      meanOf(
        row.positives.map((s) => softplus(-s)),
        row.positiveWeights,
      ) +
      c * meanOf(row.negatives.map(softplus), row.negativeWeights),
    tau: 1,
    sumsToZero: false,
  })),
  ...[1, 3].map((c) => ({
    title: `mse, c = ${c}`,
    create: make('mse', { negativeWeight: c }),
    formula: (row: ScoreRow) =>
      meanOf(
        row.positives.map((s) => (1 - s) ** 2),
        row.positiveWeights,
      ) +
      c *
        meanOf(
          row.negatives.map((s) => s ** 2),
          row.negativeWeights,
        ),
    tau: 1,
    sumsToZero: false,
  })),
  gbce({ beta: 0.3 }, () => 0.3, 1),
  gbce({ negativeWeight: 8 }, () => 0.25, 8),
  gbce({ calibration: 0.6, items: 31 }, (n) => 1 - 0.6 + (0.6 * Math.min(n, 30)) / 30, 1),
  gbce({ calibration: 1, items: 3 }, (n) => Math.min(1, n / 2), 2),
  ...[1, 40].map((c) => ({
    title: `ccl, c = ${c}`,
    // a margin that no random score meets: there is no derivative at it
    create: make('ccl', { margin: 0.4037, negativeWeight: c }),
    formula: (row: ScoreRow) =>
      1 -
      positives(row, Infinity) +
      c *
        meanOf(
          row.negatives.map((s) => Math.max(0, s - 0.4037)),
          row.negativeWeights,
        ),
    tau: 1,
    sumsToZero: false,
  })),
  ...(['tanh', 'relu', 'atan'] as const).flatMap((activation) => [
    ...[0.05, 0.3, 10].map((tau) => psl(activation, tau, 1)),
    ...[0.7, 1.3].map((negativeWeight) => psl(activation, 0.2, negativeWeight)),
  ]),
  psl('relu', Infinity, 1),
  ...[0.05, 2].flatMap((tau) => [1, 0.7, 1.3].map((negativeWeight) => slatk(tau, 3, 0.7, negativeWeight))),
  slatk(0.2, 1, 0.1, 1),
  slatk(0.2, 20, 5, 1.2),
  slatk(0.2, 2, Infinity, 1.2),
  ...[0.05, 0.2, 1].flatMap((tau) => [1, 0.7, 1.3].map((negativeWeight) => talos(tau, negativeWeight, 0.3))),
  talos(0.1, 1, 0),
  talos(0.2, 1.1, -0.8),
  talosOfRow(0.2, 1, 3),
  talosOfRow(0.1, 1.2, 5, 40),
  userTemperature('sl', { tau: 0.2, userTau: 1 }, 0),
  userTemperature('sl', { tau: 0.1, userTau: 1, negativeWeight: 1.2 }, 0.4),
  userTemperature('sl', { tau: 0.05, userTau: 0.5 }, -0.3),
  userTemperature('sl', { tau: 0.3, userTau: 2 }, -9),
  userTemperature('bsl', { tau: 0.2, tau1: 0.7, userTau: 1 }, 0.4),
  userTemperature('bsl', { tau: 0.2, form: 'multi', userTau: 1, negativeWeight: 0.8 }, -0.2),
  sogclr(0.9, 1, 0.2),
  sogclr(0.4, 1.3, 0.1, [0, 0]),
  sogclr(0.9, 1, 0.2, [1.5, 1]),
  sogclr(0.3, 0.7, 0.1, [3, 1]),
  sogclr(1, 1.2, 0.5, [-2, 1]),
  ...[0.05, 0.2, 1].flatMap((tau) => [1, 0.7, 1.3].map((negativeWeight) => advinfonce(tau, negativeWeight))),
  llpauc({}),
  llpauc({ alpha: 0.4, beta: 0.02, tau: 1, negativeWeight: 1.3 }, [0.8, 0.1, -0.3, 0.9, 1.2]),
  llpauc({ alpha: 1, beta: 1, tau: 0.1 }, [0.5, 0.5, 0.5, -1, 4]),
];

/** Talos at a given threshold: −E a(s_i)/τ + λ log Σ exp(a(s_j)/τ), a(x) = log σ(x − b). */
function talosAt(row: ScoreRow, tau: number, negativeWeight: number, b: number): number {
  const a = (x: ArrayLike<number>) => Array.from(x, (s) => Math.log(sigmoid(s - b)));
  const negativeSide = lee(a(row.negatives), tau, row.negativeWeights) / tau + Math.log(total(row));
  return negativeWeight * negativeSide - meanOf(a(row.positives), row.positiveWeights) / tau;
}

/** With a threshold that earlier steps have learned, and that rests. */
function talos(tau: number, negativeWeight: number, b: number): LossCase {
  return {
    title: `talos, τ = ${tau}, λ = ${negativeWeight}, b = ${b}`,
    create: make('talos', { tau, negativeWeight, k: 3 }),
    formula: (row) => talosAt(row, tau, negativeWeight, b),
    tau,
    sumsToZero: false,
    states: { user: [b, 0, 0, 0], global: [7] },
  };
}

/** With the K-th largest score of the row as the threshold, where the negatives stand for the rest of a catalogue. */
function talosOfRow(tau: number, negativeWeight: number, k: number, items?: number): LossCase {
  const threshold = (row: ScoreRow) => {
    const each = items === undefined ? 1 : (items - row.positives.length) / total(row);
    const weights = Float64Array.from(row.negatives, (_, j) => each * (row.negativeWeights?.[j] ?? 1));
    return kthLargest({ ...row, negativeWeights: weights }, k);
  };
  return {
    title: `talos, threshold of the row, τ = ${tau}, K = ${k}, ${items ?? 'no'} items`,
    create: make('talos', { tau, negativeWeight, k, threshold: 'row', ...(items && { items }) }),
    formula: (row, held) => talosAt(row, tau, negativeWeight, threshold(held)),
    tau,
    sumsToZero: false,
    stops: true,
  };
}

/** sl or bsl where the user's mean of the epoch before was off the users' mean by `excess`. */
function userTemperature(name: 'sl' | 'bsl', options: Record<string, number | string>, excess: number): LossCase {
  const {
    tau,
    userTau,
    negativeWeight = 1,
    tau1 = name === 'bsl' ? tau : Infinity,
  } = options as Record<string, number>;
  const x = Math.max((userTau! * excess) / 2, -1 / Math.E);
  // W0 is the inverse of w e^w, which increases for w ≥ −1
  let [low, high] = [-1, 10];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (middle * Math.exp(middle) > x) high = middle;
    else low = middle;
  }
  const own = tau! * Math.exp(x === -1 / Math.E ? -1 : low);
  return {
    title: `${name} ${JSON.stringify(options)}, user off the mean by ${excess}`,
    create: make(name, options),
    formula: (row) => (negativeWeight * tau! * negatives(row, own)) / own / tau! - positives(row, tau1) / tau!,
    tau: Math.min(tau!, own, tau1),
    sumsToZero: negativeWeight === 1 && excess === 0,
    states: { user: [3, 2, excess] },
  };
}

/** Yuan et al.: with the moving average g held, −E s_i/τ + λ ( log g + ĝ/g − 1 ). */
function sogclr(gamma: number, negativeWeight: number, tau: number, user?: readonly [number, number]): LossCase {
  const present = (row: ScoreRow) => Math.exp(negatives(row, tau) / tau);
  const first = !user || user[1] === 0;
  return {
    title: `sogclr, γ = ${gamma}, λ = ${negativeWeight}, τ = ${tau}, ${first ? 'first visit' : `log g = ${user[0]}`}`,
    create: make('sogclr', { tau, gamma, negativeWeight }),
    formula: (row, held) => {
      const g = first ? present(held) : (1 - gamma) * Math.exp(user[0]) + gamma * present(held);
      return -positives(row, Infinity) / tau + negativeWeight * (Math.log(g) + present(row) / g - 1);
    },
    tau,
    sumsToZero: first && negativeWeight === 1,
    stops: true,
    ...(user && { states: { user } }),
  };
}

/** Zhang et al.: δ_j = log( n softmax_j(h) ), where e^h − 1 is the state. */
function advinfonce(tau: number, negativeWeight: number): LossCase {
  return {
    title: `advinfonce, τ = ${tau}, λ = ${negativeWeight}`,
    create: make('advinfonce', { tau, negativeWeight }),
    formula: (row) => {
      const hardness = Array.from(row.negatives, (_, j) => Math.log(1 + (row.itemStates?.[j] ?? 0)));
      const softmax = hardness.map((h) => Math.exp(h) / meanOf(hardness.map(Math.exp), row.negativeWeights));
      const shifted = row.negatives.map((s, j) => s + tau * Math.log(softmax[j]!));
      return (negativeWeight * lee(shifted, tau, row.negativeWeights) - positives(row, Infinity)) / tau;
    },
    tau,
    sumsToZero: negativeWeight === 1,
  };
}

/** Shi et al., with the duals a, b, γ, s⁺, s⁻. */
function llpauc(options: Record<string, number>, global?: readonly number[]): LossCase {
  const { alpha = 0.7, beta = 0.1, tau = 0.3, negativeWeight = 1 } = options;
  const [a, b, gamma, high, low] = (global ?? [1, 0, 0, 0.5, 0.5]) as [number, number, number, number, number];
  const soft = (x: number) => softplus(5 * x) / 5;
  return {
    title: `llpauc ${JSON.stringify(options)}, ${global ? `duals ${global}` : 'first step'}`,
    create: make('llpauc', options),
    formula: (row) => {
      const of = (x: ArrayLike<number>) => Array.from(x, (s) => sigmoid(s / tau));
      const up = of(row.positives).map((f) => soft(-((f - a) ** 2 - 2 * (1 + gamma) * f) - high));
      const down = of(row.negatives).map((f) => soft((f - b) ** 2 + 2 * (1 + gamma) * f - low));
      const positive = -high - meanOf(up, row.positiveWeights) / alpha;
      const negative = low + meanOf(down, row.negativeWeights) / beta;
      return positive + negativeWeight * negative - gamma ** 2;
    },
    tau: Math.min(tau, 0.2),
    sumsToZero: false,
    ...(global && { states: { global } }),
  };
}

/** Petrov & Macdonald, with our mean over negatives. */
function gbce(options: Record<string, unknown>, beta: (n: number) => number, c: number): LossCase {
  return {
    title: `gbce ${JSON.stringify(options)}`,
    create: make('gbce', { negativeWeight: c, ...options }),
    formula: (row) =>
      meanOf(
        row.positives.map((s) => -Math.log(sigmoid(s) ** beta(total(row)))),
        row.positiveWeights,
      ) +
      c *
        meanOf(
          row.negatives.map((s) => -Math.log(1 - sigmoid(s))),
          row.negativeWeights,
        ),
    tau: 1,
    sumsToZero: false,
  };
}

function psl(activation: 'tanh' | 'relu' | 'atan', tau: number, negativeWeight: number): LossCase {
  const sigma = {
    tanh: (d: number) => Math.tanh(d) + 1,
    relu: (d: number) => Math.max(d + 1, 0),
    atan: (d: number) => Math.atan(d) + 1,
  };
  const scale = tau === Infinity ? 1 : 1 / tau;
  return {
    title: `psl ${activation}, τ = ${tau}, λ = ${negativeWeight}`,
    create: make('psl', { tau: tau === Infinity ? 'inf' : tau, activation, negativeWeight }),
    formula: (row) =>
      meanOf(
        row.positives.map(
          (p) =>
            scale *
            lee(
              row.negatives.map((n) => Math.log(sigma[activation]((n - p) / 2))),
              tau,
              row.negativeWeights,
            ),
        ),
        row.positiveWeights,
      ) +
      (negativeWeight - 1) * scale * negatives(row, tau),
    tau: Math.min(tau, 1),
    sumsToZero: negativeWeight === 1,
    largest: 0.95,
  };
}

/** The K-th largest score, every positive counting once, a negative by its weight. */
function kthLargest(row: ScoreRow, k: number): number {
  const weights = row.negativeWeights ?? row.negatives.map(() => 1);
  const entries = [
    ...Array.from(row.positives, (x) => [x, 1]),
    ...Array.from(row.negatives, (x, j) => [x, weights[j]!]),
  ]
    .filter(([, w]) => w! > 0)
    .sort(([a], [b]) => b! - a!);
  let count = 0;
  for (const [x, w] of entries) {
    count += w!;
    if (count >= k) return x!;
  }
  return entries.at(-1)![0]!;
}

function slatk(tau: number, k: number, tauWeight: number, negativeWeight: number): LossCase {
  const omega = (s: number, beta: number) => (tauWeight === Infinity ? 0.5 : sigmoid((s - beta) / tauWeight));
  return {
    title: `slatk, τ = ${tau}, K = ${k}, τ_w = ${tauWeight}, λ = ${negativeWeight}`,
    create: make('slatk', { tau, k, tauWeight: tauWeight === Infinity ? 'inf' : tauWeight, negativeWeight }),
    formula: (row, held) => {
      const rest = negativeWeight * negatives(row, tau) + tau * Math.log(total(row));
      const values = row.positives.map((s) => omega(s, kthLargest(held, k)) * (rest - s));
      return meanOf(values, row.positiveWeights) / tau;
    },
    tau: Math.min(tau, tauWeight),
    sumsToZero: false,
    stops: true,
  };
}

function sl(tau: number, negativeWeight: number): LossCase {
  return {
    title: `sl, τ = ${tau}, λ = ${negativeWeight}`,
    create: make('sl', { tau, negativeWeight }),
    formula: (row) => (negativeWeight * negatives(row, tau) - positives(row, Infinity)) / tau,
    tau,
    sumsToZero: negativeWeight === 1,
  };
}

function bsl(options: Record<string, unknown>, tau: number, tau1: number, negativeWeight: number): LossCase {
  return {
    title: `bsl ${JSON.stringify(options)}`,
    create: make('bsl', options),
    formula: (row) => (negativeWeight * negatives(row, tau) - positives(row, tau1)) / tau,
    tau: Math.min(tau, tau1),
    sumsToZero: negativeWeight === 1,
  };
}

cases.forEach(lossContract);

const docs = new URL('../../docs/', import.meta.url);

/** What is missing of a built-in loss, by the places where it belongs. */
function missingOf(name: string): string[] {
  const rows = new Set(cases.map((c) => c.create().name));
  const table = readFileSync(new URL('losses.md', docs), 'utf8');
  return [
    ...(rows.has(name) ? [] : ['a row in `cases` of test/loss/losses.test.ts']),
    ...(table.includes(`\`${name}\``) ? [] : ['a row in docs/losses.md']),
    ...(existsSync(new URL(`losses/${name}.md`, docs)) ? [] : [`the page docs/losses/${name}.md`]),
  ];
}

test.each(lossNames)('%s has its contract row, its documentation row and its page', (name) => {
  expect(missingOf(name)).toEqual([]);
});

test('what a loss lacks is named, and the suite has no row of an unknown loss', () => {
  expect(missingOf('no-such-loss')).toHaveLength(3);
  expect(cases.map((c) => c.create().name).filter((name) => !(lossNames as string[]).includes(name))).toEqual([]);
});

const scores = (least: number, most: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: least, maxLength: most })
    .map((x) => Float64Array.from(x));
const temperature = fc.double({ min: 0.02, max: 5, noNaN: true });
const lambda = fc.double({ min: 0, max: 2, noNaN: true });

function expectSame(a: ReturnType<typeof evaluateRow>, b: ReturnType<typeof evaluateRow>): void {
  expectClose([a.value], [b.value], 1e-9, 1e-9);
  expectClose(a.positives, b.positives, 1e-9, 1e-9);
  expectClose(a.negatives, b.negatives, 1e-9, 1e-9);
}

describe('identities', () => {
  test('bsl with τ1 = ∞ is sl', () => {
    fc.assert(
      fc.property(scores(1, 6), scores(1, 6), temperature, lambda, (positives, negatives, tau, negativeWeight) => {
        const row = { positives, negatives };
        const both = { tau, negativeWeight };
        const a = evaluateRow(createLoss({ name: 'bsl', options: { ...both, tau1: 'inf' } }), row);
        expectSame(a, evaluateRow(createLoss({ name: 'sl', options: both }), row));
      }),
    );
  });

  test('with one positive bsl is sl for every τ1', () => {
    fc.assert(
      fc.property(
        scores(1, 1),
        scores(1, 6),
        temperature,
        temperature,
        lambda,
        (positives, negatives, tau, tau1, l) => {
          const row = { positives, negatives };
          const a = evaluateRow(createLoss({ name: 'bsl', options: { tau, tau1, negativeWeight: l } }), row);
          expectSame(a, evaluateRow(createLoss({ name: 'sl', options: { tau, negativeWeight: l } }), row));
        },
      ),
    );
  });

  test('the larger τ1, the closer bsl to sl: the gap falls as Var[positives]/(2 τ1 τ)', () => {
    const row = { positives: Float64Array.of(0.9, 0.1, -0.3), negatives: Float64Array.of(0.2, 0.4) };
    const mean = meanOf(row.positives);
    const variance = meanOf(row.positives.map((x) => (x - mean) ** 2));
    const exact = evaluateRow(createLoss({ name: 'sl', options: { tau: 0.2 } }), row).value;
    for (const tau1 of [1e3, 1e5, 1e7]) {
      const value = evaluateRow(createLoss({ name: 'bsl', options: { tau: 0.2, tau1 } }), row).value;
      expectClose([(exact - value) * tau1], [variance / 2 / 0.2], 1e-3, 1e-3);
    }
  });

  test('bsl multi is bsl with τ1 = τ2', () => {
    const row = { positives: Float64Array.of(0.9, 0.1), negatives: Float64Array.of(0.2, 0.4) };
    const multi = createLoss({ name: 'bsl', options: { tau: 0.11, form: 'multi' } });
    expectSame(
      evaluateRow(multi, row),
      evaluateRow(createLoss({ name: 'bsl', options: { tau: 0.11, tau1: 0.11 } }), row),
    );
  });

  test('slatk with τ_w = ∞ is ½ · (sl + log n)', () => {
    fc.assert(
      fc.property(scores(1, 6), scores(1, 30), temperature, lambda, (positives, negatives, tau, negativeWeight) => {
        const row = { positives, negatives };
        const a = evaluateRow(createLoss({ name: 'slatk', options: { tau, negativeWeight, tauWeight: 'inf' } }), row);
        const b = evaluateRow(createLoss({ name: 'sl', options: { tau, negativeWeight } }), row);
        const half = (x: Float64Array) => x.map((g) => g / 2);
        const value = (b.value + Math.log(negatives.length)) / 2;
        expectSame(a, { value, positives: half(b.positives), negatives: half(b.negatives) });
      }),
    );
  });

  test('talos with a threshold far above all scores is sl less λ log n and the shifts that λ weighs', () => {
    // a(x) = x − b there, up to e^(x − b)
    const b = 30;
    fc.assert(
      fc.property(scores(1, 6), scores(1, 6), temperature, lambda, (positives, negatives, tau, negativeWeight) => {
        const row = { positives, negatives };
        const sl = evaluateRow(createLoss({ name: 'sl', options: { tau, negativeWeight } }), row);
        const states = { user: [b, 0, 0, 0], global: [0] };
        const far = evaluateRow(createLoss({ name: 'talos', options: { tau, negativeWeight } }), row, states);
        const value = sl.value + negativeWeight * Math.log(negatives.length) + ((1 - negativeWeight) * b) / tau;
        expectSame(far, { ...sl, value });
      }),
    );
  });

  test('one temperature for all: userTau 0, and a user at the mean', () => {
    fc.assert(
      fc.property(scores(1, 6), scores(1, 6), temperature, lambda, (positives, negatives, tau, negativeWeight) => {
        const row = { positives, negatives };
        for (const name of ['sl', 'bsl'] as const) {
          const plain = evaluateRow(createLoss({ name, options: { tau, negativeWeight } }), row);
          const options = { tau, negativeWeight, userTau: 0 };
          expectSame(evaluateRow(createLoss({ name, options }), row), plain);
          expectSame(evaluateRow(createLoss({ name, options: { ...options, userTau: 3 } }), row), plain);
        }
      }),
    );
  });

  test('psl with σ(d) = exp(2d) is sl', () => {
    class Exponential extends PairwiseSoftmaxLoss {
      protected override readonly logActivation = { value: (d: number) => 2 * d, slope: () => 2 };
    }
    fc.assert(
      fc.property(scores(1, 6), scores(1, 6), temperature, lambda, (positives, negatives, tau, negativeWeight) => {
        const row = { positives, negatives };
        const a = evaluateRow(new Exponential({ tau, negativeWeight }), row);
        expectSame(a, evaluateRow(createLoss({ name: 'sl', options: { tau, negativeWeight } }), row));
      }),
    );
  });

  test('gbce with β = 1, or with no calibration, is bce', () => {
    fc.assert(
      fc.property(scores(1, 6), scores(1, 6), lambda, (positives, negatives, negativeWeight) => {
        const row = { positives, negatives };
        const bce = evaluateRow(createLoss({ name: 'bce', options: { negativeWeight } }), row);
        for (const options of [{ beta: 1 }, { calibration: 0 }, { calibration: 0, items: 9 }]) {
          expectSame(evaluateRow(createLoss({ name: 'gbce', options: { negativeWeight, ...options } }), row), bce);
        }
      }),
    );
  });

  test('gbce on all items is bce, however calibrated', () => {
    const row = { positives: Float64Array.of(0.9, 0.1), negatives: Float64Array.of(0.2, 0.4, -0.3) };
    const gbce = createLoss({ name: 'gbce', options: { calibration: 1, items: 4 } });
    expectSame(evaluateRow(gbce, row), evaluateRow(createLoss({ name: 'bce' }), row));
  });

  test('β of gbce is the paper’s: t = .75, 256 negatives of 20,000 items', () => {
    const alpha = 256 / 19_999;
    const paper = alpha * (0.75 * (1 - 1 / alpha) + 1 / alpha);
    expectClose([new GeneralizedBinaryCrossEntropy({ items: 20_000 }).exponent(256)], [paper], 0, 1e-12);
  });

  test.each([1e-3, 1e-2])('cosines at τ = %d stay finite', (tau) => {
    const family: [LossName, Record<string, unknown>][] = [
      ['sl', { tau }],
      ['bsl', { tau, tau1: tau }],
      ['slatk', { tau, tauWeight: tau }],
      ...(['tanh', 'relu', 'atan'] as const).map((activation): [LossName, object] => ['psl', { tau, activation }]),
    ] as [LossName, Record<string, unknown>][];
    fc.assert(
      fc.property(scores(1, 4), scores(1, 4), lambda, (positives, negatives, negativeWeight) => {
        for (const [name, options] of family) {
          const loss = createLoss({ name, options: { ...options, negativeWeight } });
          const result = evaluateRow(loss, { positives, negatives });
          for (const number of [result.value, ...result.positives, ...result.negatives]) {
            expect(number).toSatisfy(Number.isFinite);
          }
        }
      }),
      {
        examples: [
          [Float64Array.of(1, -1), Float64Array.of(1, -1, 0), 1.3],
          [Float64Array.of(1), Float64Array.of(-1, -1), 1],
        ],
      },
    );
  });
});

describe('options', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['sl', { tau: 0 }, 'Option sl.tau: got 0, expected a number above 0'],
    ['sl', { tau: '0.1' }, 'Option sl.tau: got "0.1"'],
    ['sl', { tau: Number.NaN }, 'Option sl.tau'],
    ['sl', { negativeWeight: -1 }, 'Option sl.negativeWeight: got -1, expected a number of at least 0'],
    ['sl', { tua: 1 }, 'Unknown option of loss sl "tua"; known: tau, negativeWeight, userTau'],
    ['bsl', { form: 'single' }, 'Option bsl.form: got "single", expected one of paper, multi, reweight'],
    ['bsl', { form: 'multi', tau1: 1 }, 'Option bsl.tau1'],
    ['bpr', { tau: 1 }, 'Unknown option of loss bpr "tau"'],
    ['gbce', { beta: 1.5 }, 'Option gbce.beta: got 1.5, expected a number from 0 to 1'],
    ['gbce', { beta: 0.5, calibration: 0.5 }, 'Option gbce.calibration: got 0.5, expected no calibration with beta'],
    ['gbce', { items: 0 }, 'Option gbce.items: got 0, expected a whole number of at least 1'],
    ['ccl', { margin: 2 }, 'Option ccl.margin: got 2, expected a number from -1 to 1'],
    ['sl', { userTau: -1 }, 'Option sl.userTau: got -1, expected a number of at least 0'],
    ['sl', { tau: 'inf', userTau: 1 }, 'Option sl.userTau: got 1, expected 0 with tau "inf"'],
    ['bsl', { tau: 'inf', userTau: 1 }, 'Option bsl.userTau'],
    ['slatk', { userTau: 1 }, 'Unknown option of loss slatk "userTau"'],
    ['talos', { k: 20, items: 20 }, 'Option talos.k: got 20, expected fewer than the 20 items'],
    ['talos', { items: 19 }, 'Option talos.k: got 20, expected fewer than the 19 items'],
    ['talos', { tau: 'inf' }, 'Option talos.tau: got "inf", expected a number above 0'],
    ['talos', { threshold: 'exact' }, 'Option talos.threshold: got "exact", expected one of learned, row'],
    ['talos', { thresholdRate: 0 }, 'Option talos.thresholdRate: got 0, expected a number above 0'],
    ['slatk', { tau: 'inf' }, 'Option slatk.tau: got "inf", expected a number above 0'],
    ['slatk', { k: 2.5 }, 'Option slatk.k: got 2.5, expected a whole number of at least 1'],
    ['slatk', { tauWeight: 0 }, 'Option slatk.tauWeight: got 0'],
    ['psl', { activation: 'exp' }, 'Option psl.activation: got "exp", expected one of tanh, relu, atan'],
    ['softmax', {}, 'Unknown loss "softmax"; known: sl, bsl, dsl, bpr, bce, gbce, mse'],
    ['toString', {}, 'Unknown loss "toString"'],
  ])('%s %o is refused', (name, options, message) => {
    expect(() => createLoss({ name, options })).toThrow(message);
  });

  test('parameters survive JSON and make the same loss again', () => {
    for (const { create } of cases) {
      const { name, parameters } = create();
      const again = createLoss({ name, options: JSON.parse(JSON.stringify(parameters)) });
      expect(again).toEqual(create());
    }
  });

  test('λ other than 1 is refused with inner products, and only then', () => {
    const weighted = createLoss({ name: 'sl', options: { negativeWeight: 1.1 } });
    expect(() => checkScore(weighted, 'dot')).toThrow('got "dot", expected cosine for loss sl');
    checkScore(weighted, 'cosine');
    checkScore(createLoss({ name: 'sl' }), 'dot');
    checkScore(createLoss({ name: 'bce', options: { negativeWeight: 2 } }), 'dot');
    checkScore(createLoss({ name: 'slatk' }), 'dot');
    expect(() => checkScore(createLoss({ name: 'slatk', options: { negativeWeight: 2 } }), 'dot')).toThrow('slatk');
  });

  test.each(['ccl', 'psl', 'talos'] as const)('%s takes cosines only', (name) => {
    checkScore(createLoss({ name }), 'cosine');
    expect(() => checkScore(createLoss({ name }), 'dot')).toThrow(`got "dot", expected cosine for loss ${name}`);
  });

  test.each(['sl', 'bsl'] as const)('%s takes cosines only with a temperature by user', (name) => {
    const loss = createLoss({ name, options: { userTau: 1 } });
    checkScore(loss, 'cosine');
    expect(() => checkScore(loss, 'dot')).toThrow('without userTau: otherwise they have no lower bound');
    checkScore(createLoss({ name, options: { userTau: 0 } }), 'dot');
  });

  test('default scores', () => {
    const score = Object.fromEntries(lossNames.map((name) => [name, defaultScore({ name })]));
    const dot = new Set(['bpr', 'bce', 'gbce', 'mse']);
    expect(score).toEqual(Object.fromEntries(lossNames.map((name) => [name, dot.has(name) ? 'dot' : 'cosine'])));
    expect(defaultScore({ module: './mine.js' })).toBe('cosine');
  });
});

describe('fitLoss', () => {
  test('gives the softmax family the temperature of the catalogue where none is given', () => {
    const tau = (items: number) => (fitLoss({ name: 'sl' }, items) as { options?: { tau?: unknown } }).options?.tau;
    expect([1, 10_000, 20_000, 40_000, 1e6].map(tau)).toEqual([0.2, 0.2, 0.15, 0.1, 0.1]);
    expect(fitLoss({ name: 'bsl', options: { tau: 0.3, tau1: 2 } }, 5)).toEqual({
      name: 'bsl',
      options: { tau: 0.3, tau1: 2 },
    });
    expect(fitLoss({ name: 'bsl', options: { tau: undefined } }, 5)).toEqual({ name: 'bsl', options: { tau: 0.2 } });
  });

  test('gives psl three quarters of it', () => {
    expect(fitLoss({ name: 'psl' }, 10_000)).toEqual({ name: 'psl', options: { tau: 0.15 } });
  });

  test('gives talos half of it, and the size of the catalogue', () => {
    expect(fitLoss({ name: 'talos' }, 10_000)).toEqual({ name: 'talos', options: { tau: 0.1, items: 10_000 } });
    expect(fitLoss({ name: 'talos', options: { tau: 0.3 } }, 99)).toEqual({
      name: 'talos',
      options: { tau: 0.3, items: 99 },
    });
  });

  test('tells gbce the size of the catalogue, unless its exponent is given', () => {
    expect(fitLoss({ name: 'gbce', options: { calibration: 0.5 } }, 99)).toEqual({
      name: 'gbce',
      options: { items: 99, calibration: 0.5 },
    });
    expect(fitLoss({ name: 'gbce', options: { beta: 0.5 } }, 99)).toEqual({ name: 'gbce', options: { beta: 0.5 } });
  });

  test('leaves every other source as it is', () => {
    for (const source of [{ name: 'bpr' }, { module: './mine.mjs' }, createLoss({ name: 'sl' }), { name: 'none' }]) {
      expect(fitLoss(source, 100)).toBe(source);
    }
  });
});

test("'auto': the losses with a temperature and a weight of the negatives take it, and no other", () => {
  const searched = ['sl', 'bsl', 'dsl', 'psl', 'slatk', 'talos', 'sogclr', 'advinfonce'];
  for (const name of lossNames) {
    const given = { name, options: { tau: 'auto', negativeWeight: 'auto' } };
    if (searched.includes(name)) {
      expect(automaticOptions(given)).toEqual(['tau', 'negativeWeight']);
      const { parameters } = createLoss(replaceOptions(given, { tau: 0.3, negativeWeight: 0.9 }));
      expect(parameters).toMatchObject({ tau: 0.3, negativeWeight: 0.9 });
      expect(createLoss(withoutAutomatic(given)).parameters).toEqual(createLoss({ name }).parameters);
    } else expect(() => automaticOptions(given)).toThrow(`${name}.`);
  }
  expect(automaticOptions({ name: 'sl', options: { tau: 0.1 } })).toEqual([]);
});
