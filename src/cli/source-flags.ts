import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceFacts } from '../option.ts';
import { UsageError } from './failure.ts';

/** What is named by flags: `--loss`, `--loss-module`, `--loss-export`, `--loss-option`, and the same of a backbone. */
interface SourceKind {
  readonly kind: SourceFacts['kind'];
  /** The function that a source given as an object has. */
  readonly method: string;
  /** Flags that set one option, by the option's name. */
  readonly optionFlags: Readonly<Record<string, string>>;
}

/**
 * The source of the configuration file, or that of the flags; `--tau`, `--layers` and the like change one option of either. `byDefault` is what they change where
 * nothing is named. Undefined when neither says anything.
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
