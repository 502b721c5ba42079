import type { RunRecord } from '../experiment/run.ts';
import { recipeNamed } from '../recipe/recipes.ts';
import { runRecipe } from '../recipe/run-recipe.ts';
import type { TrainEvent } from '../training/events.ts';
import { engineOptions } from './engine-options.ts';
import { peakBytes } from './peak-bytes.ts';
import { readRecipes } from './read-recipes.ts';

/** One training of a recipe. */
export interface RecipeJob {
  /** Its name, among those of `file` or of taurec. */
  readonly recipe: string;
  readonly file?: string;
  readonly seed: number;
  readonly threads?: number;
}

/** What a training left, with the peak resident memory of its process. */
export interface RecipeRun extends RunRecord {
  readonly peakBytes: number;
}

/** What this process says: how training goes on, then the end. */
export type RecipeMessage =
  | { readonly type: 'train'; readonly event: TrainEvent }
  | { readonly type: 'done'; readonly run: RecipeRun }
  | { readonly type: 'failed'; readonly reason: string };

// A program of its own: run-recipes.ts starts it for each training, so that the peak of memory is that training's. It ends when that program does.
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
