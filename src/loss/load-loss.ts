import { loadModule } from '../platform/load-module.ts';
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
  return checkLoss(await loadModule(source, 'loss', 'evaluate', 'loss-module'), `loss module ${source.module}`);
}
