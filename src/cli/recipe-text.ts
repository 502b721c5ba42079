import { protocols } from '../evaluation/evaluator.ts';
import { metricText, percentText } from '../experiment/findings.ts';
import type { Choice } from '../experiment/run.ts';
import { mean } from '../experiment/statistics.ts';
import { backboneOf, compareBest, comparePublished, lossOf, type PublishedComparison } from '../recipe/published.ts';
import type { PublishedValue, Recipe, RecipeCheck, RecipeSummary } from '../recipe/recipe.ts';
import { duration, table } from './output.ts';
import type { RecipeRun } from './recipe-process.ts';

/** Recipes with what is expected of them and what papers print, a line for each evaluator. */
export function listText(recipes: readonly Recipe[]): string {
  const head = ['recipe', 'data', 'backbone', 'loss', 'chosen', 'evaluator', 'expected', 'published'];
  return table(head, recipes.flatMap(listRows));
}

function listRows(recipe: Recipe): string[][] {
  const { name, data, chosen, expected = {}, published = [] } = recipe;
  const facts = [name, data, backboneOf(recipe), lossOf(recipe), chosen];
  const used = protocols.filter((protocol) => expected[protocol]);
  if (used.length === 0) return [[...facts, '', '', '']];
  return used.map((protocol, row) => {
    const [metric, value] = Object.entries(expected[protocol]!)[0]!;
    const beside = published.filter((one) => one.protocol === protocol && one.metric === metric);
    const first = row === 0 ? facts : facts.map(() => '');
    return [...first, protocol, `${metric} ${metricText(value)}`, publishedText(beside)];
  });
}

function publishedText(values: readonly PublishedValue[]): string {
  return values.map(({ what, value }) => `${metricText(value)} (${what})`).join('; ');
}

/** Published results beside the recipes of the same data, backbone and loss, then the best of each column beside the best recipe. */
export function publishedTables(recipes: readonly Recipe[]): string {
  const each = publishedTable(comparePublished(recipes));
  const best = publishedTable(compareBest(recipes));
  return `${each}\n\nThe best of each data set and backbone, whatever the loss:\n\n${best}`;
}

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
    const printed = figures.map((metric) => metricText(metrics[metric]));
    const theirs = [data, backbone, label, protocol, `published${testSelected ? ', test-selected' : ''}`, ...printed];
    return [...theirs, recipe?.name ?? '–', recipe?.chosen ?? '', ...ours];
  });
  return table(head, rows);
}

/** A recipe's metrics beside what is expected and published. */
export function runText(recipe: Recipe, metrics: readonly RecipeSummary[], runs: readonly RecipeRun[]): string {
  const head = ['evaluator', 'metric', 'mean', 'expected', 'published'];
  const rows = metrics.map(({ protocol, metric, expected, published, ...measured }) => [
    protocol,
    metric,
    measuredText(measured, runs),
    expected === undefined ? '' : metricText(expected),
    publishedText(published),
  ]);
  const facts = `${recipe.name}: ${recipe.data}, ${backboneOf(recipe)}, ${lossOf(recipe)}; ${selectionText(recipe)}`;
  return `${facts}\n${table(head, rows)}\n${costText(runs)}\n`;
}

/** The verdict about a recipe, in one line. */
export function checkLine(recipe: Recipe, checks: readonly RecipeCheck[], runs: readonly RecipeRun[]): string {
  const verdict = checks.every((check) => check.passed) ? 'pass' : 'FAIL';
  const parts = checks.map(({ protocol, metric, expected, tolerance, passed, ...measured }) => {
    const miss = passed ? '' : measured.mean < expected ? ' TOO LOW' : ' ABOVE WHAT IS EXPECTED';
    const wanted = `expected ${metricText(expected)} ± ${metricText(tolerance)}${miss}`;
    return `${protocol} ${metric} ${measuredText(measured, runs)} (${wanted})`;
  });
  return [`${verdict}  ${recipe.name}`, recipe.chosen, ...parts, costText(runs)].join(' | ');
}

function measuredText({ mean, deviation }: { mean: number; deviation: number }, runs: readonly RecipeRun[]): string {
  return runs.length > 1 ? `${metricText(mean)} ± ${metricText(deviation)}` : metricText(mean);
}

const choiceTexts: Record<Choice, string> = {
  validation: 'epoch chosen on a random tenth of train',
  debiased: 'epoch chosen on a debiased tenth of train',
  last: 'all of train, the last epoch',
  test: 'epoch chosen on the test set',
};

function selectionText({ chosen, choice }: Recipe): string {
  return `${chosen} (${choiceTexts[choice]})`;
}

function costText(runs: readonly RecipeRun[]): string {
  const { seconds, peakBytes } = costOf(runs);
  const seeds = `${runs.length} seed${runs.length > 1 ? 's' : ''}`;
  return `${duration(seconds)} to train, peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${seeds}`;
}

/** Mean seconds of training, with its validation, and the most memory of any. */
export function costOf(runs: readonly RecipeRun[]): { seconds: number; peakBytes: number } {
  return {
    seconds: mean(runs.map(({ seconds }) => seconds.train + seconds.validate)),
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
  };
}
