import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { fillEmbeddings, type SmallPlan, smallPlan, tableValues } from '../support/small-plan.ts';

/** Two steps, the second of which was drawn during the first one's update; returns the tables. */
function twoSteps(engine: Engine, { sampler }: SmallPlan, ahead: boolean) {
  fillEmbeddings(engine);
  sampler.startEpoch(0);
  engine.startEpoch(0, 0);
  let next = sampler.batch(0);
  let calls = 0;
  for (let step = 0; step < 2; step++) {
    engine.begin(next, step);
    engine.gather();
    engine.scoreRows();
    engine.itemGradients();
    const draw = () => {
      calls++;
      next = sampler.batch(step + 1);
    };
    if (ahead) engine.update(0.01, draw);
    else {
      engine.update(0.01);
      draw();
    }
  }
  engine.settle();
  expect(calls).toBe(2);
  return [tableValues(engine.users), tableValues(engine.items)];
}

describe.each([
  ['reference', openReferenceEngine],
  ['wasm, one thread', (plan: SmallPlan['plan']) => openWasmEngine(plan, 1, 'simd')],
  ['wasm, two threads', (plan: SmallPlan['plan']) => openWasmEngine(plan, 2, 'simd')],
] as const)('update of the engine %s', (_, open) => {
  it.each(['user', 'pair'] as const)(
    'calls meanwhile once, and %s batches drawn there change nothing',
    async (batch) => {
      const small = smallPlan({ sampler: { batch, rows: 8, negatives: 10 } });
      const engines = [await open(small.plan), await open(small.plan)] as const;
      try {
        expect(twoSteps(engines[0], small, true)).toEqual(twoSteps(engines[1], small, false));
      } finally {
        for (const engine of engines) await engine.close();
      }
    },
  );
});

it('refuses to work for meanwhile, and goes on afterwards', async () => {
  const small = smallPlan();
  const engine = await openWasmEngine(small.plan, 2, 'simd');
  try {
    small.sampler.startEpoch(0);
    engine.startEpoch(0, 0);
    engine.begin(small.sampler.batch(0), 0);
    engine.gather();
    engine.scoreRows();
    engine.itemGradients();
    expect(() => engine.update(0.01, () => engine.settle())).toThrow('the engine is called while it works');
    engine.settle();
  } finally {
    await engine.close();
  }
});
