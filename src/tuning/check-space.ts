import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import { checkScore, withoutAutomatic } from '../loss/losses.ts';
import { extremes, type Value } from '../search/dimension.ts';
import type { Space } from '../search/space.ts';
import { parseTrainConfig, type TrainConfigInput, trainOptions } from '../training/config.ts';
import { nearest } from '../training/option-errors.ts';
import { configAt } from './config-at.ts';

/** Options that change no result, or without which values could not be compared, by their declarations; groups of nothing else too. */
const fixed = new Set(trainOptions.filter(({ facts }) => facts?.fixed).map(({ path }) => path.split('.', 1)[0]!));

/**
 * Looks at the ends and the choices of every dimension: training must have the option and take the value, whatever loss and backbone the space chooses.
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

/** The base under every loss and backbone that the space chooses as a whole. */
function wholes(base: TrainConfigInput, space: Space) {
  let all: { config: TrainConfigInput; point: Record<string, Value> }[] = [{ config: base, point: {} }];
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

async function check(input: TrainConfigInput, path: string, value: Value): Promise<void> {
  try {
    const config = parseTrainConfig(input);
    await loadBackbone(config.backbone);
    checkScore(await loadLoss(withoutAutomatic(config.loss)), config.score);
  } catch (error) {
    throw asOfSpace(error, path, value);
  }
}

/** The error as one of the space's path. */
function asOfSpace(error: unknown, path: string, value: Value): unknown {
  if (!(error instanceof TaurecError) || (error.code !== 'bad-option' && error.code !== 'unknown-name')) return error;
  const { expected, remedy, known, kind, got } = error.facts as Record<string, string> & { known?: readonly string[] };
  const shown = typeof value === 'object' ? JSON.stringify(value) : value;
  const facts =
    error.code === 'bad-option'
      ? { got: shown, expected, remedy }
      : { got, expected: `a ${kind}: ${known!.join(', ')}`, remedy: near(String(got), known!) };
  return new TaurecError('bad-option', { option: `tune.space.${path}`, ...facts }, { cause: error });
}

function near(word: string, known: readonly string[]): string | undefined {
  const name = nearest(word, known);
  return name && `Did you mean ${name}?`;
}
