import { TaurecError } from '../errors.ts';
import { parseRecipe, type Recipe } from '../recipe/recipe.ts';
import { recipes } from '../recipe/recipes.ts';
import { dataBesideFile, moduleBesideFile } from './beside-file.ts';
import { readDefaultExport } from './config-file.ts';

/**
 * The recipes of a file, whose default export is one or a list of them, with paths relative to it; without a file those of taurec.
 * @throws TaurecError as `readDefaultExport` and `parseRecipe`; `bad-option` for two of one name
 */
export async function readRecipes(file?: string): Promise<readonly Recipe[]> {
  if (file === undefined) return recipes;
  const content = await readDefaultExport(file);
  const read = (Array.isArray(content) ? content : [content]).map((one) => parseRecipe(recipeBesideFile(file, one)));
  const names = read.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return read;
  throw new TaurecError('bad-option', { option: `name in ${file}`, got: twice, expected: 'distinct names' });
}

function recipeBesideFile(file: string, recipe: unknown): unknown {
  if (typeof recipe !== 'object' || recipe === null) return recipe;
  const { data, config, ...rest } = recipe as Record<string, unknown>;
  return {
    ...rest,
    ...('data' in recipe && { data: typeof data === 'string' ? dataBesideFile(file, data) : data }),
    ...('config' in recipe && {
      config: typeof config === 'object' && config !== null ? trainingBesideFile(file, config) : config,
    }),
  };
}

function trainingBesideFile(file: string, config: object): object {
  const sources = Object.entries(config).filter(([key]) => key === 'loss' || key === 'backbone');
  return { ...config, ...Object.fromEntries(sources.map(([key, source]) => [key, moduleBesideFile(file, source)])) };
}
