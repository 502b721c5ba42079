/** The exports of a module, by its address; relative addresses are resolved against the page. */
export function importModule(module: string): Promise<Record<string, unknown>> {
  const url = /^\.{0,2}\//.test(module) ? new URL(module, globalThis.location?.href).href : module;
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
}
