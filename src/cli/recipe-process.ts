import type { RunRecord } from '../experiment/run.ts';
import { recipeNamed } from '../recipe/recipes.ts';
import { runRecipe } from '../recipe/run-recipe.ts';
import type { TrainEvent } from '../training/events.ts';
import { engineOptions } from './common-options.ts';
import { readRecipes } from './config-file.ts';
import { peakBytes } from './peak-bytes.ts';

/** One training of a recipe. */
export interface RecipeJob {
  /** The recipe's name, in `file` or among the built-in recipes. */
  readonly recipe: string;
  readonly file?: string;
  readonly seed: number;
  readonly threads?: number;
}

/** The record of a training, with the peak resident memory of its process. */
export interface RecipeRun extends RunRecord {
  readonly peakBytes: number;
}

/** Messages of this process: training events, then the end. */
export type RecipeMessage =
  | { readonly type: 'train'; readonly event: TrainEvent }
  | { readonly type: 'done'; readonly run: RecipeRun }
  | { readonly type: 'failed'; readonly reason: string };

// An executable that run-recipes.ts starts once for each training, so that peak memory belongs to one training. It exits when its parent does.
process.once('disconnect', () => process.exit());
process.once('message', async (job: RecipeJob) => {
  const say = (message: RecipeMessage) => process.send!(message);
  let last: RecipeMessage;
  try {
    const { threads } = engineOptions(job);
    const recipe = recipeNamed(job.recipe, await readRecipes(job.file));
    const record = await runRecipe(recipe, job.seed, { threads, onEvent: (event) => say({ type: 'train', event }) });
    last = { type: 'done', run: { ...record, peakBytes: peakBytes() } };
  } catch (error) {
    last = { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  process.send!(last, () => process.disconnect());
});
