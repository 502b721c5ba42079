import { TaurecError } from '../errors.ts';
import { fitLoss, type LossName, lossDeclarations, lossNames } from '../loss/losses.ts';
import { declaredOptions, defaultOf, type RawOptions } from '../option.ts';
import type { Space } from '../search/space.ts';
import { parseTrainConfig, type TrainConfigInput, trainOptions } from '../training/config.ts';

/** Settings for the popularity prior. Every second validation searches for it, so validations are few; a patience of ten lets the learning-rate schedule finish. */
const prior = { popularityPrior: 'auto', validation: { every: 20, patience: 10 } } satisfies TrainConfigInput;

/** The ranges declared by the options of a loss, and by training options for its score. @param field `searchWithoutPrior` if the popularity prior is given */
function declaredSpace(name: LossName, items: number, field: 'search' | 'searchWithoutPrior'): Space {
  const { options, score } = lossDeclarations[name];
  const fitted = (fitLoss({ name }, items) as { options?: RawOptions }).options ?? {};
  const ofLoss = declaredOptions(options.shape, 'loss.').map(({ path, schema, facts }) => {
    const untuned = fitted[path.slice('loss.'.length)] ?? defaultOf(schema);
    return [path, facts?.[field], untuned, facts?.searchLast] as const;
  });
  const ofTraining = trainOptions.map(({ path, facts }) => [path, facts?.searchByScore?.[score], undefined] as const);
  const [last, first] = [ofLoss.filter(([, , , late]) => late), ofLoss.filter(([, , , late]) => !late)];
  const searched = [...first, ...(field === 'search' ? ofTraining : []), ...last].flatMap(([path, search, untuned]) =>
    search === undefined ? [] : [[path, typeof search === 'function' ? search(Number(untuned)) : search]],
  );
  return Object.fromEntries(searched);
}

/**
 * The default space for the loss of a configuration: few dimensions, each a range around values that usually work. Options that the configuration sets are
 * kept and not searched; the others get settings that suit the space, above all the popularity prior (docs/tuning.md).
 * @param items number of items of the catalogue, from which the range of a temperature is derived
 * @returns the space, and the configuration with these settings
 * @throws TaurecError `bad-option` for a custom loss, and when the configuration leaves nothing to search
 */
export function defaultSpace(base: TrainConfigInput, items: number): { space: Space; config: TrainConfigInput } {
  const { loss } = parseTrainConfig(base);
  const name = 'name' in loss && !('evaluate' in loss) ? (loss.name as LossName) : undefined;
  if (name === undefined || !lossNames.includes(name)) {
    const expected = 'a search space, because the loss is custom: { "loss.tau": { logUniform: [0.05, 0.5] } }';
    throw new TaurecError('bad-option', { option: 'tune.space', got: undefined, expected });
  }
  const { tuning } = lossDeclarations[name];
  const all = declaredSpace(name, items, 'search');
  const withoutPrior = declaredSpace(name, items, 'searchWithoutPrior');
  const priorGiven =
    Object.keys(withoutPrior).length > 0 && base.popularityPrior !== undefined && base.popularityPrior !== 'auto';
  const { options, ...settled } = tuning ?? {};
  const settings: TrainConfigInput = priorGiven ? {} : { ...prior, ...settled };
  // If the configuration has no loss, the options of the default loss are not the user's choice, so they can be searched.
  const given = base.loss === undefined ? {} : ((loss as { options?: object }).options ?? {});
  const said = (path: string) => {
    const [first, second] = path.split('.') as [string, string?];
    if (first === 'loss') return Object.hasOwn(given, second!);
    return base[first as keyof TrainConfigInput] !== undefined;
  };
  const searched = Object.entries({ ...all, ...(priorGiven && withoutPrior) }).filter(([path]) => !said(path));
  if (searched.length === 0) {
    const expected = `at least one of ${Object.keys(all).join(', ')} not set, or a search space`;
    throw new TaurecError('bad-option', { option: 'tune.space', got: 'nothing to search', expected });
  }
  const { pool, kind, negatives } = base.batch ?? {};
  return {
    space: Object.fromEntries(searched),
    config: {
      ...settings,
      ...base,
      batch:
        settings.batch && [pool, kind].every((one) => one === undefined) && negatives !== 'all'
          ? { ...settings.batch, ...base.batch }
          : base.batch,
      validation: { ...settings.validation, ...base.validation },
      loss: { name, options: { ...(!priorGiven && options), ...given } },
    },
  };
}
