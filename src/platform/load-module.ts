import { importModule } from '#import-module';
import { type ErrorCode, TaurecError } from '../errors.ts';
import type { ModuleSource } from '../option.ts';

/**
 * Loads an object from a module. The export may be the object itself, a class (instantiated with the options) or a factory (called with the options). In Node the module
 * may be TypeScript.
 * @param what the kind of object, for errors: loss, backbone …
 * @param method a method that every instance has; it identifies a class that was compiled to a function
 * @param failure code of the error for a module that cannot be imported
 * @throws TaurecError as `importExport`; with code `failure` if the class or factory throws
 */
export async function loadModule(
  source: ModuleSource,
  what: string,
  method: string,
  failure: ErrorCode,
): Promise<unknown> {
  const found = await importExport(source, what, failure);
  if (typeof found !== 'function') return found;
  // Test the source text as well: a method declared as a field is not on the prototype.
  const isClass = typeof found.prototype?.[method] === 'function' || /^class\b/.test(String(found));
  const make = found as (new (options?: object) => unknown) & ((options?: object) => unknown);
  try {
    return isClass ? new make(source.options) : make(source.options);
  } catch (cause) {
    if (cause instanceof TaurecError) throw cause;
    throw new TaurecError(failure, { module: source.module, reason: reasonOf(cause) }, { cause });
  }
}

/** What was thrown as a sentence. */
function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * Returns the export of a module without calling or instantiating it.
 *
 * @throws TaurecError with code `failure` if the module cannot be imported; `unknown-name` if it has no such export
 */
export async function importExport(source: ModuleSource, what: string, failure: ErrorCode): Promise<unknown> {
  const name = source.export ?? 'default';
  let exports: Record<string, unknown>;
  try {
    exports = await importModule(source.module);
  } catch (cause) {
    throw new TaurecError(failure, { module: source.module, reason: reasonOf(cause) }, { cause });
  }
  const found = exports[name];
  if (found === undefined) {
    const kind = `export of ${what} module ${source.module}`;
    throw new TaurecError('unknown-name', { kind, got: name, known: Object.keys(exports) });
  }
  return found;
}
