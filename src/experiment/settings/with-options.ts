import { TaurecError } from '../../errors.ts';
import { replaceOptions } from '../../loss/losses.ts';
import { mergeConfigs } from '../run/merge-config.ts';
import type { LossCase } from './settings.ts';

/** Options of a loss, and training options under names that begin with `config.`. */
export type Options = Readonly<Record<string, unknown>>;

/** The loss with these options, which are no longer chosen. @throws TaurecError `bad-option` for options of a loss that is an object */
export function withOptions(loss: LossCase, options: Options): LossCase {
  const isTraining = ([name]: [string, unknown]) => name.startsWith('config.');
  const all = Object.entries(options);
  const ofLoss = Object.fromEntries(all.filter((option) => !isTraining(option)));
  const training = Object.fromEntries(all.filter(isTraining).map(([name, x]) => [name.slice('config.'.length), x]));
  if ('evaluate' in loss.source && Object.keys(ofLoss).length > 0) {
    const expected = 'a loss by name or module, whose options can be set';
    throw new TaurecError('bad-option', { option: 'losses', got: `the object ${loss.label}`, expected });
  }
  const candidates = Object.entries(loss.candidates).filter(([name]) => !(name in options));
  return {
    ...loss,
    source: replaceOptions(loss.source, ofLoss),
    config: mergeConfigs(loss.config, training),
    candidates: Object.fromEntries(candidates),
  };
}
