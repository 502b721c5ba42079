import { bestPublished, type PublishedResult, publishedColumn, publishedResults } from './published.ts';
import { type Recipe, recipeConfig } from './recipe.ts';

/** A published result beside what is expected of a recipe; metrics that both have. */
export interface PublishedComparison {
  readonly published: PublishedResult;
  /** Absent where there is no such recipe. */
  readonly recipe?: Recipe;
  /** By metric: what the recipe is expected to have under the protocol of the published result, and its difference as a part of the published value. */
  readonly expected: Readonly<Record<string, { readonly value: number; readonly difference: number }>>;
}

/** Each published result beside the recipes with its data, backbone and loss. */
export function comparePublished(recipes: readonly Recipe[]): PublishedComparison[] {
  return publishedResults.flatMap((published) => {
    const same = recipes.filter((recipe) => inColumn(recipe, published) && lossOf(recipe) === published.loss);
    return same.length > 0 ? same.map((recipe) => compare(published, recipe)) : [{ published, expected: {} }];
  });
}

/** The best published result of each column (data and backbone) beside the validated recipe that is best there, whatever their losses; by NDCG@20. */
export function compareBest(recipes: readonly Recipe[]): PublishedComparison[] {
  const columns = new Map(publishedResults.map((result) => [`${result.data} ${result.backbone}`, result]));
  return [...columns.values()].map(({ data, backbone }) => {
    const published = bestPublished(publishedColumn(data, backbone))!;
    const own = recipes
      .filter((recipe) => recipe.chosen === 'validated' && inColumn(recipe, published))
      .map((recipe) => compare(published, recipe));
    const [best] = own.sort((a, b) => b.expected['ndcg@20']!.value - a.expected['ndcg@20']!.value);
    return best ?? { published, expected: {} };
  });
}

/** Whether a recipe says what is expected of it on a column's data and backbone, as the papers count. */
function inColumn(recipe: Recipe, { data, backbone, protocol }: PublishedResult): boolean {
  return (
    recipe.data === data &&
    nameOf(recipeConfig(recipe).backbone) === backbone &&
    recipe.expected?.[protocol]?.['ndcg@20'] !== undefined
  );
}

function compare(published: PublishedResult, recipe: Recipe): PublishedComparison {
  const expected = Object.entries(published.metrics).flatMap(([metric, printed]) => {
    const value = recipe.expected?.[published.protocol]?.[metric];
    return value === undefined ? [] : [[metric, { value, difference: value / printed - 1 }]];
  });
  return { published, recipe, expected: Object.fromEntries(expected) };
}

/** The loss of a recipe, for people. */
export function lossOf(recipe: Recipe): string {
  return nameOf(recipeConfig(recipe).loss);
}

/** The backbone of a recipe, for people. */
export function backboneOf(recipe: Recipe): string {
  return nameOf(recipeConfig(recipe).backbone);
}

function nameOf(source: { readonly name: string } | { readonly module: string }): string {
  return 'name' in source ? source.name : source.module;
}
