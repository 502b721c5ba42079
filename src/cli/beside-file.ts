import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { ExperimentConfig } from '../experiment/settings.ts';

type Entry = Readonly<Record<string, unknown>>;

/** An experiment's settings from a file, in which paths are relative to that file: data sets and modules, now relative to the working directory. */
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

/** A data set's folder: a path when it has a slash, else a name, which stays. */
export function dataBesideFile(file: string, folder: string): string {
  return /[/\\]/.test(folder) ? besideFile(file, folder) : folder;
}

/** A loss, backbone or metric whose module is a relative path; all else stays as it is. */
export function moduleBesideFile(file: string, entry: unknown): unknown {
  const { module } = (entry ?? {}) as Entry;
  if (typeof module !== 'string' || !/^\.{1,2}[/\\]/.test(module)) return entry;
  return { ...(entry as Entry), module: besideFile(file, module) };
}

function filesBesideFile(file: string, entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const paths = Object.entries(entry).map(([key, value]) => [
    key,
    ['train', 'valid', 'test', 'titles'].includes(key) && typeof value === 'string' ? besideFile(file, value) : value,
  ]);
  return Object.fromEntries(paths);
}

function besideFile(file: string, path: string): string {
  if (/^postgres(ql)?:/i.test(path)) return path;
  if (/^sqlite:/i.test(path)) return `sqlite:${besideFile(file, path.slice('sqlite:'.length))}`;
  if (isAbsolute(path)) return path;
  const found = relative('.', join(dirname(file), path));
  return isAbsolute(found) || found.startsWith('..') ? found : `.${sep}${found}`;
}

/** Of a list; anything else stays as it is, to be refused by who reads it. */
function each(entries: unknown, change: (entry: unknown) => unknown): unknown {
  return Array.isArray(entries) ? entries.map(change) : entries;
}

function definedOnly(config: Entry): ExperimentConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
