// `taurec recipe list|run|check`: selects recipes, trains them by run-recipes.ts and compares their metrics with expected and published ones.

import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { datasetNotes } from '../catalogue/reading-notes.ts';
import { protocols } from '../evaluation/evaluator.ts';
import { metricText, percentText } from '../experiment/findings.ts';
import { type Choice, folderDataSet } from '../experiment/run.ts';
import { mean } from '../experiment/statistics.ts';
import { backboneOf, compareBest, comparePublished, lossOf, type PublishedComparison } from '../recipe/published.ts';
import {
  judgeRecipe,
  type PublishedValue,
  type Recipe,
  type RecipeCheck,
  type RecipeSummary,
  recipeConfig,
  type Selection,
  selections,
  summarizeRecipe,
} from '../recipe/recipe.ts';
import { recipeNamed } from '../recipe/recipes.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { readRecipes } from './config-file.ts';
import { UsageError } from './failure.ts';
import { duration, table } from './output.ts';
import { whole, wholes, words } from './parse.ts';
import type { RecipeRun } from './recipe-process.ts';
import { RecipeProgress, type RecipeResult, runRecipes } from './run-recipes.ts';
import type { Terminal } from './terminal.ts';
import { columnsOf } from './train-report.ts';

/** Flags that select recipes. All conditions must hold. */
interface SelectFlags extends CommonOptions {
  config?: string;
  data?: string[];
  chosen?: Selection;
  ci?: boolean;
}

/** Flags of the subcommands that train. */
interface RunFlags extends SelectFlags {
  seeds?: number[];
  jobs?: number;
}

/** Defines `taurec recipe` with its subcommands. */
export function define(command: Command, terminal: Terminal): void {
  const list = command.command('list').description('list recipes with their expected metrics and published results');
  list.option('--published', 'list published results, with the recipes for the same data, backbone and loss');
  addSelectOptions(list, 'json');
  addExamples(list, 'taurec recipe list --data gowalla', 'taurec recipe list --published');
  list.action((flags: SelectFlags & { published?: boolean }) => showList(terminal, flags));

  const run = command
    .command('run')
    .description('train recipes and compare their metrics with expected and published ones');
  run.argument('<names...>', 'recipes');
  addRunOptions(run);
  addExamples(
    run,
    'taurec recipe run amazon2014-health-validated',
    'taurec recipe run mine --config my.recipe.ts --seeds 1',
  );
  run.action((names: string[], flags: RunFlags) => showRuns(terminal, names, flags));

  const check = command.command('check').description('train recipes and check their metrics against the expected ones');
  check.argument('[names...]', 'recipes (default: all)');
  addRunOptions(check);
  addExamples(check, 'taurec recipe check amazon2014-health', 'taurec recipe check --ci --json');
  check.action((names: string[], flags: RunFlags) => showChecks(terminal, names, flags));

  addExamples(command, 'taurec recipe list', 'taurec recipe run amazon2014-health', 'taurec recipe check --ci');
}

/** Adds the flags of `SelectFlags` and the named common options. */
function addSelectOptions(command: Command, ...common: Parameters<typeof addCommonOptions>[1][]): void {
  command
    .option('--config <file>', 'recipe file to use instead of the built-in recipes; exports one recipe or a list')
    .option('--data <names>', 'only recipes for these data sets', words)
    .addOption(new Option('--chosen <how>', 'only recipes whose settings were chosen this way').choices(selections))
    .option('--ci', 'only recipes quick enough for continuous integration');
  addCommonOptions(command, ...common);
}

/** Adds the flags of `RunFlags`. */
function addRunOptions(command: Command): void {
  command
    .option('--seeds <numbers>', "seeds to use instead of the recipe's: 1,2", wholes)
    .option(
      '--jobs <number>',
      'trainings at a time (default: 1); several use one thread each unless --threads is given',
      whole(1),
    );
  addSelectOptions(command, 'threads', 'json', 'quiet');
}

