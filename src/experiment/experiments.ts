import { TaurecError } from '../errors.ts';
import type { Experiment } from './experiment.ts';
import { batches } from './experiments/batches.ts';
import { fairness } from './experiments/fairness.ts';
import { losses } from './experiments/losses.ts';
import { falseNegatives, negativeNoise } from './experiments/negative-noise.ts';
import { negatives } from './experiments/negatives.ts';
import { papers } from './experiments/papers.ts';
import { popularityDial } from './experiments/popularity-dial.ts';
import { popularityShift, temporalShift } from './experiments/popularity-shift.ts';
import { positiveNoise } from './experiments/positive-noise.ts';
import { publishedTables } from './experiments/published-tables.ts';
import { temperature } from './experiments/temperature.ts';

/** All experiments. A new one is added here and nowhere else. */
export const experiments: readonly Experiment[] = [
  losses,
  positiveNoise,
  negativeNoise,
  falseNegatives,
  popularityShift,
  temporalShift,
  fairness,
  popularityDial,
  temperature,
  batches,
  negatives,
  publishedTables,
  papers,
];

/** The experiment with this name. @throws TaurecError `unknown-name` */
export function experimentNamed(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  throw new TaurecError('unknown-name', { kind: 'experiment', got: name, known: experiments.map((one) => one.name) });
}
