import { TaurecError } from '../errors.ts';
import type { OptionSet, RawOptions } from '../option.ts';
import type { Backbone, BackboneSource } from './backbone.ts';
import { LightGcn } from './lightgcn.ts';
import { LightGcnPlusPlus } from './lightgcn-plus-plus.ts';
import { MatrixFactorization } from './matrix-factorization.ts';
import { Ngcf } from './ngcf.ts';
import { SimGcl } from './simgcl.ts';
import { XSimGcl } from './xsimgcl.ts';

/** A backbone class with the declaration of its options. */
interface BuiltInBackbone {
  new (options?: RawOptions): Backbone;
  readonly options: OptionSet;
}

/** Every built-in backbone by name. This is the only list: names, flags and help are derived from it. */
const backbones = {
  mf: MatrixFactorization,
  lightgcn: LightGcn,
  'lightgcn++': LightGcnPlusPlus,
  ngcf: Ngcf,
  simgcl: SimGcl,
  xsimgcl: XSimGcl,
} satisfies Record<string, BuiltInBackbone>;

/** The name of a built-in backbone. */
export type BackboneName = keyof typeof backbones;

/** The names of the built-in backbones. */
export const backboneNames = Object.keys(backbones) as BackboneName[];

/** The option declarations of each built-in backbone. */
export const backboneOptions = Object.fromEntries(
  backboneNames.map((name) => [name, backbones[name].options]),
) as Readonly<Record<BackboneName, OptionSet>>;

/**
 * Creates a built-in backbone from its name and options, or checks and returns a backbone object. `loadBackbone` handles modules.
 *
 * @throws TaurecError `unknown-name` for an unknown backbone or option, `bad-option` for a value out of bounds, a module, or an incomplete backbone object
 */
export function createBackbone(source: BackboneSource): Backbone {
  // The order matters: a backbone object has a name too, so the test for an object comes first.
  if ('forward' in source) return checkBackbone(source, 'backbone');
  if ('module' in source) {
    const expected = 'a name or an object';
    const remedy = 'Use loadBackbone.';
    throw new TaurecError('bad-option', { option: 'backbone', got: source.module, expected, remedy });
  }
  if (!Object.hasOwn(backbones, source.name)) {
    throw new TaurecError('unknown-name', { kind: 'backbone', got: source.name, known: backboneNames });
  }
  const Built: BuiltInBackbone = backbones[source.name as BackboneName];
  return new Built(source.options);
}

/**
 * Returns `value` when it fulfils the `Backbone` contract; the optional methods are not checked.
 * @param origin the option or module to name in the error
 * @throws TaurecError `bad-option` when a member is missing
 */
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
