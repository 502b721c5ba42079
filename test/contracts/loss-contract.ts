import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import type { Loss, RowContext, ScoreRow } from '../../src/loss/loss.ts';
import { initialStates } from '../../src/loss/loss-needs.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';

export interface LossCase {
  readonly title: string;
  readonly create: () => Loss;
  /** The formula of docs/losses/<name>.md, written out plainly with its weighted means; safe at moderate scores only. [stop] values are those of `held`. */
  readonly formula: (row: TestRow, held: TestRow) => number;
  /** The states that the rows find, where the loss keeps any; absent: those before training. Item states are the row's. */
  readonly states?: { readonly user?: readonly number[]; readonly global?: readonly number[] };
  /** It has [stop] values: its gradients are the differences of the formula, with these held. */
  readonly stops?: boolean;
  /** Scores of the random rows lie in ±`largest`, default 1; less where the loss has a kink at the end of the range. */
  readonly largest?: number;
  /** The smallest temperature in it; the step of the differences follows it. */
  readonly tau: number;
  /** The gradients of a row sum to 0: the loss sees differences of scores alone. */
  readonly sumsToZero: boolean;
}

/** A row, and for losses that keep one the state of each negative's item; absent: 0. */
export interface TestRow extends ScoreRow {
  readonly itemStates?: Float64Array;
}

interface Evaluation {
  readonly value: number;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** The loss on a row, in double precision; gradients start as NaN so that one left unwritten shows. */
export function evaluateRow(loss: Loss, row: TestRow, given: LossCase['states'] = {}): Evaluation {
  const positives = new Float64Array(row.positives.length).fill(Number.NaN);
  const negatives = new Float64Array(row.negatives.length).fill(Number.NaN);
  const context = rowContext(loss, row, given);
  return { value: loss.evaluate(row, { positives, negatives }, context), positives, negatives };
}

/** The context of a row that stands alone. */
export function rowContext(loss: Loss, row: TestRow, given: LossCase['states'] = {}): RowContext {
  const n = row.negatives.length;
  const initial = initialStates(loss, n);
  return {
    user: 0,
    positiveItems: new Int32Array(row.positives.length),
    poolItems: new Int32Array(n),
    logExpectationExp,
    states: initial && {
      ...initial,
      user: given.user ? Float64Array.from(given.user) : initial.user,
      global: given.global ? Float64Array.from(given.global) : initial.global,
      items: initial.items.length > 0 && row.itemStates ? row.itemStates : initial.items,
    },
  };
}

/** Σ w x / Σ w. */
export function meanOf(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const w = weights ?? Array.from(values, () => 1);
  const total = Array.from(w).reduce((a, b) => a + b, 0);
  return Array.from(values).reduce((sum, x, i) => sum + (w[i]! * x) / total, 0);
}

const weight = fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 4, noNaN: true }));
function rowsWithin(largest: number): fc.Arbitrary<TestRow> {
  const score = fc.double({ min: -largest, max: largest, noNaN: true });
  const side = fc
    .array(fc.tuple(score, weight, fc.double({ min: -0.9, max: 3, noNaN: true })), { minLength: 1, maxLength: 7 })
    .filter((s) => s.some(([, w]) => w > 0));
  return fc.tuple(side, side, fc.boolean()).map(([p, n, weighted]) => ({
    positives: Float64Array.from(p, ([x]) => x),
    negatives: Float64Array.from(n, ([x]) => x),
    positiveWeights: weighted ? Float64Array.from(p, ([, w]) => w) : undefined,
    negativeWeights: weighted ? Float64Array.from(n, ([, w]) => w) : undefined,
    itemStates: Float64Array.from(n, ([, , state]) => state),
  }));
}
const runs = draws(60);