/** The selected recipes in the order of their list; without names all that meet the other conditions. @throws TaurecError `unknown-name`; UsageError where none matches */
async function selected(names: readonly string[], { config, data, chosen, ci }: SelectFlags): Promise<Recipe[]> {
  const all = await readRecipes(config);
  const named = new Set(names.map((name) => recipeNamed(name, all)));
  const wanted = all.filter(
    (recipe) =>
      (names.length === 0 || named.has(recipe)) &&
      // The last folder name identifies a data set, wherever it is stored.
      (data === undefined || data.some((one) => basename(one) === basename(recipe.data))) &&
      (chosen === undefined || recipe.chosen === chosen) &&
      (!ci || recipe.ci),
  );
  if (wanted.length > 0) return wanted;
  throw new UsageError('No recipe matches all conditions. `taurec recipe list` shows all recipes.');
}

/** Prints the selected recipes, or published results next to them. */
async function showList(terminal: Terminal, flags: SelectFlags & { published?: boolean }): Promise<void> {
  const recipes = await selected([], flags);
  if (flags.published) {
    const comparisons = publishedComparisons(recipes, flags.data);
    if (!flags.json) return terminal.print(publishedTables(comparisons));
    const [published, best, bestWithNeighbors] = comparisons.map((group) => group.map(named));
    return terminal.printJson({ published, best, bestWithNeighbors });
  }
  if (flags.json) terminal.printJson({ recipes });
  else terminal.print(listText(recipes));
}

/** Published results, of these data sets or of all, with the recipe for the same data, backbone and loss; the best of each data set and backbone with the best recipe; and with the best recipe with neighbours. */
function publishedComparisons(recipes: readonly Recipe[], data?: readonly string[]) {
  return [comparePublished(recipes), compareBest(recipes), compareBest(recipes, true)].map((group) =>
    group.filter(({ published }) => data === undefined || data.some((one) => basename(one) === published.data)),
  );
}

/** A comparison in JSON: the recipe by its name and the way it was chosen. */
function named({ recipe, ...rest }: PublishedComparison) {
  return { ...rest, ...(recipe && { recipe: recipe.name, chosen: recipe.chosen }) };
}

/** Trains recipes and prints their metrics. A failed recipe sets the exit code 1; missed metrics do not. */
async function showRuns(terminal: Terminal, names: readonly string[], flags: RunFlags): Promise<void> {
  const results = await runSelected(terminal, await selected(names, flags), flags, ({ recipe, runs, failure }) => {
    if (failure === undefined) terminal.print(runText(recipe, summarizeRecipe(recipe, runs), runs));
    else terminal.print(`FAIL  ${recipe.name}: ${failure}\n`);
  });
  if (flags.json) {
    const metrics = ({ recipe, runs, failure }: RecipeResult) =>
      failure === undefined ? { metrics: summarizeRecipe(recipe, runs) } : { failure };
    terminal.printJson({ recipes: results.map((result) => ({ ...factsOf(result), ...metrics(result) })) });
  }
  if (results.some(({ failure }) => failure !== undefined)) terminal.exitCode = 1;
}

/** Trains recipes and prints a verdict for each. A failed or missed recipe sets the exit code 1. */
async function showChecks(terminal: Terminal, names: readonly string[], flags: RunFlags): Promise<void> {
  const recipes = await selected(names, flags);
  // Fails before hours of training, not after them.
  const open = recipes.find(({ expected }) => expected === undefined);
  if (open)
    throw new UsageError(`${open.name} has no expected metrics to check. Try \`taurec recipe run ${open.name}\`.`);
  const judged = ({ recipe, runs, failure }: RecipeResult) => {
    const checks = failure === undefined ? judgeRecipe(recipe, runs) : [];
    return { passed: failure === undefined && checks.every((check) => check.passed), failure, checks };
  };
  const results = await runSelected(terminal, recipes, flags, (result) => {
    const { recipe, runs, failure } = result;
    terminal.print(
      failure === undefined ? checkLine(recipe, judged(result).checks, runs) : `FAIL  ${recipe.name}: ${failure}`,
    );
  });
  const passed = results.filter((result) => judged(result).passed).length;
  const failed = results.length - passed;
  if (flags.json)
    terminal.printJson({
      passed,
      failed,
      recipes: results.map((result) => ({ ...factsOf(result), ...judged(result) })),
    });
  else terminal.print(`${passed} passed, ${failed} failed`);
  if (failed > 0) terminal.exitCode = 1;
}

