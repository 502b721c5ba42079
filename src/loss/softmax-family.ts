import { notNegative, type OptionFacts, option, positive, temperature } from '../option.ts';
import { automaticTau } from './automatic-tau.ts';
import type { LossDeclaration } from './loss.ts';

/** Rounds to three significant digits, so that search ranges stay readable. */
const digits = (x: number) => Number(x.toPrecision(3));

/** λ at the start of its automatic search: close to the usual choice for each aim (docs/decisions/012-automatic-options.md). */
const startWeight = { accuracy: 1.2, discovery: 0.75 };

/** Facts of the option `tau`: tuning searches between half and twice the automatic temperature. */
export const tauFacts = {
  flag: '--tau <number>',
  help: 'temperature of the negatives (softmax losses); inf for the plain mean, auto to choose it by validation',
  // Temperatures are compared by ratios, weights by differences.
  automatic: { start: ({ items }) => automaticTau(items), stride: { factor: 1.4 }, least: 0.01, most: 3 },
  search: (tau) => ({ logUniform: [digits(tau / 2), digits(tau * 2)], start: tau }),
} satisfies OptionFacts;

/** Help of the option `negativeWeight`, which several losses have. */
export const negativeWeightFacts = {
  flag: '--negative-weight <number>',
  help: 'weight of the negatives; above 1 favours popular items; auto to choose it by validation',
} satisfies OptionFacts;

/** λ of the softmax family, ≥ 0, default 1. Training can choose it by validation. Tuning searches it only when the popularity prior is fixed: the two move popularity in the same way. */
export const lambda = option(notNegative.default(1), {
  ...negativeWeightFacts,
  automatic: { start: ({ aim }) => startWeight[aim], stride: { step: 0.15 }, least: 0, most: 3 },
  searchWithoutPrior: { uniform: [0.8, 1.5], start: 1.2 },
});
/** τ of a loss that accepts "inf", the plain mean. */
export const tau = option(temperature.default(0.1), tauFacts);
/** τ of a loss that needs a finite temperature. */
export const finiteTau = option(positive.default(0.1), tauFacts);

/** Declaration shared by the losses with a temperature and a weight of the negatives. Their default τ depends on the size of the catalogue. */
export const softmaxFamily = {
  score: 'cosine',
  byCatalogue: (items) => ({ tau: automaticTau(items) }),
  // Tuning draws negatives ∝ degree^½ and lets the popularity prior set how popular the lists are.
  tuning: { batch: { pool: 'popularity', alpha: 0.5 } },
} satisfies Omit<LossDeclaration, 'options'>;
