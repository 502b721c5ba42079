import { describe, expect, it } from 'vitest';
import { LightGcn } from '../../src/backbone/lightgcn.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { TaurecError } from '../../src/errors.ts';
import {
  backbonePlan,
  denseAdjacency,
  denseProduct,
  fillAll,
  rankingForward,
  valuesOf,
} from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';

describe('LightGCN', () => {
  it.each([
    { layers: 1 },
    { layers: 2 },
    { layers: 3 },
    { layers: 4 },
    { layers: 1, gamma: 0.2 },
    { layers: 3, gamma: 0 },
    { layers: 2, gamma: 1 },
  ])('%o: gamma of the base, the rest from the mean of the powers of the normalised adjacency', async (options) => {
    const { plan, train, backbone } = backbonePlan(new LightGcn(options));
    const { layers, gamma = 1 / (layers + 1) } = options;
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    rankingForward(engine, backbone);
    const adjacency = denseAdjacency(train, 0.5, 0.5);
    let power = valuesOf(engine.nodes!.base);
    const expected = power.map((x) => gamma * x);
    for (let k = 1; k <= layers; k++) {
      power = denseProduct(adjacency, power);
      power.forEach((x, at) => {
        expected[at]! += ((1 - gamma) / layers) * x;
      });
    }
    expectClose(valuesOf(engine.nodes!.final), expected, 1e-12, 1e-12);
    await engine.close();
  });

  it.each([
    [1, undefined, 0],
    [2, undefined, 1 / 3],
    [3, undefined, 0],
    [4, undefined, 1 / 5],
    [1, 0.2, -0.6],
    [3, 0.1, -0.2],
    [2, 0, 0],
  ])('with %d layers and gamma %o multiplies users-against-items by %d', async (layers, gamma, factor) => {
    const { plan, train, backbone } = backbonePlan(new LightGcn({ layers, gamma }));
    const engine = await openReferenceEngine(plan);
    const { base, final } = engine.nodes!;
    const degrees = denseAdjacency(train, 0, 0).map((row) => row.reduce((sum, x) => sum + x, 0));
    const opposing = degrees.map((degree, node) => (node < train.rows ? 1 : -1) * Math.sqrt(degree));
    for (const [node, value] of opposing.entries())
      base.data.fill(value, node * base.stride, node * base.stride + base.columns);
    rankingForward(engine, backbone);
    // Not exact: the base embeddings are single floats. A node without neighbours is 0 before and after.
    expectClose(
      valuesOf(final),
      valuesOf(base).map((x) => factor * x),
      1e-6,
      1e-6,
    );
    await engine.close();
  });

  it.each([0, 5, 1.5, '2'])('refuses %o layers', (layers) => {
    expect(() => new LightGcn({ layers })).toThrow(TaurecError);
    expect(() => new LightGcn({ layers })).toThrow('lightgcn.layers');
  });

  it.each([-0.1, 1.1, Number.NaN, '0'])('refuses gamma %o', (gamma) => {
    expect(() => new LightGcn({ gamma })).toThrow('lightgcn.gamma');
  });

  it('has 2 layers, all of the same weight, by default', () => {
    expect(new LightGcn().parameters).toEqual({ layers: 2, gamma: 1 / 3 });
  });

  it('refuses an option that it does not have', () => {
    expect(() => new LightGcn({ depth: 2 })).toThrow('layers');
  });
});
