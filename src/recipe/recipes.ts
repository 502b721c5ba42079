import { TaurecError } from '../errors.ts';
import { nearest } from '../training/option-errors.ts';
import { equalLoss } from './equal-loss.ts';
import { papersOwn } from './papers-own.ts';
import { popularityShift } from './popularity-shift.ts';
import type { Recipe } from './recipe.ts';
import { tableMf } from './table-mf.ts';
import { wholeTrain } from './whole-train.ts';

/** Every recipe; the only list. */
export const recipes: readonly Recipe[] = [...wholeTrain, ...tableMf, ...equalLoss, ...popularityShift, ...papersOwn];

/** A recipe by its name, among those given. @throws TaurecError `unknown-name`, with the nearest name */
export function recipeNamed(name: string, among: readonly Recipe[] = recipes): Recipe {
  const found = among.find((recipe) => recipe.name === name);
  if (found) return found;
  const known = among.map((recipe) => recipe.name);
  throw new TaurecError('unknown-name', { kind: 'recipe', got: name, known, near: nearest(name, known) });
}
