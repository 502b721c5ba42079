import { describe, expect, it } from 'vitest';
import type { Backbone } from '../../src/backbone/backbone.ts';
import { SimGcl } from '../../src/backbone/simgcl.ts';
import { XSimGcl } from '../../src/backbone/xsimgcl.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import {
  backbonePlan,
  denseAdjacency,
  denseProduct,
  fillAll,
  rankingForward,
  stepBackward,
  valuesOf,
} from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';

const made: [string, (options: Record<string, number>) => Backbone][] = [
  ['simgcl', (options) => new SimGcl(options)],
  ['xsimgcl', (options) => new XSimGcl(options)],
];

describe.each(made)('%s', (name, make) => {
  it.each([1, 2, 3])('ranks by the mean of %d layers without layer 0', async (layers) => {
    const { plan, train, backbone } = backbonePlan(make({ layers }));
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    rankingForward(engine, backbone);
    const adjacency = denseAdjacency(train, 0.5, 0.5);
    let power = valuesOf(engine.nodes!.base);
    const expected = new Float64Array(power.length);
    for (let k = 1; k <= layers; k++) {
      power = denseProduct(adjacency, power);
      power.forEach((x, at) => {
        expected[at]! += x / layers;
      });
    }
    expectClose(valuesOf(engine.nodes!.final), expected, 1e-12, 1e-12);
    await engine.close();
  });

  it('adds weight · InfoNCE, another at every step', async () => {
    const { plan, backbone, sampler } = backbonePlan(make({ contrastWeight: 2 }));
    const weak = make({ contrastWeight: 1 });
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    sampler.startEpoch(0);
    engine.startEpoch(0, 0);
    const batch = sampler.batch(0);
    const context = { training: true, rows: 'touched', seed: 1, epoch: 0, step: 0 } as const;
    stepBackward(engine, backbone, batch, 0);
    const value = backbone.auxiliaryLoss!(engine.nodes!, context);
    expect(value).toBeGreaterThan(0);
    expectClose([weak.auxiliaryLoss!(engine.nodes!, context)], [value / 2], 1e-12, 1e-12);
    expect(stepBackward(engine, backbone, batch, 1)).not.toBe(stepBackward(engine, backbone, batch, 0));
    expect(stepBackward(engine, backbone, batch, 0)).toBe(stepBackward(engine, backbone, batch, 0));
    await engine.close();
  });

  it.each([{ layers: 0 }, { noise: -1 }, { contrastWeight: 0 }, { contrastTau: 0 }, { contrastNodes: 1 }, { tau: 1 }])(
    'refuses %o',
    (options) => expect(() => make(options as unknown as Record<string, number>)).toThrow(name),
  );
});

it('XSimGCL contrasts with one of its layers', () => {
  expect(() => new XSimGcl({ layers: 2, contrastLayer: 3 })).toThrow('xsimgcl.contrastLayer');
});