/** The JSON of a recipe and its runs, without metrics or verdict. */
function factsOf({ recipe, runs, reading }: RecipeResult) {
  const { name, data, choice, chosen, claim } = recipe;
  return {
    name,
    data,
    choice,
    chosen,
    claim,
    ...(reading && columnsOf(reading)),
    ...(runs.length > 0 && costOf(runs)),
    runs,
  };
}

/** Trains the recipes with a progress bar and calls `show` for each finished one, unless the output is JSON. */
async function runSelected(
  terminal: Terminal,
  recipes: readonly Recipe[],
  { config, seeds, jobs, threads, json, quiet }: RunFlags,
  show: (result: RecipeResult) => void,
): Promise<RecipeResult[]> {
  // `folderDataSet` throws for a missing data set, before any training starts.
  for (const recipe of recipes) folderDataSet(recipe.data);
  const runs = recipes.reduce((sum, recipe) => sum + (seeds ?? recipe.seeds).length, 0);
  const progress = quiet ? undefined : new RecipeProgress(terminal.stderr, runs);
  // Recipes may share a data set, which is reported once.
  const read = new Set<string>();
  const label = (recipe: Recipe, seed: number) => `${recipe.name}, seed ${seed}`;
  try {
    return await terminal.interruptible((signal) =>
      runRecipes(recipes, {
        file: config,
        seeds,
        jobs,
        threads,
        signal,
        onEvent: (event, recipe, seed) => progress?.train(event, label(recipe, seed)),
        onData: (reading, recipe) => {
          if (!read.has(recipe.data)) for (const note of datasetNotes(reading)) progress?.note(note);
          read.add(recipe.data);
        },
        onRun: (recipe, seed) => progress?.run(label(recipe, seed)),
        onResult: (result) => {
          // The result must not land inside the bar.
          progress?.close();
          if (!json) show(result);
        },
      }),
    );
  } finally {
    progress?.close();
  }
}

/** A table of recipes with expected metrics and published results: one line for each evaluator of a recipe. */
function listText(recipes: readonly Recipe[]): string {
  const head = [
    ...['recipe', 'data', 'backbone', 'loss', 'chosen', 'evaluator'],
    ...['metric', 'loss alone', 'with neighbours', 'published'],
  ];
  return table(head, recipes.flatMap(listRows));
}

/** The rows of one recipe. The first expected metric of an evaluator represents it. Without the neighbour term a model is its loss alone. */
function listRows(recipe: Recipe): string[][] {
  const { name, data, chosen, expected = {}, lossAlone, published = [] } = recipe;
  const facts = [name, data, backboneOf(recipe), lossOf(recipe), chosen];
  const hasNeighbors = recipeConfig(recipe).neighbors !== 'off';
  const used = protocols.filter((protocol) => expected[protocol]);
  if (used.length === 0) return [[...facts, '', '', '', '', '']];
  return used.map((protocol, row) => {
    const [metric, value] = Object.entries(expected[protocol]!)[0]!;
    const printed = published.filter((one) => one.protocol === protocol && one.metric === metric);
    // Only the first row repeats the facts of the recipe.
    const first = row === 0 ? facts : facts.map(() => '');
    const alone = hasNeighbors ? lossAlone?.[protocol]?.[metric] : value;
    const figures = [alone, hasNeighbors ? value : undefined].map((one) => (one === undefined ? '' : metricText(one)));
    return [...first, protocol, metric, ...figures, publishedText(printed)];
  });
}

/** Published values with their sources. */
function publishedText(values: readonly PublishedValue[]): string {
  return values.map(({ what, value }) => `${metricText(value)} (${what})`).join('; ');
}

/** The three tables of `publishedComparisons`. */
function publishedTables(comparisons: readonly (readonly PublishedComparison[])[]): string {
  const [each, best, systems] = comparisons.map(publishedTable);
  return `${each}\n\nThe best result for each data set and backbone, whatever the loss:\n\n${best}\n\nThe same with neighbours:\n\n${systems}`;
}

