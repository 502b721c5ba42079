// The program of one recipe training. run-recipes.ts starts it once for each training, so that the measured peak memory belongs to that training alone.

import type { DataReading } from '../experiment/lab.ts';
import type { RunRecord } from '../experiment/run.ts';
import { recipeNamed } from '../recipe/recipes.ts';
import { runRecipe } from '../recipe/run-recipe.ts';
import type { TrainEvent } from '../training/events.ts';
import { engineOptions } from './common-options.ts';
import { readRecipes } from './config-file.ts';
import { peakBytes } from './peak-bytes.ts';

/** One training of a recipe, the only message that this process receives. */
export interface RecipeJob {
  /** Name of the recipe, in `file` or among the built-in recipes. */
  readonly recipe: string;
  /** Recipe file. Default: the built-in recipes. */
  readonly file?: string;
  readonly seed: number;
  readonly threads?: number;
}

/** The record of a training with the peak resident memory of its process. */
export interface RecipeRun extends RunRecord {
  readonly peakBytes: number;
}

/** Messages that this process sends: what was read, training events, then one `done` or `failed`. */
export type RecipeMessage =
  | { readonly type: 'data'; readonly reading: DataReading }
  | { readonly type: 'train'; readonly event: TrainEvent }
  | { readonly type: 'done'; readonly run: RecipeRun }
  | { readonly type: 'failed'; readonly reason: string };

// The channel closes when the parent exits, however it ends; no training outlives it.
process.once('disconnect', () => process.exit());
process.once('message', async (job: RecipeJob) => {
  const say = (message: RecipeMessage) => process.send!(message);
  let last: RecipeMessage;
  try {
    const { threads } = engineOptions(job);
    const recipe = recipeNamed(job.recipe, await readRecipes(job.file));
    const record = await runRecipe(recipe, job.seed, {
      threads,
      onEvent: (event) => say({ type: 'train', event }),
      onData: (reading) => say({ type: 'data', reading }),
    });
    last = { type: 'done', run: { ...record, peakBytes: peakBytes() } };
  } catch (error) {
    last = { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  // Disconnects only after the message has been sent; nothing then keeps the process alive.
  process.send!(last, () => process.disconnect());
});
