import { describe, expect, it } from 'vitest';
import type { NodeTable } from '../../src/engine/node-operations.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { fillTable, valuesOf } from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import { describeNodeOperations } from '../support/node-case.ts';
import { mapOperations, mapsCase } from './node-maps.ts';

enableFusedMultiplyAdd();

// Columns that begin and end within a vector; the slow suite has the other widths.
describeNodeOperations('maps of nodes', mapsCase, mapOperations, 1e-4, [3, 65]);

describe('contrast', () => {
  it('takes at most as many nodes as planned, the first of the batch', async () => {
    const { plan, start, batch } = mapsCase(4, 5);
    for (const engine of [await openReferenceEngine(plan), await openWasmEngine(plan, 2)]) {
      const nodes = start(engine);
      const [a, b, c] = ['a', 'b', 'c'].map((name) => nodes.table(name)) as [NodeTable, NodeTable, NodeTable];
      fillTable(a, 1);
      fillTable(b, 2);
      c.data.fill(0);
      nodes.contrast(a, b, c, c, { of: 'positives', temperature: 0.2, weight: 1 });
      const items = [...new Set(batch.positives)].slice(0, 5);
      const moved = Array.from({ length: c.rows }, (_, r) => r).filter((r) => c.data[r * c.stride] !== 0);
      expect(moved).toEqual(items.map((item) => 61 + item).sort((x, y) => x - y));
    }
  });

  it('is log m when all rows are one', async () => {
    const { plan, start } = mapsCase(3, 20);
    const nodes = start(await openReferenceEngine(plan));
    nodes.fill(nodes.table('a'), 1);
    const { a, c } = { a: nodes.table('a'), c: nodes.table('c') };
    const value = nodes.contrast(a, a, c, c, { of: 'users', temperature: 0.5, weight: 2 });
    expectClose([value], [2 * Math.log(20)], 1e-12, 1e-12);
  });
});

it('noise has the length asked for, and the sign of what it is added to', async () => {
  const { plan, start } = mapsCase(8);
  const nodes = start(await openReferenceEngine(plan));
  const a = nodes.table('a');
  fillTable(a, 1);
  const before = valuesOf(a);
  nodes.addNoise(a, 0.25, { key: 4 });
  const noise = valuesOf(a).map((x, at) => x - before[at]!);
  for (let r = 0; r < a.rows; r++) expectClose([Math.hypot(...noise.subarray(r * 8, r * 8 + 8))], [0.25], 1e-12, 1e-12);
  expect(noise.every((x, at) => x * before[at]! >= 0)).toBe(true);
});
