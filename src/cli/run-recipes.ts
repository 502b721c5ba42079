import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pMap from 'p-map';
import { TaurecError } from '../errors.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { TrainEvent } from '../training/events.ts';
import type { RecipeJob, RecipeMessage, RecipeRun } from './recipe-process.ts';

/** The trainings of a recipe, in the order of its seeds; with `failure` not all of them. */
export interface RecipeResult {
  readonly recipe: Recipe;
  readonly runs: readonly RecipeRun[];
  readonly failure?: string;
}

export interface RunRecipesOptions {
  /** The file that the recipes come from. */
  readonly file?: string;
  /** Instead of the recipes' own. */
  readonly seeds?: readonly number[];
  /** Trainings at a time. Default 1. */
  readonly jobs?: number;
  /** Of each training. Default: all, or one when several run at a time. */
  readonly threads?: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainEvent, recipe: Recipe, seed: number) => void;
  readonly onRun: (recipe: Recipe, seed: number) => void;
  /** Each recipe as soon as it is done. */
  readonly onResult: (result: RecipeResult) => void;
}

/**
 * Trains recipes, each training in a process of its own. A training that fails ends its recipe, not the others.
 * @throws TaurecError `aborted`
 */
export async function runRecipes(recipes: readonly Recipe[], options: RunRecipesOptions): Promise<RecipeResult[]> {
  const { file, seeds, jobs = 1, threads = jobs > 1 ? 1 : undefined, signal, onEvent, onRun, onResult } = options;
  const results = recipes.map((recipe) => ({
    recipe,
    runs: [] as RecipeRun[],
    failure: undefined as string | undefined,
  }));
  const trainings = results.flatMap((result) => {
    const wanted = seeds ?? result.recipe.seeds;
    return wanted.map((seed, index) => ({ result, seed, index }));
  });
  const left = new Map(results.map((result) => [result, (seeds ?? result.recipe.seeds).length]));
  await pMap(
    trainings,
    async ({ result, seed, index }) => {
      const { recipe } = result;
      if (result.failure === undefined) {
        try {
          const job = { recipe: recipe.name, file, seed, threads };
          result.runs[index] = await runInProcess(job, signal, (event) => onEvent(event, recipe, seed));
        } catch (error) {
          if (error instanceof TaurecError) throw error;
          result.failure = (error as Error).message;
        }
      }
      onRun(recipe, seed);
      left.set(result, left.get(result)! - 1);
      if (left.get(result) === 0) onResult(result);
    },
    { concurrency: jobs },
  );
  return results;
}

const program = fileURLToPath(new URL('./recipe-process.js', import.meta.url));

/** @throws TaurecError `aborted`; Error with the reason of a training that failed */
function runInProcess(job: RecipeJob, signal: AbortSignal, onEvent: (event: TrainEvent) => void): Promise<RecipeRun> {
  return new Promise((settle, fail) => {
    if (signal.aborted) return fail(new TaurecError('aborted'));
    const child = fork(program, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const stop = () => child.kill();
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: RecipeMessage) => {
      if (message.type === 'train') onEvent(message.event);
      else if (message.type === 'done') settle(message.run);
      else fail(new Error(message.reason));
    });
    child.once('error', fail);
    child.once('close', (code, killer) => {
      signal.removeEventListener('abort', stop);
      // Ctrl-C on a terminal reaches this process and its own alike.
      const interrupted = signal.aborted || killer === 'SIGINT';
      fail(interrupted ? new TaurecError('aborted') : new Error(`the training ended unexpectedly (${killer ?? code})`));
    });
    child.send(job);
  });
}
