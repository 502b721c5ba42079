import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DualScaleFamily } from '../../bench/dsl/family.mjs';
import { members } from '../../bench/dsl/members.mjs';
import { expOfNegative } from '../../bench/dsl/softmax.mjs';
import { columnCosines } from '../../bench/dsl/trainer.mjs';
import { csrFromEntries } from '../../src/array/csr.ts';
import { DualScaleSoftmaxLoss } from '../../src/loss/dsl.ts';
import type { Loss, ScoreRow } from '../../src/loss/loss.ts';
import { SoftmaxLoss } from '../../src/loss/sl.ts';
import { meanOf } from '../contracts/loss-contract.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';
import { type SimilarityRow as Case, evaluateSimilarityRow as evaluate } from '../support/similarity-row.ts';

type Options = Readonly<Record<string, unknown>>;

/** P × n similarities as a training matrix's cosines: item i of the positives is row i, item j of the negatives column P + j. Zeros stay out. */
function asCsr(cosines: readonly Float64Array[]) {
  const P = cosines.length;
  const entries = cosines.flatMap((row, i) => Array.from(row, (value, j) => ({ i, j: P + j, value })));
  const kept = entries.filter(({ value }) => value !== 0);
  const size = P + (cosines[0]?.length ?? 0);
  return csrFromEntries(
    size,
    size,
    Int32Array.from(kept, ({ i }) => i),
    Int32Array.from(kept, ({ j }) => j),
    Float32Array.from(kept, ({ value }) => value),
  );
}

const family = (options: Options, one: Case) =>
  new DualScaleFamily(options, options.similarity === 'co-occurrence' ? asCsr(one.cosines) : undefined);

// ---- the family written out, with masked negatives left out of every list ----

/** (x − mean)/deviation, deviation at least .001. */
function standardized(x: number[]): number[] {
  const mean = meanOf(x);
  const deviation = Math.sqrt(meanOf(x.map((v) => (v - mean) ** 2)));
  return x.map((v) => (v - mean) / Math.max(deviation, 1e-3));
}

/** [P][n] log weights of the unmasked negatives, and temperatures [P]. */
function heldOf(options: Options, { row, cosines, state }: Case): { omega: number[][]; tau: number[] } {
  const o = {
    ...{ tau: 0.1, hardness: 'score', kappaHardness: 0, kappaSimilarity: 0, kappaProduct: 0, by: 'positive' },
    ...{ clip: Infinity, intensity: 'gap', competition: 0, slate: 'weighted', size: 64, range: 2 },
    ...(options as object),
  };
  const alive = aliveOf(row);
  const s = alive.map((j) => row.negatives[j]!);
  const n = s.length;
  const order = [...s.keys()].sort((a, b) => s[a]! - s[b]!);
  const place = (j: number) => (order.indexOf(j) + 0.5) / n;
  const mass = meanOf(s.map((x) => Math.exp(x / o.tau)));
  const share = (x: number) => Math.exp(x / o.tau) / (n * mass);
  const hardness = standardized(
    s.map((x, j) => {
      if (o.hardness === 'rank') return place(j);
      if (o.hardness === 'log-rank') return -Math.log(1 - place(j));
      // The family counts the row's masked negatives in n; at most 1 is added under the logarithm, so this stays a formula of its own.
      return o.hardness === 'share' ? Math.log(1 + row.negatives.length * share(x)) : x;
    }),
  );
  const similarityOf = (i: number) => alive.map((j) => cosines[i]![j]!);
  const found = Array.from(row.positives, (positive, i) => {
    const own = similarityOf(i);
    const mean = own.map((_, j) => meanOf(Array.from(row.positives, (_, p) => similarityOf(p)[j]!)));
    const similarity = standardized(o.by === 'user' ? mean : own);
    const omega = hardness.map((h, j) => {
      const c = similarity[j]!;
      const sum = o.kappaHardness * h + o.kappaSimilarity * c + o.kappaProduct * h * c;
      return Math.min(o.clip, Math.max(-o.clip, sum));
    });
    if (o.competition === 0) return { omega, tau: o.tau };
    const keys = s.map((x, j) =>
      o.slate === 'similar' ? similarity[j]! : o.slate === 'plain' ? x : x / o.tau + omega[j]!,
    );
    const slate = [...s.keys()].sort((a, b) => keys[b]! - keys[a]!).slice(0, o.size);
    const terms = slate.map((j) => Math.exp(s[j]! / o.tau + (o.slate === 'weighted' ? omega[j]! : 0)));
    const sum = terms.reduce((a, b) => a + b, 0);
    const intensity =
      o.intensity === 'gap'
        ? meanOf(slate.map((j) => 1 / (1 + Math.exp((positive - s[j]!) / o.tau))))
        : o.intensity === 'mass'
          ? Math.log(sum / Math.exp(positive / o.tau))
          : -Math.log(terms.map((term) => (term / sum) ** 2).reduce((a, b) => a + b, 0));
    const [weight, center, variance, logFactor] = state as [number, number, number, number];
    const z = weight > 0 ? (intensity - center) / Math.max(Math.sqrt(variance), 1e-3) : 0;
    const bound = Math.log(o.range);
    return { omega, tau: o.tau * Math.exp(Math.min(bound, Math.max(-bound, o.competition * z)) - logFactor) };
  });
  return { omega: found.map(({ omega }) => omega), tau: found.map(({ tau }) => tau) };
}

