import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import type { NodeOperations, NodeTable } from '../../src/engine/node-operations.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { denseAdjacency, denseProduct, fillTable, valuesOf } from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import { rejectionOf } from '../support/error-of.ts';
import { smallPlan } from '../support/small-plan.ts';

enableFusedMultiplyAdd();

const open: Engine[] = [];
afterAll(() => Promise.all(open.map((engine) => engine.close())));

/** Tables a, b and c of so many columns over a graph where some node has more neighbours than a kernel looks at together, and some has none. */
function nodesCase(columns: number) {
  const small = smallPlan({ users: 61, items: 1047, dimension: columns, sampler: { rows: 9, negatives: 31 } });
  const plan: EnginePlan = {
    ...small.plan,
    backbone: {
      graph: small.train,
      outputDimension: columns,
      exponents: [0.5, 0.25, 1],
      tables: { a: columns, b: columns, c: columns },
      weights: {},
    },
  };
  small.sampler.startEpoch(0);
  const batch = small.sampler.batch(0);
  const start = (engine: Engine) => {
    open.push(engine);
    engine.startEpoch(0, 0);
    engine.begin(batch, 0);
    return engine.nodes!;
  };
  return { ...small, plan, batch, start };
}

type Operation = (nodes: NodeOperations, tables: Record<'a' | 'b' | 'c', NodeTable>) => void;
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

describe.each([1, 3, 4, 63, 64, 65])('node operations at %d columns', (columns) => {
  const { plan, start } = nodesCase(columns);
  let reference: NodeOperations;
  let crews: NodeOperations[];
  beforeAll(async () => {
    reference = start(await openReferenceEngine(plan));
    crews = [];
    for (const threads of [1, 2, 3]) crews.push(start(await openWasmEngine(plan, threads)));
  });
  const run = (nodes: NodeOperations, operation: Operation) => {
    const tables = { a: nodes.table('a'), b: nodes.table('b'), c: nodes.table('c') };
    Object.values(tables).forEach(fillTable);
    operation(nodes, tables);
    return tables;
  };
  it.each(operations)('%s: as the reference has it, and bit-equal on 1, 2 and 3 threads', (_, operation) => {
    const expected = run(reference, operation);
    const [one, two, three] = crews.map((nodes) => run(nodes, operation));
    for (const t of ['a', 'b', 'c'] as const) {
      const [got, wanted] = [valuesOf(one![t]), valuesOf(expected[t])];
      expect(Math.max(...got.map((x, at) => Math.abs(x - wanted[at]!) / (1 + Math.abs(wanted[at]!))))).toBeLessThan(
        1e-5,
      );
      for (const other of [two!, three!]) expect(sameBits(other[t].data, one![t].data)).toBe(true);
    }
    const { data, stride } = one!.b;
    expect(data.every((x, at) => at % stride < columns || x === 0 || Number.isNaN(x))).toBe(true);
  });
});

function sameBits(a: NodeTable['data'], b: NodeTable['data']): boolean {
  return a.every((x, at) => Object.is(x, b[at]));
}

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
