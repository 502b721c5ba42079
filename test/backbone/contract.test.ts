import { expect, test } from 'vitest';
import type { Backbone } from '../../src/backbone/backbone.ts';
import { type BackboneName, backboneNames, createBackbone } from '../../src/backbone/backbones.ts';
import { type BackboneTraits, backboneContract } from '../contracts/backbone-contract.ts';

type Options = Readonly<Record<string, number | boolean | undefined>>;

/** The settings under which each built-in backbone keeps to the contract. A backbone without a row fails below, by its name. */
const settings: Readonly<Record<string, readonly (readonly [Options, BackboneTraits])[]>> = {
  // final = base: there is nothing to check
  mf: [],
  lightgcn: [{ layers: 1 }, { layers: 2 }, { layers: 3 }, { layers: 4 }, { layers: 3, gamma: 0.1 }].map(
    (options) => [options, { linear: true }] as const,
  ),
  'lightgcn++': [{ layers: 1 }, { layers: 2 }, { layers: 4 }].map((options) => [options, { linear: false }] as const),
  ngcf: [
    ...[1, 2, 3].map((layers) => [{ layers, messageDropout: 0 }, { linear: false }] as const),
    [{ layers: 2, messageDropout: 0, rawBase: true }, { linear: false }],
    [
      { layers: 2, messageDropout: 0.3 },
      { linear: false, random: true },
    ],
  ],
  simgcl: [{ layers: 1 }, { layers: 2 }, { layers: 3 }, { contrastNodes: 3, contrastTau: 0.7, noise: 0.5 }].map(
    (options) => [options, { linear: false, random: true }] as const,
  ),
  xsimgcl: [
    { layers: 1, contrastLayer: 1 },
    { layers: 2, contrastLayer: 1 },
    { layers: 2, contrastLayer: 2 },
    { layers: 3, contrastLayer: 2 },
  ].map((options) => [options, { linear: false, random: true }] as const),
};

const make = (name: BackboneName, options: Options) => (): Backbone => createBackbone({ name, options });

for (const name of backboneNames) {
  for (const [options, traits] of settings[name] ?? []) {
    backboneContract(`${name} ${JSON.stringify(options)}`, make(name, options), traits);
  }
}

test.each(backboneNames)('%s has a row of settings in test/backbone/contract.test.ts', (name) => {
  expect(Object.keys(settings)).toContain(name);
});
