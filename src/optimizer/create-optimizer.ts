import { TaurecError } from '../errors.ts';
import { Adam } from './adam.ts';
import type { OptimizerOptions, RowOptimizer } from './optimizer.ts';
import { Sgd } from './sgd.ts';

export const optimizerDefaults: OptimizerOptions = {
  name: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  decoupledWeightDecay: 0,
  l2: 0,
};

/**
 * Options with their defaults filled in, checked: β1 in [0, 1), β2 in (0, 1), β1 ≤ β2, ε > 0, weights ≥ 0. Where β2 is the smaller one, the
 * steps that a row has missed grow against one another without end, and no single ε approximates them all (optimizer/adam.ts).
 *
 * @throws TaurecError `bad-option`, `unknown-name`
 */
export function optimizerOptions(given: Partial<OptimizerOptions>): OptimizerOptions {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: OptimizerOptions = { ...optimizerDefaults, ...stated };
  const { name, beta1, beta2, epsilon, decoupledWeightDecay, l2 } = options;
  if (name !== 'adam' && name !== 'sgd') {
    throw new TaurecError('unknown-name', { kind: 'optimizer', got: name, known: ['adam', 'sgd'] });
  }
  check('beta1', beta1, beta1 >= 0 && beta1 < 1, 'a number in [0, 1)');
  check('beta2', beta2, beta2 > 0 && beta2 < 1, 'a number in (0, 1)');
  check('beta1', beta1, beta1 <= beta2, `at most beta2 = ${beta2}`);
  check('epsilon', epsilon, epsilon > 0 && epsilon < Infinity, 'a number > 0');
  check('decoupledWeightDecay', decoupledWeightDecay, decoupledWeightDecay >= 0, 'a number ≥ 0');
  check('l2', l2, l2 >= 0 && l2 < Infinity, 'a number ≥ 0');
  return options;
}

/** The optimiser of the given options. */
export function createOptimizer(options: OptimizerOptions): RowOptimizer {
  const checked = optimizerOptions(options);
  return checked.name === 'adam' ? new Adam(checked) : new Sgd(checked);
}

function check(option: string, got: number, holds: boolean, expected: string): void {
  if (!holds) throw new TaurecError('bad-option', { option: `optimizer.${option}`, got, expected });
}
