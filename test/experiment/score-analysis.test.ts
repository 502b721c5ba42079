import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csrHas } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { analyseScores, predictTau } from '../../src/experiment/score-analysis.ts';
import { type Model, trainedItems } from '../../src/model/model.ts';
import { expectClose } from '../support/close.ts';
import { errorOf } from '../support/error-of.ts';
import { csrOf } from '../support/evaluation-case.ts';
import { randomModel } from '../support/random-model.ts';

const sumOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const meanOf = (values: readonly number[]) => sumOf(values) / values.length;
const varianceOf = (values: readonly number[]) => meanOf(values.map((v) => (v - meanOf(values)) ** 2));

/** All users, from the definitions. */
function oracle(model: Model, tau: number) {
  const trained = trainedItems(model);
  const dot = (a: Float32Array, b: Float32Array) => sumOf([...a].map((x, c) => x * b[c]!));
  const users = Array.from({ length: model.users.rows }, (_, u) => {
    const positives: number[] = [];
    const negatives: number[] = [];
    for (let i = 0; i < model.items.rows; i++) {
      const [a, b] = [row(model.users, u), row(model.items, i)];
      const score = model.config.score === 'dot' ? dot(a, b) : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      (csrHas(trained, u, i) ? positives : negatives).push(score);
    }
    const terms = negatives.map((s) => Math.exp(s / tau));
    const p = terms.map((term) => term / sumOf(terms));
    return { positives, negatives, p };
  }).filter(({ positives, negatives }) => positives.length > 0 && negatives.length > 0);
  const over = (value: (user: (typeof users)[number]) => number) => meanOf(users.map(value));
  return {
    users: users.length,
    figures: {
      tau,
      negativeMean: over(({ negatives }) => meanOf(negatives)),
      negativeVariance: over(({ negatives }) => varianceOf(negatives)),
      positiveMean: over(({ positives }) => meanOf(positives)),
      positiveVariance: over(({ positives }) => varianceOf(positives)),
      effectiveShare: over(({ p }) => 1 / sumOf(p.map((x) => x * x)) / p.length),
      radius: over(({ p }) => sumOf(p.map((x) => x * Math.log(p.length * x)))),
    },
    weights: users.flatMap(({ p }) => p.map((x) => x * p.length)).sort((a, b) => a - b),
  };
}

test('equals brute force, with validation items among the negatives and biases left out', () => {
  const models = fc.record({
    users: fc.integer({ min: 1, max: 7 }),
    items: fc.integer({ min: 2, max: 9 }),
    score: fc.constantFrom<('cosine' | 'dot')[]>('cosine', 'dot'),
    validation: fc.boolean(),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(models, fc.double({ min: 0.1, max: 5, noNaN: true }), (options, tau) => {
      const model = randomModel({ ...options, biased: true });
      const { users, figures, weights } = oracle(model, tau);
      fc.pre(users > 0);
      const { weightQuantiles, ...analysis } = analyseScores(model, { tau });
      expect(analysis.users).toBe(users);
      for (const name of Object.keys(figures) as (keyof typeof figures)[])
        expectClose([analysis[name]], [figures[name]], 1e-12, 1e-10, name);
      const { negativeVariance, radius, predictedTau } = analysis;
      expectClose([predictedTau], [radius > 0 ? Math.sqrt(negativeVariance / (2 * radius)) : tau], 0, 1e-15);
      expect(weightQuantiles.map(({ quantile }) => quantile)).toEqual([
        0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1,
      ]);
      for (const { quantile, weight } of weightQuantiles)
        expectClose([weight], [weights[Math.ceil(quantile * weights.length) - 1]!], 2e-16, 1.3e-4);
    }),
  );
});

test('τ = ∞: every negative counts alike', () => {
  const { effectiveShare, radius, predictedTau, weightQuantiles } = analyseScores(randomModel(), { tau: Infinity });
  expect({ effectiveShare, radius, predictedTau }).toEqual({ effectiveShare: 1, radius: 0, predictedTau: Infinity });
  expect(new Set(weightQuantiles.map(({ weight }) => weight))).toEqual(new Set([1]));
});

test('at large τ the second order is exact: the radius leads back to τ, and twice τ to a quarter of it', () => {
  const model = randomModel({ users: 20, items: 30 });
  const analysis = analyseScores(model, { tau: 100 });
  expectClose([analysis.predictedTau], [100], 0, 0.01);
  expectClose([predictTau(analysis, analyseScores(model, { tau: 200 }).radius)], [200], 0, 0.01);
  expectClose([predictTau(analysis, analysis.radius / 4)], [2 * analysis.predictedTau], 0, 1e-12);
});

test('a sample holds the number asked for and depends on its seed alone; 6 users fill tiles of 4', () => {
  const model = randomModel({ users: 40, items: 12 });
  const sample = (users: number, seed: number) => analyseScores(model, { tau: 0.2, users, seed });
  expect(sample(6, 1).users).toBe(6);
  expect(sample(6, 1)).toEqual(sample(6, 1));
  expect(sample(6, 1)).not.toEqual(sample(6, 2));
  expect(sample(40, 1)).toEqual(sample(100, 2));
});

test('refuses what cannot be looked at', () => {
  const model = randomModel();
  for (const tau of [0, -1, Number.NaN])
    expect(errorOf(() => analyseScores(model, { tau })).message).toContain('Option tau: got');
  expect(errorOf(() => analyseScores(model, { tau: 1, users: 0 })).message).toContain('Option users: got 0');
  expect(errorOf(() => predictTau({ negativeVariance: 1 }, 0)).message).toContain('Option radius: got 0');
  const items = model.items.rows;
  const all = Array.from({ length: items }, (_, i) => i);
  const seen = csrOf(
    items,
    Array.from({ length: model.users.rows }, (_, u) => (u % 2 ? all : [])),
  );
  expect(errorOf(() => analyseScores({ ...model, seen }, { tau: 1 })).message).toContain(
    'a model with a user who has both training items and other items',
  );
});
