import { TaurecError } from '../errors.ts';
import { nearest } from '../training/option-errors.ts';
import { bslTable } from './bsl-table.ts';
import { equalLoss } from './equal-loss.ts';
import { papersOwn } from './papers-own.ts';
import { popularityShift } from './popularity-shift.ts';
import type { Recipe } from './recipe.ts';
import { tableMf } from './table-mf.ts';
import { wholeTrain } from './whole-train.ts';
import { neighborRecipes } from './with-neighbors.ts';

/** All recipes. A new group of recipes is added here and nowhere else. */
export const recipes: readonly Recipe[] = [
  ...wholeTrain,
  ...tableMf,
  ...equalLoss,
  ...bslTable,
  ...popularityShift,
  ...papersOwn,
  ...neighborRecipes,
];

/** The recipe with this name. @param among Recipes to search. Default: all. @throws TaurecError `unknown-name`, which suggests the nearest name */
export function recipeNamed(name: string, among: readonly Recipe[] = recipes): Recipe {
  const found = among.find((recipe) => recipe.name === name);
  if (found) return found;
  const known = among.map((recipe) => recipe.name);
  throw new TaurecError('unknown-name', { kind: 'recipe', got: name, known, near: nearest(name, known) });
}
