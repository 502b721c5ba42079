import { loadModule } from '../platform/load-module.ts';
import type { Backbone, BackboneSource } from './backbone.ts';
import { checkBackbone, createBackbone } from './backbones.ts';

/**
 * A backbone from any source. `{module, export = 'default', options}` imports the module: a path (relative to the working directory), a URL or a package.
 * The export is a backbone class or a factory, called with the options, or a backbone object. TypeScript modules load in Node.
 *
 * @throws TaurecError `unknown-name`, `bad-option`, `backbone-module`
 */
export async function loadBackbone(source: BackboneSource): Promise<Backbone> {
  if (!('module' in source)) return createBackbone(source);
  const made = await loadModule(source, 'backbone', 'forward', 'backbone-module');
  return checkBackbone(made, `backbone module ${source.module}`);
}
