import { describe, expect, it } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { denseAdjacency, denseProduct, fillTable, valuesOf } from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import { rejectionOf } from '../support/error-of.ts';
import { describeNodeOperations, type NodeOperation, nodeCase } from '../support/node-case.ts';

enableFusedMultiplyAdd();

/** Tables a, b and c of so many columns over a graph where some node has more neighbours than a kernel looks at together, and some has none. */
function nodesCase(columns: number, more = {}) {
  return nodeCase(
    { users: 61, items: 1047, dimension: columns, sampler: { rows: 9, negatives: 31 } },
    { exponents: [0.5, 0.25, 1], tables: { a: columns, b: columns, c: columns, ...more }, weights: {} },
  );
}

type Operation = NodeOperation<'a' | 'b' | 'c'>;
const half = { left: 0.5, right: 0.5 };
const operations: [string, Operation][] = [
  ['propagate', (nodes, { a, b }) => nodes.propagate(a, b, half)],
  ['propagate, other exponents', (nodes, { a, b }) => nodes.propagate(a, b, { left: 0.25, right: 1, scale: -0.7 })],
  ['propagate, plus', (nodes, { a, b, c }) => nodes.propagate(a, b, { ...half, plus: c, plusScale: 0.3 })],
  ['propagate, plus itself', (nodes, { a, b }) => nodes.propagate(a, b, { ...half, scale: 2, plus: b })],
  ['propagate, touched targets', (nodes, { a, b, c }) => nodes.propagate(a, b, { ...half, targets: 'touched', plus: c })],
  ['propagate, touched sources', (nodes, { a, b, c }) => nodes.propagate(a, b, { ...half, sources: 'touched', plus: c })],
  ['propagate, plus the final gradients', (nodes, { a, b }) => nodes.propagate(a, b, { ...half, plus: nodes.finalGradient })],
  ['combine', (nodes, { a, b }) => nodes.combine(a, b, { scale: 0.4, keep: -1.5 })],
  ['combine, touched rows', (nodes, { a, b }) => nodes.combine(a, b, { rows: 'touched', keep: 1 })],
  ['copy', (nodes, { a, b }) => {
    b.data.fill(Number.NaN);
    nodes.combine(a, b);
  }],
  ['fill', (nodes, { b }) => nodes.fill(b, 0.6)],
]; // biome-ignore format: a table of cases

describeNodeOperations('node operations', nodesCase, operations, 1e-5);

const windows: [string, NodeOperation<'a' | 'wide'>][] = [
  ['combine, into the first columns', (nodes, { a, wide }) => nodes.combine(a, wide, { keep: 0.5, scale: 3 })],
  ['copy over the first columns', (nodes, { a, wide }) => nodes.combine(a, wide)],
  ['combine, from the first columns', (nodes, { a, wide }) => nodes.combine(wide, a, { keep: 1, rows: 'touched' })],
]; // biome-ignore format: a table of cases

describeNodeOperations(
  'a wider table',
  (columns) => nodesCase(columns, { wide: 2 * columns + 1 }),
  windows,
  1e-5,
  [1, 2, 3, 64, 65],
);

describe('the reference', () => {
  it.each([
    [0.5, 0.5],
    [0.25, 1],
  ])('propagates by D^−%d A D^−%d, entry by entry', async (left, right) => {
    const { plan, start, train } = nodesCase(3);
    const nodes = start(await openReferenceEngine(plan));
    fillTable(nodes.table('a'), 1);
    nodes.propagate(nodes.table('a'), nodes.table('b'), { left, right });
    const expected = denseProduct(denseAdjacency(train, left, right), valuesOf(nodes.table('a')));
    expectClose(valuesOf(nodes.table('b')), expected, 1e-12, 1e-12);
  });

  it('takes the batch’s users, positives and negatives for touched', async () => {
    const { plan, start, batch } = nodesCase(2);
    const nodes = start(await openReferenceEngine(plan));
    nodes.fill(nodes.table('a'), 0);
    nodes.fill(nodes.table('b'), 1);
    nodes.combine(nodes.table('b'), nodes.table('a'), { rows: 'touched' });
    const touched = new Set([...batch.users, ...Array.from([...batch.positives, ...batch.negatives], (i) => 61 + i)]);
    expect(touched.size).toBeLessThan(61 + 1047);
    valuesOf(nodes.table('a')).forEach((x, at) => {
      expect(x).toBe(touched.has(at >> 1) ? 1 : 0);
    });
  });
});

describe('a backbone plan', () => {
  it.each(['reference', 'wasm'] as const)('%s: names what it does not have', async (name) => {
    const { plan, start } = nodesCase(2);
    const nodes = start(await (name === 'wasm' ? openWasmEngine(plan, 1) : openReferenceEngine(plan)));
    expect(() => nodes.table('d')).toThrow('known: a, b, c');
    expect(() => nodes.weight('W')).toThrow('Unknown weight "W"');
    expect(() => nodes.propagate(nodes.table('a'), nodes.table('b'), { left: 2, right: 0.5 })).toThrow('0.5, 0.25, 1');
  });

  it('counts its tables when it refuses a plan beyond 4 GiB', async () => {
    const { plan } = nodesCase(64);
    const users = 2_000_000;
    const graph = { ...plan.backbone!.graph, rows: users };
    const error = await rejectionOf(openWasmEngine({ ...plan, users, backbone: { ...plan.backbone!, graph } }, 1));
    expect(error.code).toBe('memory-limit');
    // embeddings, moments, their gradient, the final embeddings, theirs, and three scratch tables
    expect(error.facts.bytesPerRow).toBe(9 * 64 * 4);
    expect(error.facts.bytes).toBeGreaterThan(users * 9 * 64 * 4);
  });

  it('must fit the numbers of users and items', async () => {
    const { plan } = nodesCase(2);
    const error = await rejectionOf(openReferenceEngine({ ...plan, users: 60 }));
    expect(error.facts.option).toBe('backbone.graph.rows');
  });
});