const aliveOf = ({ negatives, negativeWeights }: ScoreRow) =>
  [...negatives.keys()].filter((j) => negativeWeights?.[j] !== 0);

/** E_i ( −s_i + λ LEE_τi(s_j; e^(ω_ij)) ) / d_i with ω and τ_i held. */
function familyValue(options: Options, row: ScoreRow, { omega, tau }: ReturnType<typeof heldOf>): number {
  const { tau: common = 0.1, negativeWeight = 1, divisor } = options as Record<string, number>;
  const s = aliveOf(row).map((j) => row.negatives[j]!);
  return meanOf(
    Array.from(row.positives, (positive, i) => {
      const own = tau[i]!;
      const w = omega[i]!.map((x) => Math.exp(x));
      const lee =
        own *
        Math.log(
          meanOf(
            s.map((x) => Math.exp(x / own)),
            w,
          ),
        );
      return (negativeWeight * lee - positive) / ((divisor as unknown) === 'own' ? own : common);
    }),
    row.positiveWeights,
  );
}

const score = fc.double({ min: -1, max: 1, noNaN: true });
/** Distinct scores: ties of ranks and slates have a rule of their own. */
const distinct = (max: number) =>
  fc
    .uniqueArray(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 3, maxLength: max })
    .map((x) => x.map((k) => k / 1e6));
const state = fc.tuple(fc.constantFrom(0, 3), score, fc.double({ min: 0, max: 0.5, noNaN: true }), score);
const cases: fc.Arbitrary<Case> = fc
  .tuple(fc.array(score, { minLength: 1, maxLength: 3 }), distinct(12), state)
  .chain(([positives, negatives, state]) =>
    fc.record({
      row: fc.record({
        positives: fc.constant(Float64Array.from(positives)),
        negatives: fc.constant(Float64Array.from(negatives)),
        positiveWeights: fc.option(fc.constant(Float64Array.from(positives, (_, i) => 0.5 + i)), { nil: undefined }),
        // At least two negatives stay.
        negativeWeights: fc.option(fc.constant(Float64Array.from(negatives, (_, j) => (j % 3 === 2 ? 0 : 1))), {
          nil: undefined,
        }),
      }),
      cosines: fc.tuple(...positives.map(() => distinctOf(negatives.length))),
      state: fc.constant(state),
    }),
  );
/** `count` similarities that single precision holds, so that those of the sparse matrix are the same numbers. */
function distinctOf(count: number): fc.Arbitrary<Float64Array> {
  return fc
    .uniqueArray(fc.integer({ min: -(2 ** 12), max: 2 ** 12 }), { minLength: count, maxLength: count })
    .map((x) => Float64Array.from(x, (k) => k / 2 ** 12));
}
const runs = draws(60);

