import { describe, expect, it } from 'vitest';
import { LightGcn } from '../../src/backbone/lightgcn.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { TaurecError } from '../../src/errors.ts';
import { backboneContract } from '../contracts/backbone-contract.ts';
import {
  backbonePlan,
  denseAdjacency,
  denseProduct,
  fillAll,
  rankingForward,
  valuesOf,
} from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';

for (const layers of [1, 2, 3, 4]) {
  backboneContract(`lightgcn, ${layers} layers`, () => new LightGcn({ layers }), { linear: true });
}

describe('LightGCN', () => {
  it.each([1, 2, 3, 4])('with %d layers is the mean of the powers of the normalised adjacency', async (layers) => {
    const { plan, train, backbone } = backbonePlan(new LightGcn({ layers }));
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    rankingForward(engine, backbone);
    const adjacency = denseAdjacency(train, 0.5, 0.5);
    let power = valuesOf(engine.nodes!.base);
    const sum = power.slice();
    for (let k = 1; k <= layers; k++) {
      power = denseProduct(adjacency, power);
      power.forEach((x, at) => {
        sum[at]! += x;
      });
    }
    expectClose(
      valuesOf(engine.nodes!.final),
      sum.map((x) => x / (layers + 1)),
      1e-12,
      1e-12,
    );
    await engine.close();
  });

  it.each([0, 5, 1.5, '2'])('refuses %o layers', (layers) => {
    expect(() => new LightGcn({ layers })).toThrow(TaurecError);
    expect(() => new LightGcn({ layers })).toThrow('lightgcn.layers');
  });

  it('refuses an option that it does not have', () => {
    expect(() => new LightGcn({ depth: 2 })).toThrow('layers');
  });
});
