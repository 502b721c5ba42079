import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetOptions } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { TrainConfigInput } from '../training/config.ts';

/** What a configuration file holds: training options, and beside them the data and the model's folder. */
export interface FileConfig {
  readonly training: TrainConfigInput;
  readonly data: Partial<DatasetOptions>;
  readonly out?: string;
  /** What `taurec tune` searches, not yet checked. */
  readonly tune?: unknown;
}

const names = ['ts', 'mts', 'mjs', 'js', 'json'].map((extension) => `taurec.config.${extension}`);

/** The configuration file to use: the one given, else one of the usual names in the current folder. */
export function findConfigFile(given?: string): string | undefined {
  return given ?? names.find((name) => existsSync(name));
}

/**
 * Reads a configuration file: JSON, or a module whose default export is the configuration; TypeScript runs as it is.
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
 * What a configuration file holds: an object, in JSON or as the default export of a module; TypeScript runs as it is.
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
 * What a JSON file holds, or the default export of a module; TypeScript runs as it is.
 * @throws TaurecError `file-not-found`, `unreadable-file`
 */
export async function readDefaultExport(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new TaurecError('file-not-found', { file });
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    const { createJiti } = await import('jiti');
    // A project may run a taurec that it has not installed: the import of defineConfig is then this very one.
    const jiti = createJiti(import.meta.url, {
      alias: { taurec: fileURLToPath(new URL('../index.js', import.meta.url)) },
    });
    return await jiti.import(resolve(file), { default: true });
  } catch (cause) {
    const reason = `${(cause as Error).message.split('\n', 1)[0]}.`;
    throw new TaurecError('unreadable-file', { file, format: 'a configuration', reason }, { cause });
  }
}

/** The options of `data`, and what kind of value each takes. */
const dataOptions: Record<keyof DatasetOptions, readonly string[]> = {
  train: ['string'],
  valid: ['string'],
  test: ['string'],
  split: ['string'],
  testRatio: ['number'],
  validRatio: ['number'],
  validSplit: ['string'],
  kCore: ['number', 'object'],
  recencyHalfLife: ['number'],
  titles: ['string'],
  titleOptions: ['object'],
  seed: ['number'],
  user: ['string', 'number'],
  item: ['string', 'number'],
  rating: ['string', 'number', 'boolean'],
  time: ['string', 'number', 'boolean'],
  weight: ['string', 'number'],
  format: ['string'],
  delimiter: ['string'],
  header: ['boolean', 'string'],
  minRating: ['number'],
  onBadRow: ['string'],
  rejectsDirectory: ['string'],
};

function checkDataOption(file: string, key: string, value: unknown): void {
  const kinds = Object.hasOwn(dataOptions, key) ? dataOptions[key as keyof DatasetOptions] : undefined;
  if (!kinds)
    throw new TaurecError('unknown-name', {
      kind: `option of data in ${file}`,
      got: key,
      known: Object.keys(dataOptions),
    });
  if (kinds.includes(typeof value)) return;
  const expected = `a ${kinds.join(' or ')}`;
  throw new TaurecError('bad-option', { option: `data.${key} in ${file}`, got: value, expected });
}
