import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { loadModule } from '../platform/load-module.ts';
import { createSampler } from './create-sampler.ts';
import type { Sampler } from './sampler.ts';
import type { CustomPool, CustomSampler, SamplerOptions } from './sampler-options.ts';

/**
 * Creates the sampler of a training run like `createSampler`, after loading a custom pool or sampler that is given by module. The module exports a class or a factory, which is called with the options, or an object.
 *
 * @throws TaurecError `bad-option`, `unknown-name`, `sampler-module`
 */
export async function loadSampler(
  train: Csr,
  options: Partial<SamplerOptions>,
  seed: number,
  negativeWeights?: Csr,
): Promise<Sampler> {
  const pool = await loaded<NonNullable<SamplerOptions['pool']>, CustomPool>(options.pool, 'pool', 'openPool');
  const sampler = await loaded<NonNullable<SamplerOptions['sampler']>, CustomSampler>(
    options.sampler,
    'sampler',
    'openSampler',
  );
  return createSampler(train, { ...options, pool, sampler }, seed, negativeWeights);
}

/** The object that a module exports, checked for its method; any other source unchanged. */
async function loaded<S extends string | object, T extends object>(
  source: S | undefined,
  kind: string,
  method: string,
): Promise<S | T | undefined> {
  if (typeof source !== 'object' || !('module' in source)) return source;
  const module = source as { module: string };
  const made = await loadModule(module, kind, method, 'sampler-module');
  if (typeof (made as Record<string, unknown> | undefined)?.[method] === 'function') return made as T;
  const expected = `an object with name, parameters and ${method}(setting)`;
  throw new TaurecError('bad-option', { option: `${kind} module ${module.module}`, got: made, expected });
}
