import { TaurecError } from '../../errors.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import { configAt } from '../../tuning/config-at.ts';
import type { SweepRequest } from '../session.ts';
import { parsePlainConfig } from './plain-config.ts';

/** Runs of a sweep at most. */
const MOST = 100;

/**
 * The configurations of a grid, the first axis slowest, each named by its values.
 * @throws TaurecError `bad-option` for no axis or more than two, an axis without values, more than 100 runs, and a configuration that training would refuse
 */
export function sweepConfigs({
  config,
  axes,
}: SweepRequest): { readonly name: string; readonly config: TrainConfigInput }[] {
  const runs = axes.reduce((count, { values }) => count * values.length, 1);
  if (axes.length < 1 || axes.length > 2 || runs < 1 || runs > MOST) {
    const got = `${axes.length} with ${runs} runs`;
    throw new TaurecError('bad-option', { option: 'axes', got, expected: `one or two axes with 1 to ${MOST} runs` });
  }
  let points: Readonly<Record<string, number | string | boolean>>[] = [{}];
  for (const { path, values } of axes)
    points = points.flatMap((point) => values.map((value) => ({ ...point, [plain(path)]: value })));
  return points.map((point) => {
    const at = configAt(config, point);
    parsePlainConfig(at);
    const name = Object.entries(point)
      .map(([path, value]) => `${path} ${value}`)
      .join(', ');
    return { name, config: at };
  });
}

/** `loss.options.tau1` as `loss.tau1`: the options of a loss or a backbone are given next to its name. */
const plain = (path: string) => path.replace(/^(loss|backbone)\.options\./, '$1.');
