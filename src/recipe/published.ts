// Recipes for cells of the published tables, and the comparison of the tables with the expected values of the recipes.
import type { BackboneSource } from '../backbone/backbone.ts';
import { type PublishedResult, publishedColumn, publishedResults } from '../experiment/published-results.ts';
import type { TrainConfigInput } from '../training/config.ts';
import { type PublishedValue, type Recipe, recipeConfig } from './recipe.ts';

/** The best result by NDCG@20. */
function bestPublished(results: readonly PublishedResult[]): PublishedResult | undefined {
  return [...results].sort((a, b) => b.metrics['ndcg@20'] - a.metrics['ndcg@20'])[0];
}

/** A backbone or a loss with its options. */
type Named = { readonly name: string; readonly [option: string]: unknown };

/** The inputs of a recipe for a cell of the published tables. Any field of the recipe can be given and overrides the default. */
export interface Cell extends Omit<Partial<Recipe>, 'config'> {
  readonly data: string;
  readonly loss: Named;
  /** Default: matrix factorisation. */
  readonly backbone?: Named;
  /** Other training options. */
  readonly config?: Omit<TrainConfigInput, 'loss' | 'backbone'>;
}

/**
 * A recipe for a cell of the published tables. Defaults: the name DATA-BACKBONE-LOSS, three seeds, and a tenth of train held out to choose the epoch
 * (debiased under popularity shift). It carries the published values of the same loss and of the best loss of the column.
 */
export function cell({ data, loss, backbone = { name: 'mf' }, config, ...rest }: Cell): Recipe {
  return {
    name: [data, backbone.name, loss.name].join('-'),
    data,
    choice: data.endsWith('-popularity') ? 'debiased' : 'validation',
    chosen: 'validated',
    config: { ...config, loss, backbone: backbone as BackboneSource },
    seeds: [1, 2, 3],
    published: publishedBeside(data, backbone.name, loss.name),
    ...rest,
  };
}

/** The published values of a loss, and of the best loss of the column if it is a different one. */
function publishedBeside(data: string, backbone: string, loss: string): PublishedValue[] {
  const column = publishedColumn(data, backbone);
  const best = bestPublished(column);
  return column.filter((result) => result.loss === loss || result === best).flatMap(valuesOf);
}

const backboneLabels: Record<string, string> = { mf: 'MF', ngcf: 'NGCF', lightgcn: 'LightGCN' };

/** One published value per metric of a result. */
function valuesOf({ label, backbone, protocol, metrics, testSelected, source }: PublishedResult): PublishedValue[] {
  const what = `${label}, ${backboneLabels[backbone] ?? backbone}${testSelected ? ', test-selected' : ''}`;
  return Object.entries(metrics).map(([metric, value]) => ({ metric, value, protocol, what, source }));
}

/** A published result with the expected values of a recipe. */
export interface PublishedComparison {
  readonly published: PublishedResult;
  /** Absent if no recipe has the same data, backbone and loss. */
  readonly recipe?: Recipe;
  /** By metric: the recipe's expected value under the protocol of the published result, and its relative difference, value/published − 1. */
  readonly expected: Readonly<Record<string, { readonly value: number; readonly difference: number }>>;
}

/** Each published result with the recipes of its data, backbone and loss; without those with neighbours, which are systems of more than a loss. */
export function comparePublished(recipes: readonly Recipe[]): PublishedComparison[] {
  return publishedResults.flatMap((published) => {
    const same = recipes.filter(
      (recipe) => !recipe.lossAlone && inColumn(recipe, published) && lossOf(recipe) === published.loss,
    );
    return same.length > 0 ? same.map((recipe) => compare(published, recipe)) : [{ published, expected: {} }];
  });
}

/** For each column (data and backbone), the best published result with the best validated recipe, by NDCG@20. Their losses may differ. `withNeighbors`: only recipes with a neighbour term, otherwise only those without. */
export function compareBest(recipes: readonly Recipe[], withNeighbors = false): PublishedComparison[] {
  const columns = new Map(publishedResults.map((result) => [`${result.data} ${result.backbone}`, result]));
  return [...columns.values()].map(({ data, backbone }) => {
    const published = bestPublished(publishedColumn(data, backbone))!;
    const own = recipes
      .filter((recipe) => (recipe.lossAlone !== undefined) === withNeighbors)
      .filter((recipe) => recipe.chosen === 'validated' && inColumn(recipe, published))
      .map((recipe) => compare(published, recipe));
    const [best] = own.sort((a, b) => b.expected['ndcg@20']!.value - a.expected['ndcg@20']!.value);
    return best ?? { published, expected: {} };
  });
}

/** Whether a recipe has an expected NDCG@20 for the data, backbone and protocol of a published result. */
function inColumn(recipe: Recipe, { data, backbone, protocol }: PublishedResult): boolean {
  return (
    recipe.data === data &&
    nameOf(recipeConfig(recipe).backbone) === backbone &&
    recipe.expected?.[protocol]?.['ndcg@20'] !== undefined
  );
}

/** Compares a published result with the expected values of a recipe, for the metrics that both have. */
function compare(published: PublishedResult, recipe: Recipe): PublishedComparison {
  const expected = Object.entries(published.metrics).flatMap(([metric, printed]) => {
    const value = recipe.expected?.[published.protocol]?.[metric];
    return value === undefined ? [] : [[metric, { value, difference: value / printed - 1 }]];
  });
  return { published, recipe, expected: Object.fromEntries(expected) };
}

/** The name of a recipe's loss. */
export function lossOf(recipe: Recipe): string {
  return nameOf(recipeConfig(recipe).loss);
}

/** The name of a recipe's backbone. */
export function backboneOf(recipe: Recipe): string {
  return nameOf(recipeConfig(recipe).backbone);
}

/** Built-in sources have a name; custom ones show their module. */
function nameOf(source: { readonly name: string } | { readonly module: string }): string {
  return 'name' in source ? source.name : source.module;
}
