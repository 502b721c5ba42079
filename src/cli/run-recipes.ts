// Runs the trainings of recipes in processes and shows their progress.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pMap from 'p-map';
import { TaurecError } from '../errors.ts';
import type { DataReading } from '../experiment/lab.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { TrainEvent } from '../training/events.ts';
import { duration } from './output.ts';
import { Progress } from './progress.ts';
import type { RecipeJob, RecipeMessage, RecipeRun } from './recipe-process.ts';
import type { Output } from './terminal.ts';

/** The trainings of a recipe in the order of its seeds. With a `failure`, some are missing. */
export interface RecipeResult {
  readonly recipe: Recipe;
  readonly runs: readonly RecipeRun[];
  /** What was read from its data set; undefined if reading failed. */
  readonly reading?: DataReading;
  /** The reason of the first failed training. */
  readonly failure?: string;
}

interface RunRecipesOptions {
  /** Recipe file. Default: the built-in recipes. */
  readonly file?: string;
  /** Seeds that replace those of the recipes. */
  readonly seeds?: readonly number[];
  /** Number of trainings at a time. Default 1. */
  readonly jobs?: number;
  /** Threads of each training. Default: all, or one when several trainings run at a time. */
  readonly threads?: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainEvent, recipe: Recipe, seed: number) => void;
  /** Called when the data set of a recipe was read for the first time. */
  readonly onData: (reading: DataReading, recipe: Recipe) => void;
  /** Called after each training, also after a failed or skipped one. */
  readonly onRun: (recipe: Recipe, seed: number) => void;
  /** Called for each recipe after its last training. */
  readonly onResult: (result: RecipeResult) => void;
}

/**
 * Trains recipes, each training in a separate process. After a failed training the remaining ones of its recipe are skipped; other recipes continue.
 * @throws TaurecError `aborted`
 */
export async function runRecipes(recipes: readonly Recipe[], options: RunRecipesOptions): Promise<RecipeResult[]> {
  const { file, seeds, jobs = 1, threads = jobs > 1 ? 1 : undefined, signal, onRun, onResult } = options;
  const results = recipes.map((recipe) => ({
    recipe,
    runs: [] as RecipeRun[],
    reading: undefined as DataReading | undefined,
    failure: undefined as string | undefined,
  }));
  const trainings = results.flatMap((result) => {
    const wanted = seeds ?? result.recipe.seeds;
    return wanted.map((seed, index) => ({ result, seed, index }));
  });
  // Trainings left for each recipe.
  const left = new Map(results.map((result) => [result, (seeds ?? result.recipe.seeds).length]));
  await pMap(
    trainings,
    async ({ result, seed, index }) => {
      const { recipe } = result;
      if (result.failure === undefined) {
        try {
          const job = { recipe: recipe.name, file, seed, threads };
          result.runs[index] = await runInProcess(job, signal, (message) => {
            if (message.type === 'train') options.onEvent(message.event, recipe, seed);
            else if (result.reading === undefined) {
              result.reading = message.reading;
              options.onData(message.reading, recipe);
            }
          });
        } catch (error) {
          // Only an interruption is a TaurecError here; it ends all recipes.
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

/** The built recipe-process.ts. */
const program = fileURLToPath(new URL('./recipe-process.js', import.meta.url));

/** Runs one training in a new process. @throws TaurecError `aborted`; a plain Error with the reason of a failed training */
function runInProcess(
  job: RecipeJob,
  signal: AbortSignal,
  onNews: (message: Extract<RecipeMessage, { type: 'train' | 'data' }>) => void,
): Promise<RecipeRun> {
  return new Promise((settle, fail) => {
    if (signal.aborted) return fail(new TaurecError('aborted'));
    // 'advanced' serialisation keeps Infinity and typed arrays, which JSON would lose.
    const child = fork(program, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const stop = () => child.kill();
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message: RecipeMessage) => {
      if (message.type === 'done') settle(message.run);
      else if (message.type === 'failed') fail(new Error(message.reason));
      else onNews(message);
    });
    child.once('error', fail);
    child.once('close', (code, killer) => {
      signal.removeEventListener('abort', stop);
      // After `done` or `failed` this `fail` has no effect. Ctrl-C on a terminal reaches this process and its children alike.
      const interrupted = signal.aborted || killer === 'SIGINT';
      fail(interrupted ? new TaurecError('aborted') : new Error(`the training ended unexpectedly (${killer ?? code})`));
    });
    child.send(job);
  });
}

/** Shows the trainings of recipes: on a terminal one bar for all, elsewhere a line for each training. */
export class RecipeProgress {
  readonly #progress: Progress;
  readonly #runs: number;
  readonly #started = performance.now();
  /** The finished part (0 to 1) of each running training, by its name. */
  readonly #parts = new Map<string, number>();
  #done = 0;

  constructor(stream: Output, runs: number) {
    this.#progress = new Progress(stream);
    this.#runs = runs;
  }

  /** Shows the progress of a running training. */
  train(event: TrainEvent, name: string): void {
    if (event.type !== 'progress') return;
    const { step, steps, epoch, epochs, phase } = event;
    this.#parts.set(name, Math.min(1, step / steps));
    this.#show(`${name}${phase === 'refit' ? ', refit' : ''}, epoch ${epoch} of ${epochs}`);
  }

  /** Counts a finished training. The time left assumes the mean pace so far. */
  run(name: string): void {
    this.#parts.delete(name);
    this.#done++;
    const pace = (performance.now() - this.#started) / 1000 / this.#done;
    const left = this.#done < this.#runs ? `${duration(pace * (this.#runs - this.#done))} left` : undefined;
    this.#show(name, left);
    const facts = [`${this.#done}/${this.#runs}`, name, left].filter((text) => text !== undefined);
    this.#progress.sayPlain(() => facts.join(' · '), true);
  }

  /** Prints a line above the bar. */
  note(text: string): void {
    this.#progress.say(text);
  }

  /** Removes the bar, before other output or after an error. The next event shows it again. */
  close(): void {
    this.#progress.close();
  }

  #show(detail: string, left?: string): void {
    // Finished trainings plus the parts of running ones.
    const done = [...this.#parts.values()].reduce((sum, part) => sum + part, this.#done);
    const measure = `${this.#done}/${this.#runs}`;
    this.#progress.showBar({ label: '', part: done / this.#runs, measure, details: [detail], left });
  }
}
