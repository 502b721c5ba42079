import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import { checkScore, withoutAutomatic } from '../loss/losses.ts';
import type { Space, SpacePoint } from '../search/space.ts';
import { type DimensionValue, extremes } from '../search/space.ts';
import { objectIn, parseTrainConfig, type TrainConfigInput, trainOptions } from '../training/config.ts';
import { nearest } from '../training/option-errors.ts';

/** Training options overridden by those of a point. A path is an option, `group.option`, `loss.option` or `backbone.option`. */
export function configAt(base: TrainConfigInput, point: SpacePoint): TrainConfigInput {
  const config: Record<string, unknown> = { ...base };
  // Shorter paths first: a loss chosen as a whole is set before its options.
  const entries = Object.entries(point).sort(([a], [b]) => a.split('.').length - b.split('.').length);
  for (const [path, value] of entries) {
    const [first, ...rest] = path.split('.') as [string, ...string[]];
    const option = rest.join('.');
    if (option === '') config[first] = value;
    else if (first === 'loss' || first === 'backbone')
      config[first] = withOption(config[first] ?? defaults()[first], option, value);
    else config[first] = { ...asGroup(config[first]), [option]: value };
  }
  return config as TrainConfigInput;
}

const defaults = () => parseTrainConfig({});

/** A loss or backbone with an option set or replaced. */
function withOption(source: unknown, option: string, value: unknown): unknown {
  if (typeof source === 'string') return { name: source, options: { [option]: value } };
  const { options, ...rest } = source as { options?: object } & Record<string, unknown>;
  const { [option]: _, ...others } = rest;
  return { ...others, options: { ...options, [option]: value } };
}

/** The value of a group as an object: `'cosine'` means `{ name: 'cosine' }`. */
function asGroup(value: unknown): object | undefined {
  return typeof value === 'string' ? { name: value } : (value as object | undefined);
}

/** True when the loss, the backbone, the pool or the sampler is an object, which cannot be sent to another process. */
export const hasObject = (config: TrainConfigInput): boolean => objectIn(config) !== undefined;

/** Options (and groups) that a space must not contain, by their declarations: those that change no result, and those that must be equal for trials to be comparable. */
const fixed = new Set(trainOptions.filter(({ facts }) => facts?.fixed).map(({ path }) => path.split('.', 1)[0]!));

/**
 * Checks both ends, or all choices, of every dimension: training must know the option and accept the value, for every loss and backbone of the space.
 * @throws TaurecError `bad-option`, naming the path; an unknown option names the nearest known one
 */
export async function checkSpace(base: TrainConfigInput, space: Space): Promise<void> {
  for (const path of Object.keys(space)) {
    if (!fixed.has(path.split('.', 1)[0]!)) continue;
    const expected =
      'an option that may differ between trials: validation must compare them, and they must be repeatable';
    throw new TaurecError('bad-option', { option: `tune.space.${path}`, got: path, expected });
  }
  for (const whole of wholes(base, space)) {
    for (const [path, dimension] of Object.entries(space)) {
      if (path in whole.point && path.length === path.split('.', 1)[0]!.length) {
        await check(whole.config, path, whole.point[path]);
      } else
        for (const value of extremes(dimension)) await check(configAt(whole.config, { [path]: value }), path, value);
    }
  }
}

/** The base configuration with every combination of loss and backbone that the space chooses as a whole; `point` has the choices. */
function wholes(base: TrainConfigInput, space: Space) {
  let all: { config: TrainConfigInput; point: Record<string, DimensionValue> }[] = [{ config: base, point: {} }];
  for (const path of ['loss', 'backbone']) {
    const dimension = space[path];
    if (!dimension) continue;
    const values = extremes(dimension);
    all = all.flatMap(({ config, point }) =>
      values.map((value) => ({ config: configAt(config, { [path]: value }), point: { ...point, [path]: value } })),
    );
  }
  return all;
}

/** Checks a training configuration that has `value` at `path`. @throws TaurecError `bad-option` for the path of the space */
async function check(input: TrainConfigInput, path: string, value: DimensionValue): Promise<void> {
  try {
    const config = parseTrainConfig(input);
    await loadBackbone(config.backbone);
    checkScore(await loadLoss(withoutAutomatic(config.loss)), config.score);
  } catch (error) {
    throw asOfSpace(error, path, value);
  }
}

/** The error, reworded for the path of the space; other errors unchanged. */
function asOfSpace(error: unknown, path: string, value: DimensionValue): unknown {
  if (!(error instanceof TaurecError) || (error.code !== 'bad-option' && error.code !== 'unknown-name')) return error;
  const { expected, remedy, known, kind, got } = error.facts as Record<string, string> & { known?: readonly string[] };
  const shown = typeof value === 'object' ? JSON.stringify(value) : value;
  const facts =
    error.code === 'bad-option'
      ? { got: shown, expected, remedy }
      : { got, expected: `a ${kind}: ${known!.join(', ')}`, remedy: near(String(got), known!) };
  return new TaurecError('bad-option', { option: `tune.space.${path}`, ...facts }, { cause: error });
}

/** A suggestion for a misspelt name. */
function near(word: string, known: readonly string[]): string | undefined {
  const name = nearest(word, known);
  return name && `Did you mean ${name}?`;
}
