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

/** The content of a configuration file: training options, data options and the model folder. */
export interface FileConfig {
  readonly training: TrainConfigInput;
  readonly data: Partial<DatasetOptions>;
  readonly out?: string;
  /** Settings of `taurec tune`, not yet checked. */
  readonly tune?: unknown;
}

const names = ['ts', 'mts', 'mjs', 'js', 'json'].map((extension) => `taurec.config.${extension}`);

/** The configuration file to use: the given one, else the first usual name in the current folder. */
export function findConfigFile(given?: string): string | undefined {
  return given ?? names.find((name) => existsSync(name));
}

/**
 * Reads a configuration file: JSON, or a module whose default export is the configuration. TypeScript needs no compilation.
 * @throws TaurecError `file-not-found`, `bad-config-file`, `bad-option`
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
 * Reads an object from a JSON file or the default export of a module. TypeScript needs no compilation.
 * @throws TaurecError `file-not-found`, `bad-config-file`, `bad-option`
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
 * Reads any value from a JSON file or the default export of a module. TypeScript needs no compilation.
 * @throws TaurecError `file-not-found`, `bad-config-file`
 */
async function readDefaultExport(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new TaurecError('file-not-found', { file });
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    const { createJiti } = await import('jiti');
    // A project may use taurec without having installed it: its import of defineConfig then resolves to this copy.
    const fileOf = (entry: string) => fileURLToPath(new URL(`../${entry}.js`, import.meta.url));
    const jiti = createJiti(import.meta.url, {
      alias: {
        taurec: fileOf('index'),
        'taurec/extend': fileOf('extend'),
        'taurec/lab': fileOf('lab'),
        'taurec/server': fileOf('server/serve'),
      },
    });
    return await jiti.import(resolve(file), { default: true });
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n', 1);
    throw new TaurecError('bad-config-file', { file, reason }, { cause });
  }
}

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

type Entry = Readonly<Record<string, unknown>>;

/** Rewrites an experiment's paths (data sets, modules), which are relative to its file, to be relative to the working directory. */
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

/** The folder of a data set: with a slash it is a path; without, a name, which stays. */
function dataBesideFile(file: string, folder: string): string {
  return /[/\\]/.test(folder) ? besideFile(file, folder) : folder;
}

/** A loss, backbone or metric: a relative module path is rewritten, anything else stays. */
function moduleBesideFile(file: string, entry: unknown): unknown {
  const { module } = (entry ?? {}) as Entry;
  if (typeof module !== 'string' || !/^\.{1,2}[/\\]/.test(module)) return entry;
  return { ...(entry as Entry), module: besideFile(file, module) };
}

function filesBesideFile(file: string, entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const paths = Object.entries(entry).map(([key, value]) => [
    key,
    ['train', 'valid', 'test', 'titles', 'catalogue'].includes(key) ? sourceBesideFile(file, value) : value,
  ]);
  return Object.fromEntries(paths);
}

/** A source: a path or a list of them; anything else stays and is refused by its reader. */
function sourceBesideFile(file: string, source: unknown): unknown {
  if (Array.isArray(source)) return source.map((one) => sourceBesideFile(file, one));
  return typeof source === 'string' ? besideFile(file, source) : source;
}

function besideFile(file: string, path: string): string {
  if (path === '-' || /^(postgres(ql)?|https?):/i.test(path)) return path;
  if (/^sqlite:/i.test(path)) return `sqlite:${besideFile(file, path.slice('sqlite:'.length))}`;
  if (isAbsolute(path)) return path;
  const found = relative('.', join(dirname(file), path));
  return isAbsolute(found) || found.startsWith('..') ? found : `.${sep}${found}`;
}

/** Maps a list. Anything else stays and is refused by its reader. */
function each(entries: unknown, change: (entry: unknown) => unknown): unknown {
  return Array.isArray(entries) ? entries.map(change) : entries;
}

function definedOnly(config: Entry): ExperimentConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/**
 * The recipes of a file (default export: one or a list; paths relative to the file), or the built-in ones without a file.
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
  const { batch, ...rest } = config as Entry;
  const isGroup = typeof batch === 'object' && batch !== null;
  return {
    ...sourcesBesideFile(file, rest, ['loss', 'backbone']),
    ...('batch' in config && { batch: isGroup ? sourcesBesideFile(file, batch, ['pool', 'sampler']) : batch }),
  };
}

function sourcesBesideFile(file: string, config: object, kinds: readonly string[]): object {
  const sources = Object.entries(config).filter(([key]) => kinds.includes(key));
  return { ...config, ...Object.fromEntries(sources.map(([key, source]) => [key, moduleBesideFile(file, source)])) };
}
