import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceFacts } from '../option.ts';
import { UsageError } from './failure.ts';

/** A loss or backbone named by flags: `--loss`, `--loss-module`, `--loss-export`, `--loss-option`, and the same for backbones. */
interface SourceKind {
  readonly kind: SourceFacts['kind'];
  /** The method that identifies a source given as an object. */
  readonly method: string;
  /** Flags that set one option, by the option's name. */
  readonly optionFlags: Readonly<Record<string, string>>;
}

/**
 * The source named by flags, else that of the configuration file. `--tau`, `--layers` and similar flags change one option of it, or of `byDefault` where neither
 * names a source. Undefined where nothing is given.
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
    throw new UsageError(`--${kind} and --${kind}-module: give one of them.`);
  if (module === undefined && exported !== undefined) {
    throw new UsageError(`--${kind}-export belongs to --${kind}-module.`);
  }
  const set = Object.entries(optionFlags).flatMap(([flag, option]) =>
    flags[flag] === undefined ? [] : [[option, flags[flag]]],
  );
  const options = { ...Object.fromEntries(set), ...(flags[`${kind}Option`] as object | undefined) };
  if (module !== undefined) {
    const path = existsSync(module) ? resolve(module) : module;
    return { module: path, ...(exported !== undefined && { export: exported }), options };
  }
  const changed = (source: unknown) => withOptions(kind, method, source, options);
  if (name !== undefined) {
    const same = typeof file === 'object' && file !== null && 'name' in file && file.name === name;
    return same ? changed(file) : { name, options };
  }
  return Object.keys(options).length === 0 ? file : changed(file ?? byDefault);
}

function withOptions(kind: string, method: string, source: unknown, options: object): unknown {
  if (typeof source === 'string') return { name: source, options };
  if (method in (source as object)) {
    const option = Object.keys(options)[0];
    throw new UsageError(
      `The ${kind} of the configuration file is an object: set its ${option} there, or name a ${kind} with --${kind}.`,
    );
  }
  return { ...(source as object), options: { ...(source as { options?: object }).options, ...options } };
}
