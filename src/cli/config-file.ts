// Reads configuration, experiment and recipe files. Paths in an experiment or recipe file are relative to that file; those in a configuration file are
// relative to the working directory.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DatasetOptions, datasetShape } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { ExperimentConfig } from '../experiment/settings.ts';
import { parseRecipe, type Recipe } from '../recipe/recipe.ts';
import { recipes } from '../recipe/recipes.ts';
import type { TrainConfigInput } from '../training/config.ts';

/** The content of a configuration file: training options, data options, the model folder and settings of a study. */
export interface FileConfig {
  readonly training: TrainConfigInput;
  readonly data: Partial<DatasetOptions>;
  readonly out?: string;
  /** Settings of `taurec tune`, unchecked: only that command checks them. */
  readonly tune?: unknown;
}

/** File names that are looked for, in this order. */
const names = ['ts', 'mts', 'mjs', 'js', 'json'].map((extension) => `taurec.config.${extension}`);

/** The configuration file to use: the given one, else the first of `names` in the current folder, else none. */
export function findConfigFile(given?: string): string | undefined {
  return given ?? names.find((name) => existsSync(name));
}

/**
 * Reads a configuration file: JSON, or a module whose default export is the configuration. TypeScript is read without a build step. The training options
 * stay unchecked, because flags may override them.
 * @throws TaurecError `file-not-found`, `unreadable-file`, `bad-option`
 */
export async function readConfigFile(file: string): Promise<FileConfig> {
  const { data = {}, out, tune, ...training } = await readModule(file);
  if (typeof data !== 'object' || data === null) {
    throw new TaurecError('bad-option', { option: `data in ${file}`, got: data, expected: 'an object' });
  }
  for (const [key, value] of Object.entries(data)) checkDataOption(file, key, value);
  if (out !== undefined && typeof out !== 'string') {
    throw new TaurecError('bad-option', { option: `out in ${file}`, got: out, expected: 'a folder' });
  }
  return { training: training as TrainConfigInput, data, tune, ...(out !== undefined && { out }) };
}

/**
 * Reads an object from a JSON file or from the default export of a module. TypeScript is read without a build step.
 * @throws TaurecError `file-not-found`, `unreadable-file`, `bad-option`
 */
export async function readModule(file: string): Promise<Record<string, unknown>> {
  const content = await readDefaultExport(file);
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return content as Record<string, unknown>;
  const expected = 'an object as its default export';
  const remedy = 'See defineConfig and defineExperiment.';
  throw new TaurecError('bad-option', { option: file, got: content, expected, remedy });
}

/**
 * Reads any value from a JSON file or from the default export of a module. TypeScript is read without a build step.
 * @throws TaurecError `file-not-found`, `unreadable-file`
 */
async function readDefaultExport(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new TaurecError('file-not-found', { file });
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    const { createJiti } = await import('jiti');
    // The alias lets a file import defineConfig from 'taurec' where the package is not installed (npx, a global installation): the import resolves to this copy.
    const jiti = createJiti(import.meta.url, {
      alias: { taurec: fileURLToPath(new URL('../index.js', import.meta.url)) },
    });
    return await jiti.import(resolve(file), { default: true });
  } catch (cause) {
    const reason = `${(cause as Error).message.split('\n', 1)[0]}.`;
    throw new TaurecError('unreadable-file', { file, format: 'a configuration', reason }, { cause });
  }
}

/** Checks one option of `data`. @throws TaurecError `unknown-name`, `bad-option` */
function checkDataOption(file: string, key: string, value: unknown): void {
  if (!Object.hasOwn(datasetShape, key)) {
    const known = Object.keys(datasetShape);
    throw new TaurecError('unknown-name', { kind: `option of data in ${file}`, got: key, known });
  }
  const parsed = datasetShape[key as keyof typeof datasetShape].safeParse(value);
  if (parsed.success) return;
  const expected = parsed.error.issues[0]!.message;
  throw new TaurecError('bad-option', { option: `data.${key} in ${file}`, got: value, expected });
}

/** An object whose values have yet to be checked. */
type Entry = Readonly<Record<string, unknown>>;

/** Rewrites the paths of an experiment (data sets, modules): from relative to its file to relative to the working directory. */
export function experimentBesideFile(file: string, config: Entry): ExperimentConfig {
  const { data, losses, backbones, metrics, ...rest } = config;
  return definedOnly({
    ...rest,
    data: each(data, (entry) =>
      typeof entry === 'string' ? dataBesideFile(file, entry) : filesBesideFile(file, entry),
    ),
    losses: each(losses, (entry) => moduleBesideFile(file, entry)),
    backbones: each(backbones, (entry) => moduleBesideFile(file, entry)),
    metrics: each(metrics, (entry) => moduleBesideFile(file, entry)),
  });
}

/** The folder of a data set. Text with a slash is a path and is rewritten; text without one is a name and stays. */
function dataBesideFile(file: string, folder: string): string {
  return /[/\\]/.test(folder) ? besideFile(file, folder) : folder;
}

/** A loss, backbone or metric. A module path that begins with `./` or `../` is rewritten; a package name, an absolute path and anything else stays. */
function moduleBesideFile(file: string, entry: unknown): unknown {
  const { module } = (entry ?? {}) as Entry;
  if (typeof module !== 'string' || !/^\.{1,2}[/\\]/.test(module)) return entry;
  return { ...(entry as Entry), module: besideFile(file, module) };
}

/** A data set given by its files: rewrites the paths of its parts and titles. */
function filesBesideFile(file: string, entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const paths = Object.entries(entry).map(([key, value]) => [
    key,
    ['train', 'valid', 'test', 'titles'].includes(key) && typeof value === 'string' ? besideFile(file, value) : value,
  ]);
  return Object.fromEntries(paths);
}

/** Rewrites one path. Database URLs and absolute paths stay; a SQLite place has its path rewritten. The result begins with `./` or `../`, so that it never reads as a name. */
function besideFile(file: string, path: string): string {
  if (/^postgres(ql)?:/i.test(path)) return path;
  if (/^sqlite:/i.test(path)) return `sqlite:${besideFile(file, path.slice('sqlite:'.length))}`;
  if (isAbsolute(path)) return path;
  const found = relative('.', join(dirname(file), path));
  return isAbsolute(found) || found.startsWith('..') ? found : `.${sep}${found}`;
}

/** Maps a list. Any other value stays as it is; its reader refuses it. */
function each(entries: unknown, change: (entry: unknown) => unknown): unknown {
  return Array.isArray(entries) ? entries.map(change) : entries;
}

/** Removes undefined settings, which would hide the experiment's defaults. */
function definedOnly(config: Entry): ExperimentConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/**
 * The recipes of a file, or the built-in ones without a file. The default export is one recipe or a list; its paths are relative to the file.
 * @throws TaurecError as `readDefaultExport` and `parseRecipe`; `bad-option` for two recipes of the same name
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

/** A recipe with its data folder and modules relative to the working directory. Malformed values stay for `parseRecipe` to refuse. */
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

/** A training configuration with the modules of its loss and backbone relative to the working directory. */
function trainingBesideFile(file: string, config: object): object {
  const sources = Object.entries(config).filter(([key]) => key === 'loss' || key === 'backbone');
  return { ...config, ...Object.fromEntries(sources.map(([key, source]) => [key, moduleBesideFile(file, source)])) };
}
