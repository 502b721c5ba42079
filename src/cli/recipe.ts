import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { folderDataSet } from '../experiment/run.ts';
import { compareBest, comparePublished, type PublishedComparison } from '../recipe/published.ts';
import { judgeRecipe, type Recipe, type Selection, selections, summarizeRecipe } from '../recipe/recipe.ts';
import { recipeNamed } from '../recipe/recipes.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { whole, wholes, words } from './parse.ts';
import { readRecipes } from './read-recipes.ts';
import { RecipeProgress } from './recipe-progress.ts';
import { checkLine, costOf, listText, publishedTables, runText } from './recipe-text.ts';
import { type RecipeResult, runRecipes } from './run-recipes.ts';

interface SelectFlags extends CommonOptions {
  config?: string;
  data?: string[];
  chosen?: Selection;
  ci?: boolean;
}

interface RunFlags extends SelectFlags {
  seeds?: number[];
  jobs?: number;
}

export function define(command: Command): void {
  const list = command.command('list').description('recipes with what is expected of them and what papers print');
  list.option(
    '--published',
    'the published results instead, beside the recipes that have their data, backbone and loss',
  );
  addSelectOptions(list, 'json');
  addExamples(list, 'taurec recipe list --data gowalla', 'taurec recipe list --published');
  list.action((flags: SelectFlags & { published?: boolean }) => showList(flags));

  const run = command
    .command('run')
    .description('trains recipes and shows their metrics beside expected and published');
  run.argument('<names...>', 'recipes');
  addRunOptions(run);
  addExamples(
    run,
    'taurec recipe run amazon2014-health-validated',
    'taurec recipe run mine --config my.recipe.ts --seeds 1',
  );
  run.action((names: string[], flags: RunFlags) => showRuns(names, flags));

  const check = command.command('check').description('trains recipes and holds them against what is expected');
  check.argument('[names...]', 'recipes (default: all)');
  addRunOptions(check);
  addExamples(check, 'taurec recipe check amazon2014-health', 'taurec recipe check --ci --json');
  check.action((names: string[], flags: RunFlags) => showChecks(names, flags));

  addExamples(command, 'taurec recipe list', 'taurec recipe run amazon2014-health', 'taurec recipe check --ci');
}

function addSelectOptions(command: Command, ...common: Parameters<typeof addCommonOptions>[1][]): void {
  command
    .option('--config <file>', "recipes of a file instead of taurec's: its default export is one or a list of them")
    .option('--data <names>', 'only those on these data sets', words)
    .addOption(new Option('--chosen <how>', 'only those whose settings were chosen so').choices(selections))
    .option('--ci', 'only those quick enough to be checked on every change');
  addCommonOptions(command, ...common);
}

function addRunOptions(command: Command): void {
  command
    .option('--seeds <numbers>', "instead of the recipe's own: 1,2", wholes)
    .option(
      '--jobs <number>',
      'trainings at a time, one thread each unless --threads says more (default: 1)',
      whole(1),
    );
  addSelectOptions(command, 'threads', 'json', 'quiet');
}

/** The recipes that are asked for, in the order of their list. @throws TaurecError `unknown-name`; UsageError when there are none */
async function selected(names: readonly string[], { config, data, chosen, ci }: SelectFlags): Promise<Recipe[]> {
  const all = await readRecipes(config);
  const named = new Set(names.map((name) => recipeNamed(name, all)));
  const wanted = all.filter(
    (recipe) =>
      (names.length === 0 || named.has(recipe)) &&
      (data === undefined || data.some((one) => basename(one) === basename(recipe.data))) &&
      (chosen === undefined || recipe.chosen === chosen) &&
      (!ci || recipe.ci),
  );
  if (wanted.length > 0) return wanted;
  throw new UsageError('No recipe fits all that was asked for. `taurec recipe list` shows what there is.');
}

async function showList(flags: SelectFlags & { published?: boolean }): Promise<void> {
  const recipes = await selected([], flags);
  if (flags.published) {
    if (!flags.json) return print(publishedTables(recipes));
    return printJson({ published: comparePublished(recipes).map(named), best: compareBest(recipes).map(named) });
  }
  if (flags.json) printJson({ recipes });
  else print(listText(recipes));
}

function named({ recipe, ...rest }: PublishedComparison) {
  return { ...rest, ...(recipe && { recipe: recipe.name, chosen: recipe.chosen }) };
}

async function showRuns(names: readonly string[], flags: RunFlags): Promise<void> {
  const results = await runSelected(await selected(names, flags), flags, ({ recipe, runs, failure }) => {
    if (failure === undefined) print(runText(recipe, summarizeRecipe(recipe, runs), runs));
    else print(`FAIL  ${recipe.name}: ${failure}\n`);
  });
  if (flags.json) {
    const metrics = ({ recipe, runs, failure }: RecipeResult) =>
      failure === undefined ? { metrics: summarizeRecipe(recipe, runs) } : { failure };
    printJson({ recipes: results.map((result) => ({ ...factsOf(result), ...metrics(result) })) });
  }
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
}

async function showChecks(names: readonly string[], flags: RunFlags): Promise<void> {
  const recipes = await selected(names, flags);
  const open = recipes.find(({ expected }) => expected === undefined);
  if (open)
    throw new UsageError(`${open.name} states no expected metrics to check. Try \`taurec recipe run ${open.name}\`.`);
  const judged = ({ recipe, runs, failure }: RecipeResult) => {
    const checks = failure === undefined ? judgeRecipe(recipe, runs) : [];
    return { passed: failure === undefined && checks.every((check) => check.passed), failure, checks };
  };
  const results = await runSelected(recipes, flags, (result) => {
    const { recipe, runs, failure } = result;
    print(failure === undefined ? checkLine(recipe, judged(result).checks, runs) : `FAIL  ${recipe.name}: ${failure}`);
  });
  const passed = results.filter((result) => judged(result).passed).length;
  const failed = results.length - passed;
  if (flags.json)
    printJson({ passed, failed, recipes: results.map((result) => ({ ...factsOf(result), ...judged(result) })) });
  else print(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** What JSON says of a recipe and its runs beside the verdict. */
function factsOf({ recipe, runs }: RecipeResult) {
  const { name, data, choice, chosen, claim } = recipe;
  return { name, data, choice, chosen, claim, ...(runs.length > 0 && costOf(runs)), runs };
}

async function runSelected(
  recipes: readonly Recipe[],
  { config, seeds, jobs, threads, json, quiet }: RunFlags,
  show: (result: RecipeResult) => void,
): Promise<RecipeResult[]> {
  // A data set that is not there shows before anything is trained.
  for (const recipe of recipes) folderDataSet(recipe.data);
  const runs = recipes.reduce((sum, recipe) => sum + (seeds ?? recipe.seeds).length, 0);
  const progress = quiet ? undefined : new RecipeProgress(process.stderr, runs);
  const label = (recipe: Recipe, seed: number) => `${recipe.name}, seed ${seed}`;
  try {
    return await interruptible((signal) =>
      runRecipes(recipes, {
        file: config,
        seeds,
        jobs,
        threads,
        signal,
        onEvent: (event, recipe, seed) => progress?.train(event, label(recipe, seed)),
        onRun: (recipe, seed) => progress?.run(label(recipe, seed)),
        onResult: (result) => {
          progress?.close();
          if (!json) show(result);
        },
      }),
    );
  } finally {
    progress?.close();
  }
}
