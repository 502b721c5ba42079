import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceFacts } from '../option.ts';
import { UsageError } from './failure.ts';

/** A kind of source that flags can name: losses by `--loss`, `--loss-module`, `--loss-export` and `--loss-option`, and other kinds by the same flags with their name. */
interface SourceKind {
  readonly kind: SourceFacts['kind'];
  /** The method that marks a source given as an object, such as `evaluate` of a loss. */
  readonly method: string;
  /** Names of source options by the attribute of the flag that sets them. */
  readonly optionFlags: Readonly<Record<string, string>>;
}

/**
 * The source that flags name, else that of the configuration file (`file`). `--tau`, `--layers` and similar flags change one option of it, or of `byDefault` where
 * neither names a source. Undefined where nothing is given.
 * @throws UsageError for flags that exclude or require each other
 */
export function sourceOf(
  { kind, method, optionFlags }: SourceKind,
  flags: Readonly<Record<string, unknown>>,
  file: unknown,
  byDefault: unknown,
): unknown {
  const name = flags[kind];
  const module = flags[`${kind}Module`] as string | undefined;
  const exported = flags[`${kind}Export`];
  if (module !== undefined && name !== undefined)
    throw new UsageError(`--${kind} cannot be combined with --${kind}-module.`);
  if (module === undefined && exported !== undefined) {
    throw new UsageError(`--${kind}-export needs --${kind}-module.`);
  }
  const set = Object.entries(optionFlags).flatMap(([flag, option]) =>
    flags[flag] === undefined ? [] : [[option, flags[flag]]],
  );
  // `--loss-option` wins over the flag of the same option.
  const options = { ...Object.fromEntries(set), ...(flags[`${kind}Option`] as object | undefined) };
  if (module !== undefined) {
    // An existing file is a path relative to the working directory; anything else is the name of a package.
    const path = existsSync(module) ? resolve(module) : module;
    return { module: path, ...(exported !== undefined && { export: exported }), options };
  }
  const changed = (source: unknown) => withOptions(kind, method, source, options);
  if (name !== undefined) {
    // The file's options for this source stay; those for another source would not fit.
    const same = typeof file === 'object' && file !== null && 'name' in file && file.name === name;
    return same ? changed(file) : { name, options };
  }
  return Object.keys(options).length === 0 ? file : changed(file ?? byDefault);
}

/** Adds options to a source. An object is refused, because its options are fixed in code. */
function withOptions(kind: string, method: string, source: unknown, options: object): unknown {
  if (typeof source === 'string') return { name: source, options };
  if (method in (source as object)) {
    const option = Object.keys(options)[0];
    throw new UsageError(
      `The ${kind} of the configuration file is an object: set its ${option} in the file, or choose a ${kind} with --${kind}.`,
    );
  }
  return { ...(source as object), options: { ...(source as { options?: object }).options, ...options } };
}
