import { importModule } from '#import-module';
import { type ErrorCode, TaurecError } from '../errors.ts';

/** A module, and which export of it to use. */
export interface ModuleSource {
  /** A path (relative to the working directory), a URL or a package. */
  readonly module: string;
  /** Default 'default'. */
  readonly export?: string;
  /** Argument of the class or factory. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * Loads an object from a module. The export may be the object, a class (instantiated with the options) or a factory (called with the options). In Node the module may be TypeScript.
 * `method` is a method that every instance has: it identifies a class that was compiled to a function.
 *
 * @throws TaurecError as `importExport`
 */
export async function loadModule(
  source: ModuleSource,
  what: string,
  method: string,
  failure: ErrorCode,
): Promise<unknown> {
  const found = await importExport(source, what, failure);
  if (typeof found !== 'function') return found;
  // a class is known by its syntax: the method may be a field, which no prototype shows
  const isClass = typeof found.prototype?.[method] === 'function' || /^class\b/.test(String(found));
  const make = found as (new (options?: object) => unknown) & ((options?: object) => unknown);
  return isClass ? new make(source.options) : make(source.options);
}

/**
 * The export of a module, neither called nor instantiated.
 *
 * @throws TaurecError `failure` when the module cannot be imported; `unknown-name` for an export that it lacks
 */
export async function importExport(source: ModuleSource, what: string, failure: ErrorCode): Promise<unknown> {
  const name = source.export ?? 'default';
  let exports: Record<string, unknown>;
  try {
    exports = await importModule(source.module);
  } catch (cause) {
    throw new TaurecError(failure, { module: source.module, reason: (cause as Error).message }, { cause });
  }
  const found = exports[name];
  if (found === undefined) {
    const kind = `export of ${what} module ${source.module}`;
    throw new TaurecError('unknown-name', { kind, got: name, known: Object.keys(exports) });
  }
  return found;
}
