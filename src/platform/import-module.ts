import { pathToFileURL } from 'node:url';

/** The exports of a module: a path (relative to the working directory), a URL or a package. TypeScript is stripped on the way. */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  const isPath = /^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(module);
  const url = isPath ? pathToFileURL(module).href : module;
  if (!/\.[mc]?ts$/.test(url)) return import(url);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(url);
}
