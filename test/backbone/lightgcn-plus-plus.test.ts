import { describe, expect, it } from 'vitest';
import { LightGcnPlusPlus } from '../../src/backbone/lightgcn-plus-plus.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import {
  backbonePlan,
  denseAdjacency,
  denseProduct,
  fillAll,
  rankingForward,
  valuesOf,
} from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';

describe('LightGCN++', () => {
  it.each([1, 3])('with %d layers is what the paper says, written out with dense matrices', async (layers) => {
    const [alpha, beta, gamma] = [0.7, -0.2, 0.3];
    const { plan, train, backbone } = backbonePlan(new LightGcnPlusPlus({ layers, alpha, beta, gamma }));
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    rankingForward(engine, backbone);
    const { base, final } = engine.nodes!;
    const d = base.columns;
    const adjacency = denseAdjacency(train, alpha, beta);
    let e = valuesOf(base);
    const expected = e.map((x) => gamma * x);
    for (let k = 1; k <= layers; k++) {
      const norms = Array.from({ length: base.rows }, (_, r) => Math.hypot(...e.subarray(r * d, (r + 1) * d)));
      e = denseProduct(
        adjacency,
        e.map((x, at) => (x === 0 ? 0 : x / norms[Math.floor(at / d)]!)),
      );
      e.forEach((x, at) => {
        expected[at]! += ((1 - gamma) / layers) * x;
      });
    }
    expectClose(valuesOf(final), expected, 1e-12, 1e-12);
    await engine.close();
  });

  it.each([{ layers: 5 }, { gamma: 1.1 }, { alpha: 3 }, { beta: '0' }])('refuses %o', (options) => {
    expect(() => new LightGcnPlusPlus(options)).toThrow('lightgcn++');
  });
});
