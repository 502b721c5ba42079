import { pathToFileURL } from 'node:url';

/** Imports a module by path (relative to the working directory), URL or package name and returns its exports. TypeScript files are compiled with jiti. */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  // A path begins with /, ./, ../ or a Windows drive; anything else is a URL or the name of a package.
  const isPath = /^(\.{0,2}[/\\]|[a-z]:[/\\])/i.test(module);
  const url = isPath ? pathToFileURL(module).href : module;
  if (!/\.[mc]?ts$/.test(url)) return import(url);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(url);
}
