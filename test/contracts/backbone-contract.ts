import { describe, expect, test } from 'vitest';
import type { Backbone } from '../../src/backbone/backbone.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import {
  backbonePlan,
  fillAll,
  fillTable,
  innerProduct,
  rankingForward,
  stepBackward,
  valuesOf,
} from '../support/backbone-case.ts';
import { expectClose } from '../support/close.ts';
import type { SmallPlanOptions } from '../support/small-plan.ts';

/** The step of the differences: a power of two, so that a 32-bit parameter moves by it exactly but for its own last bits. */
const STEP = 2 ** -11;

export interface BackboneTraits {
  /** True when `forward` is a linear map of the base embeddings. */
  readonly linear: boolean;
  /** True when training draws random numbers that ranking does not. */
  readonly random?: boolean;
}

const cases: [string, SmallPlanOptions][] = [
  ['user batches', {}],
  ['pair batches', { sampler: { batch: 'pair', rows: 5, negatives: 3 } }],
  ['inner products, dropout', { score: 'dot', loss: { name: 'bpr' }, embeddingDropout: 0.3 }],
  ['l2', { optimizer: { l2: 0.5 } }],
];

/** What every backbone keeps to. `make` makes it anew. */
export function backboneContract(title: string, make: () => Backbone, traits: BackboneTraits): void {
  describe(`backbone contract: ${title}`, () => {
    test.each(cases)('whole-path gradients are differences of the batch value: %s', async (_, options) => {
      const { plan, sampler, backbone } = backbonePlan(make(), options);
      const engine = await openReferenceEngine(plan);
      fillAll(engine, backbone);
      sampler.startEpoch(0);
      engine.startEpoch(0, 0);
      const batch = sampler.batch(0);
      const { nodes } = engine;
      const l2 = plan.training!.optimizer.l2 / plan.training!.capacity.rows;
      const touched = new Set([
        ...Array.from(batch.users, (u) => u),
        ...Array.from([...batch.positives, ...batch.negatives], (i) => plan.users + i),
      ]);
      const value = () => {
        const d = plan.dimension;
        let penalty = 0;
        for (const node of touched) for (let c = 0; c < d; c++) penalty += nodes!.base.data[node * d + c]! ** 2;
        return stepBackward(engine, backbone, batch, 0) + (l2 / 2) * penalty;
      };
      const compare = (what: string, data: { [at: number]: number; length: number }, gradients: ArrayLike<number>) => {
        const every = Math.ceil(data.length / 40);
        const places = Array.from({ length: data.length }, (_, at) => at).filter((at) => at % every === 0);
        const differences = places.map((at) => {
          const kept = data[at]!;
          const [high, low] = [kept + STEP, kept - STEP].map((moved) => {
            data[at] = moved;
            return [data[at]!, value()] as const;
          }) as [readonly [number, number], readonly [number, number]];
          data[at] = kept;
          return (high[1] - low[1]) / (high[0] - low[0]);
        });
        expectClose(
          places.map((at) => gradients[at]!),
          differences,
          2e-5,
          1e-3,
          what,
        );
      };
      stepBackward(engine, backbone, batch, 0);
      const gradients = engine.gradients();
      const weightGradients = Object.keys(engine.weights).map(
        (name) => [name, valuesOf(nodes!.weightGradient(name))] as const,
      );
      for (const table of ['users', 'items'] as const) {
        const all = Float64Array.from([...gradients[table].values()].flatMap((row) => [...row]));
        expect(all.length).toBe(engine[table].data.length);
        compare(table, engine[table].data, all);
      }
      for (const [name, gradient] of weightGradients) compare(`weight ${name}`, engine.weights[name]!, gradient);
      await engine.close();
    });

    test('forward for ranking writes every row, the touched ones as a step without noise does', async () => {
      const { plan, sampler, backbone } = backbonePlan(make());
      const engine = await openReferenceEngine(plan);
      fillAll(engine, backbone);
      const { final } = engine.nodes!;
      expect(final.columns).toBe(plan.backbone!.outputDimension);
      final.data.fill(Number.NaN);
      rankingForward(engine, backbone);
      const all = valuesOf(final);
      expect(all.every(Number.isFinite)).toBe(true);
      expectClose(
        [...engine.finals.users.data.subarray(0, plan.users * final.columns), ...engine.finals.items.data],
        all,
        1e-6,
        1e-6,
      );
      if (!traits.random) {
        sampler.startEpoch(0);
        engine.startEpoch(0, 0);
        final.data.fill(0);
        const batch = sampler.batch(0);
        stepBackward(engine, backbone, batch, 0);
        for (const node of [...batch.users, ...Array.from(batch.negatives, (i) => plan.users + i)]) {
          const row = (values: ArrayLike<number>) =>
            Array.from({ length: final.columns }, (_, c) => values[node * final.columns + c]!);
          expectClose(row(final.data), row(all), 1e-9, 1e-9, `node ${node}`);
        }
      }
      await engine.close();
    });

    if (traits.linear) {
      test('backward is the adjoint of forward: ⟨y, F x⟩ = ⟨Fᵀ y, x⟩', async () => {
        const { plan, backbone, sampler } = backbonePlan(make());
        const engine = await openReferenceEngine(plan);
        const nodes = engine.nodes!;
        fillTable(nodes.base, 1);
        rankingForward(engine, backbone);
        // a batch that touches every node
        engine.startEpoch(0, 0);
        sampler.startEpoch(0);
        engine.begin(wholeBatch(plan), 0);
        fillTable(nodes.finalGradient, 2);
        backbone.backward(nodes, { training: false, rows: 'all', seed: 1, epoch: 0, step: 0 });
        const there = innerProduct(valuesOf(nodes.finalGradient), valuesOf(nodes.final));
        const back = innerProduct(valuesOf(nodes.baseGradient), valuesOf(nodes.base));
        expectClose([back], [there], 1e-9, 1e-9);
        await engine.close();
      });
    }
  });
}

/** A batch of every user and item: more than a sampler makes, which the reference engine does not mind. */
function wholeBatch(plan: EnginePlan): Parameters<Engine['begin']>[0] {
  const all = (count: number) => Int32Array.from({ length: count }, (_, i) => i);
  return {
    shared: true,
    users: all(plan.users),
    rowWeights: new Float32Array(plan.users).fill(1),
    positiveOffsets: all(plan.users + 1),
    positives: new Int32Array(plan.users),
    negatives: all(plan.items),
    negativesPerRow: plan.items,
    maskOffsets: new Int32Array(plan.users + 1),
    masked: new Int32Array(0),
  };
}