/** What every loss keeps to. */
export function lossContract({ title, create, formula, tau, sumsToZero, stops, states, largest = 1 }: LossCase): void {
  describe(`loss contract: ${title}`, () => {
    const loss = create();
    const evaluate = (row: TestRow, of = loss) => evaluateRow(of, row, states);
    const rows = rowsWithin(largest);

    test('the value is the formula', () => {
      fc.assert(
        fc.property(rows, (row) => expectClose([evaluate(row).value], [formula(row, row)], 1e-9, 1e-9)),
        runs,
      );
    });

    test('gradients are the central differences of the value', () => {
      fc.assert(
        fc.property(rows, (row) => {
          const step = 1e-4 * Math.min(tau, 1);
          const { value, positives, negatives } = evaluate(row);
          const differences = (key: 'positives' | 'negatives') =>
            row[key].map((_, i) => {
              const moved = (by: number) => {
                const scores = row[key].slice();
                scores[i]! += by;
                const other = { ...row, [key]: scores };
                return stops ? formula(other, row) : evaluate(other).value;
              };
              // fourth order, so that the error of the difference itself stays under 1e-8 at any τ
              return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
            });
          const steepest = Math.max(...[...positives, ...negatives].map(Math.abs));
          // what rounding of the value leaves in a difference
          const rounding = (1e-15 * Math.max(1, Math.abs(value))) / step;
          expectClose(positives, differences('positives'), 1e-6 * steepest + rounding, 1e-6, 'positive gradients');
          expectClose(negatives, differences('negatives'), 1e-6 * steepest + rounding, 1e-6, 'negative gradients');
        }),
        runs,
      );
    });

    test('its parameters as JSON make it again', () => {
      const { name, parameters } = loss;
      const again = createLoss({ name, options: JSON.parse(JSON.stringify(parameters)) });
      expect(again.parameters).toEqual(parameters);
      fc.assert(
        fc.property(rows, (row) => {
          expect(evaluate(row, again)).toEqual(evaluate(row));
        }),
        runs,
      );
    });

    test('a masked negative changes nothing and has no gradient', () => {
      fc.assert(
        fc.property(rows, fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.nat(), (row, extra, at) => {
          const n = row.negatives.length;
          const position = at % (n + 1);
          const insert = (x: ArrayLike<number>, value: number) =>
            Float64Array.from(Array.from(x).toSpliced(position, 0, value));
          const plain = evaluate(row);
          const masked = evaluate({
            ...row,
            negatives: insert(row.negatives, extra),
            negativeWeights: insert(row.negativeWeights ?? new Float64Array(n).fill(1), 0),
            itemStates: row.itemStates && insert(row.itemStates, 0.5),
          });
          expectClose([masked.value], [plain.value], 1e-12, 1e-12);
          expectClose(masked.positives, plain.positives, 1e-12, 1e-12);
          expectClose(masked.negatives, insert(plain.negatives, 0), 1e-12, 1e-12);
        }),
        runs,
      );
    });

    test('permuting scores permutes gradients', () => {
      fc.assert(
        fc.property(rows, (row) => {
          const plain = evaluate(row);
          const turned = evaluate({
            positives: row.positives.toReversed(),
            negatives: row.negatives.toReversed(),
            positiveWeights: row.positiveWeights?.toReversed(),
            negativeWeights: row.negativeWeights?.toReversed(),
            itemStates: row.itemStates?.toReversed(),
          });
          expectClose([turned.value], [plain.value], 1e-11, 1e-11);
          expectClose(turned.positives, plain.positives.toReversed(), 1e-11, 1e-11);
          expectClose(turned.negatives, plain.negatives.toReversed(), 1e-11, 1e-11);
        }),
        runs,
      );
    });

    test('weights count by their ratio, and a weight of 2 is the entry twice', () => {
      const once = Float64Array.of(0.3, -0.2);
      const twice = Float64Array.of(0.3, 0.3, -0.2);
      const weights = Float64Array.of(2, 1);
      const a = evaluate({ positives: twice, negatives: twice });
      const b = evaluate({
        positives: once,
        negatives: once,
        positiveWeights: weights,
        negativeWeights: weights,
      });
      expectClose([b.value], [a.value], 1e-12, 1e-12);
      expectClose(b.positives, [2 * a.positives[0]!, a.positives[2]!], 1e-12, 1e-12);
      expectClose(b.negatives, [2 * a.negatives[0]!, a.negatives[2]!], 1e-12, 1e-12);
    });

    test('reads its inputs only', () => {
      fc.assert(
        fc.property(rows, (row) => {
          const before = structuredClone(row);
          evaluate(row);
          expect(row).toEqual(before);
        }),
        runs,
      );
    });

    test('runs on 32-bit floats', () => {
      const row = { positives: Float32Array.of(0.5, 0.1), negatives: Float32Array.of(0.2, -0.4, 0.3) };
      const positives = new Float32Array(2);
      const negatives = new Float32Array(3);
      const context = rowContext(loss, row, states);
      const value = loss.evaluate(row, { positives, negatives }, context);
      const exact = evaluate({
        positives: Float64Array.from(row.positives),
        negatives: Float64Array.from(row.negatives),
      });
      expectClose([value], [exact.value], 1e-6, 1e-6);
      expectClose(positives, exact.positives, 1e-6, 1e-6);
      expectClose(negatives, exact.negatives, 1e-6, 1e-6);
    });

    if (sumsToZero)
      test('the gradients of a row sum to 0', () => {
        fc.assert(
          fc.property(rows, (row) => {
            const { positives, negatives } = evaluate(row);
            const all = [...positives, ...negatives];
            const size = all.reduce((sum, g) => sum + Math.abs(g), 0);
            expect(Math.abs(all.reduce((sum, g) => sum + g, 0))).toBeLessThanOrEqual(1e-12 * size);
          }),
          runs,
        );
      });

    const extremes: [string, ScoreRow][] = [
      ['one positive, one negative', row([0.3], [0.7])],
      ['all at 1', row([1, 1], [1, 1, 1])],
      ['all at −1', row([-1, -1], [-1, -1])],
      ['positives lowest', row([-1], [1, 1])],
      ['positives highest', row([1], [-1, -1])],
      ['mixed', row([-1, 1], [1, -1, 0])],
      ['every negative masked', { ...row([0.2, 0.1], [0.4, 0.5]), negativeWeights: Float64Array.of(0, 0) }],
      ['no negatives', row([0.2, 0.1], [])],
      ['no positive has weight', { ...row([0.2, 0.1], [0.4]), positiveWeights: Float64Array.of(0, 0) }],
      ['tiny weights', { ...row([0.2, -0.9], [0.4, 1]), negativeWeights: Float64Array.of(1e-300, 1e-30) }],
    ];
    test.each(extremes)('is finite: %s', (_, scores) => expectFinite(evaluate(scores)));
    if (loss.allowsDotScores)
      test.each([
        ['far apart', row([1e4, -1e4], [-1e4, 1e4])],
        ['far apart, positives lowest', row([-1e4], [1e4, 1e4])],
        ['far apart, positives highest', row([1e4], [-1e4])],
      ])('is finite with inner products: %s', (_, scores) => expectFinite(evaluate(scores)));

    test('nothing left on a side: no gradient there', () => {
      const noNegatives = evaluate(extremes[6]![1]);
      expect([...noNegatives.negatives]).toEqual([0, 0]);
      const noPositives = evaluate(extremes[8]![1]);
      for (const g of noPositives.positives) expect(Math.abs(g)).toBe(0);
    });
  });
}

function row(positives: number[], negatives: number[]): ScoreRow {
  return { positives: Float64Array.from(positives), negatives: Float64Array.from(negatives) };
}

function expectFinite({ value, positives, negatives }: Evaluation): void {
  for (const number of [value, ...positives, ...negatives]) expect(number).toSatisfy(Number.isFinite);
}
