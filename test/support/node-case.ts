import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackbonePlan, Engine, EnginePlan } from '../../src/engine/engine.ts';
import type { NodeOperations, NodeTable } from '../../src/engine/node-operations.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { fillTable, valuesOf } from './backbone-case.ts';
import { expectClose } from './close.ts';
import { type SmallPlanOptions, smallPlan } from './small-plan.ts';

// In whichever test file imports this.
const open: Engine[] = [];
afterAll(() => Promise.all(open.map((engine) => engine.close())));

/** A small plan with node tables, and what begins its first batch in an engine, which is closed after the tests. */
export function nodeCase(options: SmallPlanOptions, backbone: Omit<BackbonePlan, 'graph' | 'outputDimension'>) {
  const small = smallPlan(options);
  const plan: EnginePlan = {
    ...small.plan,
    backbone: { ...backbone, graph: small.train, outputDimension: small.plan.dimension },
  };
  small.sampler.startEpoch(0);
  const batch = small.sampler.batch(0);
  const start = (engine: Engine) => {
    open.push(engine);
    engine.startEpoch(0, 0);
    engine.begin(batch, 0);
    return engine.nodes!;
  };
  return { plan, train: small.train, batch, start };
}
export type NodeCase = ReturnType<typeof nodeCase>;

/** What is done to the tables of a case; a list of numbers that it returns is compared too. */
export type NodeOperation<Name extends string> = (
  nodes: NodeOperations,
  tables: Readonly<Record<Name, NodeTable>>,
) => unknown;

/**
 * Each operation on 1, 2 and 3 threads: as the reference has it, from the same tables and parameters, within `tolerance` (absolute and relative); bit-equal; and the padding stays 0 or NaN.
 * @param build the case with so many columns.
 */
export function describeNodeOperations<Name extends string>(
  title: string,
  build: (columns: number) => NodeCase,
  operations: readonly (readonly [string, NodeOperation<Name>])[],
  tolerance: number,
  widths: readonly number[] = [1, 3, 4, 63, 64, 65],
): void {
  describe.each(widths)(`${title} at %d columns`, (columns) => {
    const { plan, start } = build(columns);
    const { tables: shapes, weights } = plan.backbone!;
    const names = Object.keys(shapes) as Name[];
    let reference: NodeOperations;
    let crews: NodeOperations[];
    beforeAll(async () => {
      reference = start(await openReferenceEngine(plan));
      crews = [];
      for (const threads of [1, 2, 3]) crews.push(start(await openWasmEngine(plan, threads)));
    });
    const run = (nodes: NodeOperations, operation: NodeOperation<Name>) => {
      const tables = Object.fromEntries(names.map((name) => [name, nodes.table(name)])) as Record<Name, NodeTable>;
      names.forEach((name, at) => {
        fillTable(tables[name], at);
      });
      Object.keys(weights).forEach((name, at) => {
        fillTable(nodes.weight(name), 10 + at);
      });
      return { tables, result: Array.from((operation(nodes, tables) ?? []) as ArrayLike<number>) };
    };
    it.each(operations)('%s: as the reference has it, and bit-equal on 1, 2 and 3 threads', (_, operation) => {
      const expected = run(reference, operation);
      const [one, ...others] = crews.map((nodes) => run(nodes, operation));
      expectClose(one!.result, expected.result, tolerance, tolerance, 'result');
      for (const other of others) expect(other.result).toEqual(one!.result);
      for (const name of names) {
        const { data, stride, columns: width } = one!.tables[name];
        expectClose(valuesOf(one!.tables[name]), valuesOf(expected.tables[name]), tolerance, tolerance, name);
        for (const other of others) {
          expect(other.tables[name].data.every((x, at) => Object.is(x, data[at]))).toBe(true);
        }
        expect(data.every((x, at) => at % stride < width || x === 0 || Number.isNaN(x))).toBe(true);
      }
    });
  });
}
