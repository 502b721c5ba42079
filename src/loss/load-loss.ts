import { loadModule } from '../platform/load-module.ts';
import type { Loss, LossSource } from './loss.ts';
import { checkLoss, createLoss } from './losses.ts';

/**
 * Creates a loss from any source.
 *
 * `{module, export = 'default', options}` imports a module by path (relative to the working directory), URL or package name. Its export is a loss class or a factory,
 * which is called with the options, or a loss object. Node loads TypeScript modules directly.
 *
 * @throws TaurecError `unknown-name`, `bad-option`, `loss-module`
 */
export async function loadLoss(source: LossSource): Promise<Loss> {
  if (!('module' in source)) return createLoss(source);
  return checkLoss(await loadModule(source, 'loss', 'evaluate', 'loss-module'), `loss module ${source.module}`);
}
