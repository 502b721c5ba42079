import { TaurecError } from '../errors.ts';
import { parseRecipe, type Recipe } from '../experiment/recipe.ts';
import { recipes } from '../experiment/recipes.ts';
import { readDefaultExport } from './config-file.ts';

/**
 * The recipes of a file, whose default export is one or a list of them; without a file those of taurec.
 * @throws TaurecError as `readDefaultExport` and `parseRecipe`; `bad-option` for two of one name
 */
export async function readRecipes(file?: string): Promise<readonly Recipe[]> {
  if (file === undefined) return recipes;
  const content = await readDefaultExport(file);
  const read = (Array.isArray(content) ? content : [content]).map(parseRecipe);
  const names = read.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return read;
  throw new TaurecError('bad-option', { option: `name in ${file}`, got: twice, expected: 'distinct names' });
}
