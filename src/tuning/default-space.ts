import { TaurecError } from '../errors.ts';
import { fitLoss, type LossName, lossNames } from '../loss/losses.ts';
import type { Dimension, Space } from '../search/space.ts';
import { parseTrainConfig, type TrainConfigInput } from '../training/config.ts';

/** What is searched for a loss when nobody says, and the settings that go with it. */
interface LossSpace {
  readonly settings: TrainConfigInput;
  /** Searched in place of the prior, and the negatives drawn uniformly, where the configuration gives the prior as a number. */
  readonly withoutPrior?: Space;
  /** Under the options of the loss that nobody gave: `loss.…`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** @param tau the automatic one, where the loss has one */
  readonly space: (tau: number) => Space;
}

/** The prior is chosen at every validation, which are few therefore; ten rounds of patience let the schedule end. */
const prior = { popularityPrior: 'auto', validation: { every: 20, patience: 10 } } satisfies TrainConfigInput;
/** Negatives by the root of popularity leave popularity to the prior. */
const softmaxSettings: TrainConfigInput = { ...prior, batch: { pool: 'popularity', alpha: 0.5 } };

const learningRate: Dimension = { logUniform: [0.01, 0.06], start: 0.03 };
/** Twice and half the automatic temperature. */
const around = (tau: number): Dimension => ({ logUniform: [digits(tau / 2), digits(tau * 2)], start: tau });
const digits = (x: number) => Number(x.toPrecision(3));

function softmax(more: Space = {}, options?: LossSpace['options']): LossSpace {
  return {
    settings: softmaxSettings,
    withoutPrior: { 'loss.negativeWeight': { uniform: [0.8, 1.5], start: 1.2 } },
    options,
    space: (tau) => ({ 'loss.tau': around(tau), learningRate, ...more }),
  };
}

/** Inner products, which decay and dropout keep small. */
function inner(more: Space = {}): LossSpace {
  return {
    settings: prior,
    space: () => ({
      learningRate: { logUniform: [0.005, 0.05], start: 0.02 },
      decoupledWeightDecay: { logUniform: [0.02, 2], start: 0.3 },
      embeddingDropout: { choice: [0, 0.2] },
      ...more,
    }),
  };
}

/** The default space of every built-in loss; the only list. */
const spaces: Readonly<Record<LossName, LossSpace>> = {
  sl: softmax(),
  bsl: softmax({ 'loss.tau1': { logUniform: [0.7, 4], start: 1 } }, { negativeWeight: 1 }),
  dsl: softmax(),
  psl: softmax(),
  slatk: softmax({ 'loss.tauWeight': { logUniform: [2, 10], start: 4 } }),
  sogclr: softmax(),
  advinfonce: softmax(),
  llpauc: {
    settings: prior,
    space: () => ({ 'loss.tau': { logUniform: [0.1, 1], start: 0.3 }, learningRate }),
  },
  bpr: inner(),
  bce: inner(),
  gbce: inner({ 'loss.calibration': { uniform: [0, 1], start: 0.75 } }),
  mse: inner(),
  ccl: {
    settings: prior,
    space: () => ({
      'loss.margin': { uniform: [0.2, 0.95], start: 0.8 },
      'loss.negativeWeight': { logUniform: [1, 100], start: 5 },
      learningRate,
    }),
  },
};

/**
 * The space of the configuration's loss when nobody gave one: few dimensions, each around what is good as a rule. What the configuration says itself stays as it is; the rest of
 * the settings are those that suit the space, the popularity prior first of all (docs/tuning.md).
 * @param items of the catalogue, by which a temperature begins
 * @returns the space, and the configuration with its settings
 * @throws TaurecError `bad-option` for a loss of one's own, and when the configuration leaves nothing to search
 */
export function defaultSpace(base: TrainConfigInput, items: number): { space: Space; config: TrainConfigInput } {
  const { loss } = parseTrainConfig(base);
  const name = 'name' in loss && !('evaluate' in loss) ? (loss.name as LossName) : undefined;
  if (name === undefined || !lossNames.includes(name)) {
    const expected = 'dimensions of your own for a loss of your own: { "loss.tau": { logUniform: [0.05, 0.5] } }';
    throw new TaurecError('bad-option', { option: 'tune.space', got: undefined, expected });
  }
  const { options, space, withoutPrior, ...entry } = spaces[name];
  const priorGiven = withoutPrior && base.popularityPrior !== undefined && base.popularityPrior !== 'auto';
  const settings: TrainConfigInput = priorGiven ? {} : entry.settings;
  // Without a word about the loss its default options are no choice of anybody.
  const given = base.loss === undefined ? {} : ((loss as { options?: object }).options ?? {});
  const fitted = fitLoss({ name }, items) as { options?: { tau?: number } };
  const said = (path: string) => {
    const [first, second] = path.split('.') as [string, string?];
    if (first === 'loss') return Object.hasOwn(given, second!);
    return base[first as keyof TrainConfigInput] !== undefined;
  };
  const searched = Object.entries({ ...space(fitted.options?.tau ?? 0.1), ...(priorGiven && withoutPrior) }).filter(
    ([path]) => !said(path),
  );
  if (searched.length === 0) {
    const expected = `at least one of ${Object.keys(space(0.1)).join(', ')} left open, or a space of your own`;
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
      loss: { name, options: { ...(!priorGiven && options), ...given } },
    },
  };
}
