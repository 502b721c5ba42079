import { describe, expect, it } from 'vitest';
import { Ngcf } from '../../src/backbone/ngcf.ts';
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

describe('NGCF', () => {
  it.each([false, true])('is what the paper says, written out with dense matrices; rawBase %s', async (rawBase) => {
    const { plan, train, backbone } = backbonePlan(new Ngcf({ layers: 2, rawBase }));
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    rankingForward(engine, backbone);
    const nodes = engine.nodes!;
    const d = nodes.base.columns;
    const adjacency = denseAdjacency(train, 0.5, 0.5);
    const rowsOf = (x: Float64Array) => Array.from({ length: x.length / d }, (_, r) => x.subarray(r * d, (r + 1) * d));
    const byMatrix = (row: Float64Array, w: Float64Array, c: number) =>
      row.reduce((sum, x, k) => sum + x * w[k * d + c]!, 0);
    const unit = (row: Float64Array) => row.map((x) => x / Math.hypot(...row));
    let e = valuesOf(nodes.base);
    const layers = [rawBase ? rowsOf(e) : rowsOf(e).map(unit)];
    for (const k of [1, 2]) {
      const [w1, w2, b] = ['W1', 'W2', 'b'].map((name) => valuesOf(nodes.weight(`${name}_${k}`))) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const message = rowsOf(denseProduct(adjacency, e));
      const own = rowsOf(e);
      e = Float64Array.from(
        own.flatMap((row, r) =>
          Array.from({ length: d }, (_, c) => {
            const sum = row.map((x, at) => x + message[r]![at]!);
            const product = row.map((x, at) => x * message[r]![at]!);
            const z = byMatrix(sum, w1, c) + byMatrix(product, w2, c) + b[c]!;
            return z > 0 ? z : 0.2 * z;
          }),
        ),
      );
      layers.push(rowsOf(e).map(unit));
    }
    const expected = layers[0]!.flatMap((_, r) => layers.flatMap((layer) => [...layer[r]!]));
    expectClose(valuesOf(nodes.final), expected, 1e-12, 1e-12);
    await engine.close();
  });

  it('starts from Xavier’s uniform, and biases of 0', async () => {
    const { plan, backbone } = backbonePlan(new Ngcf({ layers: 1 }), { dimension: 24 });
    const engine = await openReferenceEngine(plan);
    fillAll(engine, backbone);
    const bound = Math.sqrt(6 / 48);
    for (const name of ['W1_1', 'W2_1']) {
      const values = valuesOf(engine.nodes!.weight(name));
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
      expect(variance).toBeGreaterThan((0.8 * (bound * bound)) / 3);
      expect(variance).toBeLessThan((1.2 * (bound * bound)) / 3);
    }
    expect(valuesOf(engine.nodes!.weight('b_1')).every((x) => x === 0)).toBe(true);
    await engine.close();
  });

  it.each([{ layers: 0 }, { messageDropout: 1 }, { messageDropout: -0.1 }, { dropout: 0.1 }])(
    'refuses %o',
    (options) => {
      expect(() => new Ngcf(options)).toThrow('ngcf');
    },
  );
});
