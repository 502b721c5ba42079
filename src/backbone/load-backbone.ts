import { loadModule } from '../platform/load-module.ts';
import type { Backbone, BackboneSource } from './backbone.ts';
import { checkBackbone, createBackbone } from './backbones.ts';

/**
 * Creates a backbone from any source.
 *
 * `{module, export = 'default', options}` imports a module by path (relative to the working directory), URL or package name. Its export is a backbone class or a factory,
 * which is called with the options, or a backbone object. Node loads TypeScript modules directly.
 *
 * @throws TaurecError `unknown-name`, `bad-option`, `backbone-module`
 */
export async function loadBackbone(source: BackboneSource): Promise<Backbone> {
  if (!('module' in source)) return createBackbone(source);
  const made = await loadModule(source, 'backbone', 'forward', 'backbone-module');
  return checkBackbone(made, `backbone module ${source.module}`);
}
