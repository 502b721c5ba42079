import { OptionSet } from '../option.ts';
import { Adam } from './adam.ts';
import { type OptimizerOptions, optimizerShape, type RowOptimizer } from './optimizer.ts';
import { Sgd } from './sgd.ts';

const declared = new OptionSet('optimizer', 'optimizer', optimizerShape);

/** Every optimiser option at its default. */
export const optimizerDefaults: OptimizerOptions = declared.read({});

/**
 * Fills in the defaults and checks the options, including β1 ≤ β2.
 *
 * With β1 > β2, r = β1/√β2 may exceed 1: the skipped steps of a row would grow without bound, and a single ε could not represent them (optimizer/adam.ts).
 *
 * @throws TaurecError `bad-option`, `unknown-name`
 */
export function optimizerOptions(given: Partial<OptimizerOptions>): OptimizerOptions {
  const options = declared.read(given);
  const { beta1, beta2 } = options;
  if (beta1 > beta2) declared.fail(given.beta1 === undefined ? options : given, 'beta1', `at most beta2 = ${beta2}`);
  return options;
}

/**
 * Creates the optimiser of the given options.
 *
 * @throws TaurecError `bad-option`, `unknown-name`
 */
export function createOptimizer(options: OptimizerOptions): RowOptimizer {
  const checked = optimizerOptions(options);
  return checked.name === 'adam' ? new Adam(checked) : new Sgd(checked);
}
