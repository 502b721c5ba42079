import { describe, expect, it } from 'vitest';
import type { NodeTable } from '../../src/engine/node-operations.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { fillTable, valuesOf } from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import { describeNodeOperations, type NodeOperation, nodeCase } from '../support/node-case.ts';

enableFusedMultiplyAdd();

/** Tables and parameters of so many columns, `wide` of more, which begin and end within a vector. */
function mapsCase(columns: number, contrastNodes = 100) {
  const wide = 2 * columns + 1;
  return nodeCase(
    { users: 61, items: 347, dimension: columns, sampler: { rows: 53, negatives: 31 } },
    {
      exponents: [0.5],
      tables: { a: columns, b: columns, c: columns, d: columns, wide },
      weights: { square: [columns, columns], oblong: [columns, wide], bias: [1, wide] },
      contrastNodes,
    },
  );
}

type Operation = NodeOperation<'a' | 'b' | 'c' | 'd' | 'wide'>;
const touched = { rows: 'touched' } as const;
const contrast = { temperature: 0.2, weight: 1.7 };

const operations: [string, Operation][] = [
  ['fill, touched rows', (nodes, { a }) => nodes.fill(a, 3, 'touched')],
  ['multiply', (nodes, { a, b, c }) => nodes.multiply(a, b, c)],
  ['multiply, over nothing', (nodes, { a, b, c }) => {
    c.data.fill(Number.NaN);
    nodes.multiply(a, b, c);
  }],
  ['multiply, kept, touched rows', (nodes, { a, b, c }) => nodes.multiply(a, b, c, { keep: -0.4, ...touched })],
  ['multiply, into a factor', (nodes, { a, b }) => nodes.multiply(a, b, a)],
  ['leakyRelu', (nodes, { a }) => nodes.leakyRelu(a, 0.2)],
  ['leakyRelu, touched rows', (nodes, { a }) => nodes.leakyRelu(a, 0.2, 'touched')],
  ['leakyReluBackward', (nodes, { a, b }) => nodes.leakyReluBackward(a, b, 0.1)],
  ['normalize', (nodes, { a, b }) => nodes.normalize(a, b)],
  ['normalize, a row of zeros', (nodes, { a, b }) => {
    a.data.fill(0, 0, a.stride);
    nodes.normalize(a, b);
  }],
  ['normalize, into columns', (nodes, { a, wide }) => nodes.normalize(a, wide, { column: a.columns })],
  ['normalize, into the last columns, touched rows', (nodes, { a, wide }) =>
    nodes.normalize(a, wide, { column: a.columns + 1, ...touched })],
  ['normalizeBackward', (nodes, { a, b, c }) => nodes.normalizeBackward(a, b, c)],
  ['normalizeBackward, from columns, kept', (nodes, { a, wide, c }) =>
    nodes.normalizeBackward(a, wide, c, { column: a.columns, keep: 0.5, ...touched })],
  ['linear', (nodes, { a, b }) => nodes.linear(a, nodes.weight('square'), b)],
  ['linear, transposed, touched rows', (nodes, { a, b }) =>
    nodes.linear(a, nodes.weight('square'), b, { transposed: true, ...touched })],
  ['linear, wider, bias', (nodes, { a, wide }) =>
    nodes.linear(a, nodes.weight('oblong'), wide, { bias: nodes.weight('bias') })],
  ['linear, wider, bias, kept, touched rows', (nodes, { a, wide }) =>
    nodes.linear(a, nodes.weight('oblong'), wide, { bias: nodes.weight('bias'), keep: 0.3, ...touched })],
  ['linear, narrower, kept', (nodes, { a, wide }) =>
    nodes.linear(wide, nodes.weight('oblong'), a, { transposed: true, keep: -2 })],
  ['linear, narrower, added, touched rows', (nodes, { a, wide }) =>
    nodes.linear(wide, nodes.weight('oblong'), a, { transposed: true, keep: 1, ...touched })],
  ['linearGradients', (nodes, { a, b }) => {
    nodes.linearGradients(a, b, nodes.weightGradient('square'));
    return valuesOf(nodes.weightGradient('square'));
  }],
  ...(['all', 'touched'] as const).map((rows): [string, Operation] => [
    `linearGradients, wider, bias, rows ${rows}`,
    (nodes, { a, wide }) => {
      nodes.linearGradients(a, wide, nodes.weightGradient('oblong'), nodes.weightGradient('bias'), rows);
      return [...valuesOf(nodes.weightGradient('oblong')), ...valuesOf(nodes.weightGradient('bias'))];
    },
  ]),
  ['addNoise', (nodes, { a }) => nodes.addNoise(a, 0.3, { key: 12345 })],
  ['addNoise, touched rows', (nodes, { wide }) => nodes.addNoise(wide, 0.3, { key: -7, ...touched })],
  ['dropout', (nodes, { a }) => nodes.dropout(a, 0.3, { key: 99 })],
  ['dropout, touched rows', (nodes, { wide }) => nodes.dropout(wide, 0.6, { key: -3, ...touched })],
  ...(['users', 'positives'] as const).map((of): [string, Operation] => [
    `contrast of ${of}`,
    (nodes, { a, b, c, d }) => [nodes.contrast(a, b, c, d, { of, ...contrast })],
  ]),
  ['contrast, gradients into one table', (nodes, { a, b, c }) => [
    nodes.contrast(a, b, c, c, { of: 'users', ...contrast }),
  ]],
  ['contrast of a table with itself, small τ', (nodes, { a, c }) => [
    nodes.contrast(a, a, c, c, { of: 'positives', temperature: 0.01, weight: 0.1 }),
  ]],
]; // biome-ignore format: a table of cases

describeNodeOperations('maps of nodes', mapsCase, operations, 1e-4);

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
