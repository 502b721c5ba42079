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
 * What a module exports: an object as it is; of a class an instance, of a factory what it returns, both called with the options. TypeScript modules load in Node.
 * `method` is one that every instance has: a class that is compiled to a function is known by it.
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
 * What a module exports, as it is.
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
