import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScoreRow } from '../../src/loss/loss.ts';
import { checkScore, createLoss, defaultScore, fitLoss, type LossName, lossNames } from '../../src/loss/losses.ts';
import { evaluateRow, type LossCase, lossContract, meanOf } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';

/** LEE as MATH section 1 writes it. */
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
const positives = (row: ScoreRow, tau1: number) => lee(row.positives, tau1, row.positiveWeights);
const negatives = (row: ScoreRow, tau: number) => lee(row.negatives, tau, row.negativeWeights);
const make = (name: LossName, options: Record<string, unknown>) => () => createLoss({ name, options });

const cases: LossCase[] = [
  ...[0.05, 0.1, 1, 10].flatMap((tau) => [1, 0.7, 1.3].map((negativeWeight) => sl(tau, negativeWeight))),
  bsl({ tau: 0.1, tau1: 0.07 }, 0.1, 0.07, 1),
  bsl({ tau: 0.2, tau1: 1, negativeWeight: 1.3 }, 0.2, 1, 1.3),
  bsl({ tau: 0.2, tau1: 'inf' }, 0.2, Infinity, 1),
  bsl({ tau: 0.11, negativeWeight: 1.1, form: 'multi' }, 0.11, 0.11, 1.1),
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
];

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

test('every built-in loss is in the contract suite', () => {
  expect(new Set(cases.map((c) => c.create().name))).toEqual(new Set(lossNames));
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

  test.each([1e-3, 1e-2])('cosines at τ = %d stay finite', (tau) => {
    for (const name of ['sl', 'bsl'] as const) {
      const options = name === 'bsl' ? { tau, tau1: tau } : { tau };
      const row = { positives: Float64Array.of(1, -1), negatives: Float64Array.of(1, -1, 0) };
      const { value, positives, negatives } = evaluateRow(createLoss({ name, options }), row);
      for (const number of [value, ...positives, ...negatives]) expect(number).toSatisfy(Number.isFinite);
    }
  });
});

describe('options', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['sl', { tau: 0 }, 'Option sl.tau: got 0, expected a number > 0'],
    ['sl', { tau: '0.1' }, 'Option sl.tau: got "0.1"'],
    ['sl', { tau: Number.NaN }, 'Option sl.tau'],
    ['sl', { negativeWeight: -1 }, 'Option sl.negativeWeight: got -1, expected a number ≥ 0'],
    ['sl', { tua: 1 }, 'Unknown option of loss sl "tua"; known: tau, negativeWeight'],
    ['bsl', { form: 'single' }, 'Option bsl.form: got "single", expected "paper", "multi", "reweight"'],
    ['bsl', { form: 'multi', tau1: 1 }, 'Option bsl.tau1'],
    ['bpr', { tau: 1 }, 'Unknown option of loss bpr "tau"'],
    ['softmax', {}, 'Unknown loss "softmax"; known: sl, bsl, bpr, bce, mse'],
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
  });

  test('default scores', () => {
    const score = Object.fromEntries(lossNames.map((name) => [name, defaultScore({ name })]));
    expect(score).toEqual({ sl: 'cosine', bsl: 'cosine', bpr: 'dot', bce: 'dot', mse: 'dot' });
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

  test('leaves every other source as it is', () => {
    for (const source of [{ name: 'bpr' }, { module: './mine.mjs' }, createLoss({ name: 'sl' }), { name: 'none' }]) {
      expect(fitLoss(source, 100)).toBe(source);
    }
  });
});