describe('the family of dual-scale losses', () => {
  const tau = fc.double({ min: 0.05, max: 1, noNaN: true });
  const strength = fc.double({ min: -0.8, max: 0.8, noNaN: true });
  /** Equal values and gradients. */
  const expectEqual = (one: Case, a: Loss, b: Loss) => {
    const [got, expected] = [evaluate(a, one), evaluate(b, one)];
    expectClose([got.value], [expected.value], 1e-8, 1e-8, 'value');
    const most = Math.max(...[...expected.positives, ...expected.negatives].map(Math.abs));
    expectClose(got.positives, expected.positives, 1e-8 * most, 1e-8, 'positive gradients');
    expectClose(got.negatives, expected.negatives, 1e-8 * most, 1e-8, 'negative gradients');
    expectClose(got.globalUpdate, expected.globalUpdate, 1e-8, 1e-8, 'state');
  };

  test('is the softmax loss with everything off', () => {
    fc.assert(
      fc.property(cases, tau, fc.constantFrom(0.7, 1, 1.3), (one, tau, negativeWeight) => {
        const options = { tau, negativeWeight };
        expectEqual(one, new DualScaleFamily(options), new SoftmaxLoss(options));
      }),
      runs,
    );
  });

  test('is the built-in dsl with the axes that it has', () => {
    fc.assert(
      fc.property(
        cases,
        tau,
        strength,
        fc.constantFrom(0, -0.4, 0.6),
        fc.constantFrom(0, -0.5, 0.5),
        fc.integer({ min: 1, max: 14 }),
        (one, tau, hardness, similarity, competition, size) => {
          const built = new DualScaleSoftmaxLoss({ tau, hardness, similarity, competition, slate: size });
          const axes = { kappaHardness: hardness, kappaSimilarity: similarity, competition, size };
          expectEqual(one, new DualScaleFamily({ tau, ...axes }), built);
        },
      ),
      runs,
    );
  });

  // Two draws of each member in an ordinary run, ten in continuous integration.
  test.each(Object.entries(members))('%s is its formula, and its gradients are differences of it', (_, member) => {
    fc.assert(
      fc.property(cases, tau, fc.constantFrom(0.8, 1), (one, tau, negativeWeight) => {
        const options = { ...member, tau, negativeWeight };
        const got = evaluate(family(options, one), one);
        const held = heldOf(options, one);
        expectClose([got.value], [familyValue(options, one.row, held)], 1e-7, 1e-7, 'value');
        const step = 1e-4 * tau;
        const all = [...got.positives, ...got.negatives];
        const most = Math.max(...all.map(Math.abs));
        // At λ = 1 no member moves all scores of a row up or down.
        if (negativeWeight === 1) expect(Math.abs(all.reduce((a, b) => a + b, 0))).toBeLessThan(1e-7 * most);
        for (const side of ['positives', 'negatives'] as const) {
          const differences = one.row[side].map((_, at) => {
            const moved = (by: number) => {
              const scores = one.row[side].slice();
              scores[at]! += by;
              return familyValue(options, { ...one.row, [side]: scores }, held);
            };
            return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
          });
          expectClose(got[side], differences, 1e-6 * most + 1e-14 / step, 1e-6, `gradients of the ${side}`);
        }
      }),
      draws(10),
    );
  });

  test('moments of one batch forget the batches before', () => {
    const update = (moments: string, global: number[], globalSum: number[]) => {
      const states = Float64Array.from(global);
      const none = { epoch: 0, rows: 1, users: [], items: new Float64Array(0), touchedItems: new Int32Array(0) };
      new DualScaleFamily({ competition: 1, moments }).updateStates!({
        ...{ ...none, itemSums: new Float64Array(0) },
        ...{ global: states, globalSum: Float64Array.from(globalSum) },
      });
      return [...states];
    };
    // Two positives at distances 1 and 3 of the old mean .5: mean .5 + 2, variance 1.
    const sums = [2, 4, 10, 0.6];
    expectClose(update('batch', [9, 0.5, 7, 0.2], sums), [2, 2.5, 1, 0.3], 1e-12, 1e-12);
    expect(update('running', [9, 0.5, 7, 0.2], sums)[1]).toBeLessThan(1);
  });
});

test('exponentials are those of Math.exp', () => {
  fc.assert(
    fc.property(fc.double({ min: -39.9, max: 0, noNaN: true }), (x) =>
      expectClose([expOfNegative(x)], [Math.exp(x)], 0, 1e-9),
    ),
  );
  expect([expOfNegative(0), expOfNegative(-41), expOfNegative(-Infinity)]).toEqual([1, 0, 0]);
});

test('co-occurrences are the cosines of the columns', () => {
  const cells = fc.uniqueArray(fc.tuple(fc.nat(5), fc.nat(4)), { minLength: 1, maxLength: 20, selector: String });
  fc.assert(
    fc.property(cells, (cells) => {
      const users = Int32Array.from(cells, ([u]) => u);
      const found = columnCosines(
        csrFromEntries(
          6,
          5,
          users,
          Int32Array.from(cells, ([, i]) => i),
        ),
      );
      const column = (i: number) => [0, 1, 2, 3, 4, 5].map((u) => Number(cells.some(([a, b]) => a === u && b === i)));
      const dot = (a: number[], b: number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
      for (let i = 0; i < 5; i++) {
        const dense = [0, 0, 0, 0, 0];
        for (let e = found.offsets[i]!; e < found.offsets[i + 1]!; e++) dense[found.indices[e]!] = found.values[e]!;
        const expected = dense.map((_, j) => {
          const [a, b] = [column(i), column(j)];
          return i === j || dot(a, b) === 0 ? 0 : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
        });
        expectClose(dense, expected, 0, 1e-6);
      }
    }),
    runs,
  );
});
