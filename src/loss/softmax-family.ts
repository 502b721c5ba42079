import { notNegative, type OptionFacts, option, positive, temperature } from '../option.ts';
import { automaticTau } from './automatic-tau.ts';
import type { LossDeclaration } from './loss.ts';

const digits = (x: number) => Number(x.toPrecision(3));

/** λ at the start of its automatic search: close to the usual choice for each aim (docs/decisions/012-automatic-options.md). */
const startWeight = { accuracy: 1.2, discovery: 0.75 };

/** Facts of the option `tau`: tuning searches between half and twice the automatic temperature. */
export const tauFacts = {
  flag: '--tau <number>',
  help: 'temperature of the negatives (softmax family), inf, or auto: chosen by validation',
  // Temperatures are compared by ratios, weights by differences.
  automatic: { start: ({ items }) => automaticTau(items), stride: { factor: 1.4 }, least: 0.01, most: 3 },
  search: (tau) => ({ logUniform: [digits(tau / 2), digits(tau * 2)], start: tau }),
} satisfies OptionFacts;

/** Facts of the option `negativeWeight` of every loss. */
export const negativeWeightFacts = {
  flag: '--negative-weight <number>',
  help: 'weight of the negatives: above 1 favours popular items; or auto',
} satisfies OptionFacts;

/** λ of the softmax family, which training can choose by validation. */
export const lambda = option(notNegative.default(1), {
  ...negativeWeightFacts,
  automatic: { start: ({ aim }) => startWeight[aim], stride: { step: 0.15 }, least: 0, most: 3 },
  searchWithoutPrior: { uniform: [0.8, 1.5], start: 1.2 },
});
/** τ of a loss that takes the plain mean at "inf". */
export const tau = option(temperature.default(0.1), tauFacts);
/** τ of a loss that needs a finite one. */
export const finiteTau = option(positive.default(0.1), tauFacts);

/** What the losses with a temperature and a weight of the negatives have in common; their τ follows the size of the catalogue. */
export const softmaxFamily = {
  score: 'cosine',
  byCatalogue: (items) => ({ tau: automaticTau(items) }),
  // Negatives drawn by the root of popularity leave popularity to the prior.
  tuning: { batch: { pool: 'popularity', alpha: 0.5 } },
} satisfies Omit<LossDeclaration, 'options'>;
