import { TaurecError } from '../errors.ts';
import type { Loss, LossSource } from './loss.ts';
import { checkLoss, createLoss } from './losses.ts';

/**
 * A loss from any source. `{module, export = 'default', options}` imports the module: a path (relative to the working directory), a URL or a package.
 * The export is a loss class or a factory, called with the options, or a loss object. TypeScript modules load in Node.
 *
 * @throws TaurecError `unknown-name`, `bad-option`, `loss-module`
 */
export async function loadLoss(source: LossSource): Promise<Loss> {
  if (!('module' in source)) return createLoss(source);
  const name = source.export ?? 'default';
  const origin = `loss module ${source.module}`;
  let exports: Record<string, unknown>;
  try {
    exports = await importModule(source.module);
  } catch (cause) {
    throw new TaurecError('loss-module', { module: source.module, reason: (cause as Error).message }, { cause });
  }
  const found = exports[name];
  if (found === undefined) {
    throw new TaurecError('unknown-name', { kind: `export of ${origin}`, got: name, known: Object.keys(exports) });
  }
  if (typeof found !== 'function') return checkLoss(found, origin);
  // a class is known by its syntax: evaluate may be a field, which no prototype shows
  const isClass = typeof found.prototype?.evaluate === 'function' || /^class\b/.test(String(found));
  const make = found as (new (options?: object) => unknown) & ((options?: object) => unknown);
  return checkLoss(isClass ? new make(source.options) : await make(source.options), origin);
}

async function importModule(module: string): Promise<Record<string, unknown>> {
  let url = module;
  if (/^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(module)) {
    // Only paths need Node: a browser names its modules by URL.
    const { pathToFileURL } = await import('node:url');
    url = pathToFileURL(module).href;
  }
  if (!/\.[mc]?ts$/.test(url)) return import(url);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(url);
}
