import { TaurecError } from '../errors.ts';
import type { LossSource } from '../loss/loss.ts';
import { automaticOptions, automaticSearch, replaceOptions } from '../loss/losses.ts';
import { type Coordinate, type LatticePoint, latticeSearch } from '../search/lattice-search.ts';
import { runSearches } from '../search/search.ts';
import type { TrainConfig } from './config.ts';
import type { TrainEvent } from './events.ts';
import type { AutomaticTrial, RunOptions, TrainingData, Tuning } from './training.ts';
import { hasUsers } from './validation.ts';

/**
 * The options of the loss that are `'auto'`, as coordinates of the search that chooses them; none as a rule.
 * @throws TaurecError `bad-option` when the loss has no such option, or there is no validation part to choose by
 */
export function automaticCoordinates({ loss, aim }: TrainConfig, { train, valid }: TrainingData): Coordinate[] {
  const options = automaticOptions(loss);
  if (options.length > 0 && !(valid && hasUsers(valid, train))) {
    throw new TaurecError('bad-option', {
      option: `${'name' in loss ? loss.name : 'loss'}.${options[0]}`,
      got: 'auto',
      expected: 'a number, because there is no validation part to choose it',
      remedy: 'Hold one out: validRatio 0.1 of loadDataset (--valid-ratio 0.1), or give one.',
    });
  }
  return options.map((name) => {
    // Options that are 'auto' are those of built-in losses, which have a name.
    const { start, stride, least, most } = automaticSearch((loss as { name: string }).name, name)!;
    return { name, start: start({ items: train.columns, aim }), stride, least, most };
  });
}

export function latticeStart(coordinates: readonly Coordinate[]): LatticePoint {
  return Object.fromEntries(coordinates.map(({ name, start }) => [name, start]));
}

/** The loss as it was given: `'auto'` for the searched options. */
export function withAutomatic(loss: LossSource, coordinates: readonly Coordinate[]): LossSource {
  return replaceOptions(loss, Object.fromEntries(coordinates.map(({ name }) => [name, 'auto'])));
}

/** The maximum number of trials. */
const MOST = 8;

/** Chooses options of a loss by the validation metric of short trainings, which `runTrial` runs one at a time. Two options take 5 to 8 trials. */
export async function chooseAutomatic(
  coordinates: readonly Coordinate[],
  metric: string,
  runTrial: (options: LatticePoint, number: number) => Promise<number>,
  onEvent: (event: TrainEvent) => void,
): Promise<Tuning> {
  const trials: AutomaticTrial[] = [];
  let best = -Infinity;
  const evaluate = async (options: LatticePoint) => {
    const started = performance.now();
    const number = trials.length + 1;
    const value = await runTrial(options, number);
    const trial = { options, value, seconds: (performance.now() - started) / 1000 };
    trials.push(trial);
    onEvent({ type: 'trial', number, ...trial, metric, best: value > best });
    best = Math.max(best, value);
    return value;
  };
  // The lattice search asks for one point at a time.
  const [chosen] = await runSearches([latticeSearch(coordinates, MOST)], async ([asked]) => [
    await evaluate(asked!.point),
  ]);
  const seconds = trials.reduce((sum, trial) => sum + trial.seconds, 0);
  onEvent({ type: 'tuned', chosen: chosen!, trials: trials.length, seconds });
  return { metric, trials, chosen: chosen!, seconds };
}

/** The options of a trial: no checkpoints, and of its events only those that show its progress, in phase `tune`. */
export function shortRunOptions(
  { onEvent, aborted, pause, gate }: RunOptions,
  trial: Extract<TrainEvent, { type: 'start' }>['trial'],
): RunOptions {
  return {
    aborted,
    pause,
    gate,
    onEvent(event) {
      if (event.type === 'start') onEvent({ ...event, phase: 'tune', trial });
      else if (['progress', 'epoch', 'paused', 'resumed'].includes(event.type))
        onEvent({ ...event, phase: 'tune' } as TrainEvent);
    },
  };
}
