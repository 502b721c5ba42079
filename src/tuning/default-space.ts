import { TaurecError } from '../errors.ts';
import { fitLoss, type LossName, lossDeclarations, lossNames } from '../loss/losses.ts';
import { declaredOptions, defaultOf, type RawOptions } from '../option.ts';
import type { Space } from '../search/space.ts';
import { parseTrainConfig, type TrainConfigInput, trainOptions } from '../training/config.ts';

/** The prior is chosen at every validation, which are few therefore; ten rounds of patience let the schedule end. */
const prior = { popularityPrior: 'auto', validation: { every: 20, patience: 10 } } satisfies TrainConfigInput;

/** The ranges that the options of a loss declare, and those that training options declare for its score. */
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
 * The space of the configuration's loss when nobody gave one: few dimensions, each around what is good as a rule. What the configuration says itself stays as it is; the rest of
 * the settings are those that suit the space, the popularity prior first of all (docs/tuning.md).
 * @param items of the catalogue, by which a temperature begins
 * @returns the space, and the configuration with its settings
 * @throws TaurecError `bad-option` for a custom loss, and when the configuration leaves nothing to search
 */
export function defaultSpace(base: TrainConfigInput, items: number): { space: Space; config: TrainConfigInput } {
  const { loss } = parseTrainConfig(base);
  const name = 'name' in loss && !('evaluate' in loss) ? (loss.name as LossName) : undefined;
  if (name === undefined || !lossNames.includes(name)) {
    const expected = 'a space, which a custom loss needs: { "loss.tau": { logUniform: [0.05, 0.5] } }';
    throw new TaurecError('bad-option', { option: 'tune.space', got: undefined, expected });
  }
  const { tuning } = lossDeclarations[name];
  const all = declaredSpace(name, items, 'search');
  const withoutPrior = declaredSpace(name, items, 'searchWithoutPrior');
  const priorGiven =
    Object.keys(withoutPrior).length > 0 && base.popularityPrior !== undefined && base.popularityPrior !== 'auto';
  const settings: TrainConfigInput = priorGiven ? {} : { ...prior, ...(tuning?.batch && { batch: tuning.batch }) };
  // Without a word about the loss its default options are no choice of anybody.
  const given = base.loss === undefined ? {} : ((loss as { options?: object }).options ?? {});
  const said = (path: string) => {
    const [first, second] = path.split('.') as [string, string?];
    if (first === 'loss') return Object.hasOwn(given, second!);
    return base[first as keyof TrainConfigInput] !== undefined;
  };
  const searched = Object.entries({ ...all, ...(priorGiven && withoutPrior) }).filter(([path]) => !said(path));
  if (searched.length === 0) {
    const expected = `at least one of ${Object.keys(all).join(', ')} left open, or a space`;
    throw new TaurecError('bad-option', { option: 'tune.space', got: 'nothing to search', expected });
  }
  return {
    space: Object.fromEntries(searched),
    config: {
      ...settings,
      ...base,
      batch:
        settings.batch && base.batch?.pool === undefined && base.batch?.kind === undefined
          ? { ...settings.batch, ...base.batch }
          : base.batch,
      validation: { ...settings.validation, ...base.validation },
      loss: { name, options: { ...(!priorGiven && tuning?.options), ...given } },
    },
  };
}
