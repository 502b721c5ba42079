import { TaurecError } from '../errors.ts';
import { automaticTau } from '../loss/automatic-tau.ts';
import type { LossSource } from '../loss/loss.ts';
import { automaticOptions, replaceOptions, type SearchedOption } from '../loss/losses.ts';
import type { Coordinate, Point } from '../search/lattice-search.ts';
import type { Aim } from './aim.ts';
import type { TrainConfig } from './config.ts';
import type { TrainingData } from './training-state.ts';
import { hasUsers } from './validation.ts';

/** λ at which the search begins: about what an aim comes to (docs/decisions/012-automatic-options.md). */
const startWeight: Readonly<Record<Aim, number>> = { accuracy: 1.2, discovery: 0.75 };

/** Where the search for an option begins, how far it strides and may go. τ is compared by ratios, λ by differences. */
const coordinate: Readonly<Record<SearchedOption, (aim: Aim, items: number) => Omit<Coordinate, 'name'>>> = {
  tau: (_, items) => ({ start: automaticTau(items), stride: { factor: 1.4 }, least: 0.01, most: 3 }),
  negativeWeight: (aim) => ({ start: startWeight[aim], stride: { step: 0.15 }, least: 0, most: 3 }),
};

/**
 * The options of the loss that are `'auto'`, as coordinates of the search that chooses them; none as a rule.
 * @throws TaurecError `bad-option` when the loss has no such option, or there is no validation part to choose by
 */
export function automaticCoordinates({ loss, aim }: TrainConfig, { train, valid }: TrainingData): Coordinate[] {
  const options = automaticOptions(loss);
  if (options.length > 0 && !(valid && hasUsers(valid, train))) {
    throw new TaurecError('bad-option', {
      option: `${'name' in loss ? loss.name : 'loss'}.${options[0]}`,
      got: 'auto',
      expected: 'a number where there is no validation part to choose it by',
      remedy: 'Hold one out: validRatio 0.1 of loadDataset (--valid-ratio 0.1), or give one.',
    });
  }
  return options.map((name) => ({ name, ...coordinate[name](aim, train.columns) }));
}

export function startOf(coordinates: readonly Coordinate[]): Point {
  return Object.fromEntries(coordinates.map(({ name, start }) => [name, start]));
}

/** The loss as it was given: `'auto'` for what is searched. */
export function withAutomatic(loss: LossSource, coordinates: readonly Coordinate[]): LossSource {
  return replaceOptions(loss, Object.fromEntries(coordinates.map(({ name }) => [name, 'auto'])));
}
