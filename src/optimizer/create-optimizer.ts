import { OptionSet } from '../option.ts';
import { Adam } from './adam.ts';
import { type OptimizerOptions, optimizerShape, type RowOptimizer } from './optimizer.ts';
import { Sgd } from './sgd.ts';

const declared = new OptionSet('optimizer', 'optimizer', optimizerShape);

export const optimizerDefaults: OptimizerOptions = declared.read({});

/**
 * Options with their defaults filled in, checked: each by its declaration, and β1 ≤ β2. Where β2 is the smaller one, the
 * steps that a row has missed grow against one another without end, and one ε cannot stand for them all (optimizer/adam.ts).
 *
 * @throws TaurecError `bad-option`, `unknown-name`
 */
export function optimizerOptions(given: Partial<OptimizerOptions>): OptimizerOptions {
  const options = declared.read(given);
  const { beta1, beta2 } = options;
  if (beta1 > beta2) declared.fail(given.beta1 === undefined ? options : given, 'beta1', `at most beta2 = ${beta2}`);
  return options;
}

/** The optimiser of the given options. */
export function createOptimizer(options: OptimizerOptions): RowOptimizer {
  const checked = optimizerOptions(options);
  return checked.name === 'adam' ? new Adam(checked) : new Sgd(checked);
}
