import { TaurecError } from '../errors.ts';
import type { Backbone, BackboneSource } from './backbone.ts';
import type { RawOptions } from './backbone-options.ts';
import { LightGcn } from './lightgcn.ts';
import { LightGcnPlusPlus } from './lightgcn-plus-plus.ts';
import { MatrixFactorization } from './matrix-factorization.ts';
import { Ngcf } from './ngcf.ts';
import { SimGcl } from './simgcl.ts';
import { XSimGcl } from './xsimgcl.ts';

/** Every built-in backbone by name; the only list. */
const backbones = {
  mf: (options) => new MatrixFactorization(options),
  lightgcn: (options) => new LightGcn(options),
  'lightgcn++': (options) => new LightGcnPlusPlus(options),
  ngcf: (options) => new Ngcf(options),
  simgcl: (options) => new SimGcl(options),
  xsimgcl: (options) => new XSimGcl(options),
} satisfies Record<string, (options?: RawOptions) => Backbone>;

/** The name of a built-in backbone. */
export type BackboneName = keyof typeof backbones;

/** The names of the built-in backbones. */
export const backboneNames = Object.keys(backbones) as BackboneName[];

/**
 * A backbone from a name with options, or a bare object as it is. Modules need `loadBackbone`.
 *
 * @throws TaurecError `unknown-name`, `bad-option`
 */
export function createBackbone(source: BackboneSource): Backbone {
  if ('forward' in source) return checkBackbone(source, 'backbone');
  if ('module' in source) {
    const expected = 'a name or an object';
    const remedy = 'Use loadBackbone.';
    throw new TaurecError('bad-option', { option: 'backbone', got: source.module, expected, remedy });
  }
  if (!Object.hasOwn(backbones, source.name)) {
    throw new TaurecError('unknown-name', { kind: 'backbone', got: source.name, known: backboneNames });
  }
  return backbones[source.name as BackboneName](source.options);
}

/** Throws when `value` lacks a part of the Backbone contract; `origin` names it in the message. */
export function checkBackbone(value: unknown, origin: string): Backbone {
  const backbone = value as Partial<Backbone> | null | undefined;
  const whole =
    typeof backbone?.name === 'string' &&
    typeof backbone.parameters === 'object' &&
    typeof backbone.plan === 'function' &&
    typeof backbone.forward === 'function' &&
    typeof backbone.backward === 'function';
  if (whole) return backbone as Backbone;
  const expected =
    'an object with name, parameters, plan(dimension, graph), forward(nodes, context) and backward(nodes, context)';
  throw new TaurecError('bad-option', { option: origin, got: value, expected });
}
