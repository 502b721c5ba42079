import { configOf, type ExecuteOptions, execute, loadRunData, runKey } from '../experiment/execute-run.ts';
import { type DataReading, readingOf } from '../experiment/lab.ts';
import type { RunRecord } from '../experiment/run.ts';
import { type Recipe, recipeSpec } from './recipe.ts';

/** Trains a recipe with one seed and evaluates it on the test set under both protocols. @throws TaurecError the errors of `loadDataset`, `train` and `evaluate` */
export async function runRecipe(
  recipe: Recipe,
  seed: number,
  options: Pick<ExecuteOptions, 'threads' | 'signal' | 'onEvent'> & { onData?: (reading: DataReading) => void } = {},
): Promise<RunRecord> {
  // Without a folder: no checkpoint, no record on disk.
  const spec = recipeSpec(recipe, seed);
  const data = await loadRunData(spec);
  options.onData?.(readingOf(data.dataset));
  return execute(spec, data, { ...options, key: runKey(spec, configOf(spec), data.dataset.sha256) });
}
