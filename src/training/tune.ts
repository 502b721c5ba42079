import { type Coordinate, latticeSearch, type Point } from '../search/lattice-search.ts';
import type { TrainEvent } from './events.ts';

/** A short training with other options of the loss. */
export interface Trial {
  readonly options: Point;
  /** Of the validation metric. */
  readonly value: number;
  readonly seconds: number;
}

/** How the options that were `'auto'` were chosen; JSON-able. */
export interface Tuning {
  readonly metric: string;
  readonly trials: readonly Trial[];
  /** Between the trials' values as a rule: the summit of a parabola through the best and its neighbours. */
  readonly chosen: Point;
  readonly seconds: number;
}

/** Trials at most. */
const MOST = 8;

/**
 * Chooses options of a loss by the validation metric of short trainings, `runTrial`: one training at a time, the next where the ones before point to.
 * Two options take 5 to 8 trials.
 */
export async function tune(
  coordinates: readonly Coordinate[],
  metric: string,
  runTrial: (options: Point, number: number) => Promise<number>,
  onEvent: (event: TrainEvent) => void,
): Promise<Tuning> {
  const trials: Trial[] = [];
  let best = -Infinity;
  const chosen = await latticeSearch(
    coordinates,
    async (options) => {
      const started = performance.now();
      const number = trials.length + 1;
      const value = await runTrial(options, number);
      const trial = { options, value, seconds: (performance.now() - started) / 1000 };
      trials.push(trial);
      onEvent({ type: 'trial', number, ...trial, metric, best: value > best });
      best = Math.max(best, value);
      return value;
    },
    MOST,
  );
  const seconds = trials.reduce((sum, trial) => sum + trial.seconds, 0);
  onEvent({ type: 'tuned', chosen, trials: trials.length, seconds });
  return { metric, trials, chosen, seconds };
}
