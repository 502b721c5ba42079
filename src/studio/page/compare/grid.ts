import type { TrainConfigInput } from '../../../training/config.ts';
import { excludesObjectiveByData } from '../../../training/default-objective.ts';
import type { RunInfo, SweepRequest } from '../../session.ts';
import { configOf, type FormField, readValue, type Value, valuesOf } from '../train/options.ts';
import { isActive } from '../train/trainer.ts';
import { differences } from './differences.ts';

/** An axis of a sweep: an option with its values. */
export interface Axis {
  readonly path: string;
  readonly title: string;
  readonly values: readonly Value[];
}

/** A sweep as its runs tell it: one or two axes, and the run at each place. */
export interface Grid {
  readonly axes: readonly Axis[];
  readonly runs: readonly RunInfo[];
  /** The run at a value of each axis. */
  at(...values: readonly Value[]): RunInfo | undefined;
}

/** Most runs of a sweep. */
export const mostRuns = 100;

/** The options that can be swept: those whose values can be compared. */
export function sweepable(fields: readonly FormField[]): readonly FormField[] {
  return fields.filter(({ fixed }) => !fixed);
}

/** What a sweep begins with where no run is its base: the objective of the data, unless a value of an axis excludes it, because all runs have the same. */
export function baseOf(
  axes: readonly { readonly path: string; readonly values?: readonly Value[] }[],
  objective: TrainConfigInput,
): TrainConfigInput {
  const excluded = axes.some(({ path, values = [] }) =>
    values.some((value) => excludesObjectiveByData(configOf({ [path]: value }, []))),
  );
  return excluded ? {} : objective;
}

/** Reads the values of an axis: numbers or words with commas or blanks between them. A number's comma is a full stop here. */
export function readValues(
  field: FormField,
  text: string,
): { readonly values?: readonly Value[]; readonly fault?: string } {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  if (words.length === 0) return { fault: 'Give at least one value.' };
  const values: Value[] = [];
  for (const word of words) {
    const { value, fault } = readValue(field, word);
    if (fault !== undefined || value === undefined)
      return { fault: `${word}: expected ${fault ?? 'a number or a word'}.` };
    if (!values.includes(value)) values.push(value);
  }
  return { values };
}

/** Values at equal steps from one end to the other, both included; `by: 'factor'` gives equal ratios. Rounded to four significant digits, so that people can read them. */
export function range(from: number, to: number, count: number, by: 'step' | 'factor'): readonly number[] {
  const values = Array.from({ length: count }, (_, i) => {
    const part = count === 1 ? 0 : i / (count - 1);
    const value = by === 'factor' ? from * (to / from) ** part : from + (to - from) * part;
    return Number(value.toPrecision(4));
  });
  return [...new Set(values)];
}

/** The axes as a session takes them: a loss or a backbone is named by its own path. */
export function requestAxes(
  axes: readonly { readonly path: string; readonly values: readonly Value[] }[],
): SweepRequest['axes'] {
  return axes.map(({ path, values }) => ({ path: path.replace(/^(loss|backbone)\.name$/, '$1'), values }));
}

/** The grid of a sweep from its runs: the options in which they differ are its axes. Options that only follow from another one, such as those of a loss by name, are no axis. */
export function gridOf(runs: readonly RunInfo[], fields: readonly FormField[]): Grid {
  const configs = runs.map(({ config }) => config);
  const found = differences(configs, fields).map(({ path, title, values }) => ({
    path,
    title,
    values: sorted(values),
  }));
  // Two axes at most, those with values for every run first.
  const axes = found.filter(({ values }) => values.length > 1 && !values.includes(undefined as never)).slice(0, 2);
  const own = runs.map((run) => ({ run, values: valuesOf(run.config) }));
  return {
    axes,
    runs,
    at: (...values) => own.find((one) => axes.every(({ path }, a) => one.values[path] === values[a]))?.run,
  };
}

/** How far a sweep is: how many runs have a model, those that wait or train, and those that can be resumed. */
export function courseOf(runs: readonly RunInfo[]) {
  const done = runs.filter(({ state }) => state === 'done').length;
  return { done, left: runs.filter(isActive), resumable: runs.filter(({ resumable }) => resumable === true) };
}

/** How high the metric of a run stands between the least and the greatest of a grid: 0 to 8, for a colour. */
export function level(value: number, all: readonly number[]): number {
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return high === low ? 4 : Math.round((8 * (value - low)) / (high - low));
}

/** The value of a run's validation metric. */
export function reached(run: RunInfo | undefined, metric: string | undefined): number | undefined {
  return metric === undefined ? undefined : run?.valid?.[metric];
}

function sorted(values: readonly (Value | undefined)[]): readonly Value[] {
  const distinct = [...new Set(values)] as Value[];
  return distinct.every((value) => typeof value === 'number') ? distinct.sort((a, b) => a - b) : distinct;
}