/** Published results on the left, the recipe's expected metrics and relative differences on the right; – where no recipe matches. */
function publishedTable(comparisons: readonly PublishedComparison[]): string {
  const figures = ['recall@20', 'ndcg@20'] as const;
  const head = [
    ...['data', 'backbone', 'loss', 'evaluator', 'chosen', ...figures],
    ...['recipe', 'chosen', ...figures.flatMap((metric) => [metric, 'difference'])],
  ];
  const rows = comparisons.map(({ published, recipe, expected }) => {
    const { data, backbone, label, protocol, metrics, testSelected } = published;
    const ours = figures.flatMap((metric) => {
      const { value, difference } = expected[metric] ?? {};
      return value === undefined ? ['–', ''] : [metricText(value), percentText(difference!)];
    });
    const printed = figures.map((metric) => (metrics[metric] === undefined ? '–' : metricText(metrics[metric])));
    const theirs = [data, backbone, label, protocol, `published${testSelected ? ', test-selected' : ''}`, ...printed];
    return [...theirs, recipe?.name ?? '–', recipe?.chosen ?? '', ...ours];
  });
  return table(head, rows);
}

/** A recipe's facts, its metrics with the expected and published ones, and its cost. */
function runText(recipe: Recipe, metrics: readonly RecipeSummary[], runs: readonly RecipeRun[]): string {
  const head = ['evaluator', 'metric', 'mean', 'expected', 'published'];
  const rows = metrics.map(({ protocol, lossAlone, metric, expected, published, ...measured }) => [
    lossAlone ? `${protocol}, loss alone` : protocol,
    metric,
    measuredText(measured, runs),
    expected === undefined ? '' : metricText(expected),
    publishedText(published),
  ]);
  const facts = `${recipe.name}: ${recipe.data}, ${backboneOf(recipe)}, ${lossOf(recipe)}; ${selectionText(recipe)}`;
  return `${facts}\n${table(head, rows)}\n${costText(runs)}\n`;
}

/** The verdict on a recipe in one line, with the direction of each miss. */
function checkLine(recipe: Recipe, checks: readonly RecipeCheck[], runs: readonly RecipeRun[]): string {
  const verdict = checks.every((check) => check.passed) ? 'pass' : 'FAIL';
  const parts = checks.map(({ protocol, lossAlone, metric, expected, tolerance, passed, ...measured }) => {
    const miss = passed ? '' : measured.mean < expected ? ' TOO LOW' : ' ABOVE EXPECTED';
    const wanted = `expected ${metricText(expected)} ± ${metricText(tolerance)}${miss}`;
    return `${protocol}${lossAlone ? ', loss alone,' : ''} ${metric} ${measuredText(measured, runs)} (${wanted})`;
  });
  return [`${verdict}  ${recipe.name}`, recipe.chosen, ...parts, costText(runs)].join(' | ');
}

/** The mean over seeds, with the standard deviation where several seeds ran. */
function measuredText({ mean, deviation }: { mean: number; deviation: number }, runs: readonly RecipeRun[]): string {
  return runs.length > 1 ? `${metricText(mean)} ± ${metricText(deviation)}` : metricText(mean);
}

/** Which epoch a recipe's training keeps, in words. */
const choiceTexts: Record<Choice, string> = {
  validation: 'epoch chosen on a random tenth of train',
  debiased: 'epoch chosen on a debiased tenth of train',
  last: 'all of train, the last epoch',
  test: 'epoch chosen on the test set',
};

/** How the settings were chosen, and how the epoch. */
function selectionText({ chosen, choice }: Recipe): string {
  return `${chosen} (${choiceTexts[choice]})`;
}

/** Time, peak memory and number of seeds of the runs. */
function costText(runs: readonly RecipeRun[]): string {
  const { seconds, peakBytes } = costOf(runs);
  const seeds = `${runs.length} seed${runs.length > 1 ? 's' : ''}`;
  return `${duration(seconds)} to train, peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${seeds}`;
}

/** The mean seconds of training with validation, and the highest peak memory in bytes. */
function costOf(runs: readonly RecipeRun[]): { seconds: number; peakBytes: number } {
  return {
    seconds: mean(runs.map(({ seconds }) => seconds.train + seconds.validate)),
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
  };
}
