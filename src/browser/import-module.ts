/** The exports of a module, which a browser knows by its address; a relative one is relative to the page. */
export function importModule(module: string): Promise<Record<string, unknown>> {
  const url = /^\.{0,2}\//.test(module) ? new URL(module, globalThis.location?.href).href : module;
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
}
