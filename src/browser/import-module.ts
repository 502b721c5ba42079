import { pageAddress } from './page-address.ts';

/** Imports a module by its address and returns its exports. An address that begins with /, ./ or ../ is relative to the page. */
export function importModule(module: string): Promise<Record<string, unknown>> {
  const url = /^\.{0,2}\//.test(module) ? new URL(module, pageAddress()).href : module;
  // The comments keep bundlers from resolving the address, which is only known at run time.
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
}
