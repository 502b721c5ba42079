import { afterEach, describe, it } from 'vitest';
import type { Backbone } from '../../src/backbone/backbone.ts';
import { backboneNames, createBackbone } from '../../src/backbone/backbones.ts';
import type { Engine, EnginePlan } from '../../src/engine/engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { compareTraining } from '../engine/differential.ts';
import { backbonePlan } from '../support/backbone-case.ts';
import type { SmallPlanOptions } from '../support/small-plan.ts';

/** Graph backbones on the wasm engine against the reference engine. The quick suite runs one setting of two backbones, the slow suite all others. */

const wide = { users: 61, items: 347, sampler: { rows: 29, negatives: 131 } } satisfies SmallPlanOptions;
const cases: [string, SmallPlanOptions][] = [
  ...[3, 65].map((dimension): [string, SmallPlanOptions] => [`d = ${dimension}`, { ...wide, dimension }]),
  ['pair batches', { ...wide, sampler: { batch: 'pair', rows: 311, negatives: 7 } }],
  ['dropout, l2, decay', { ...wide, embeddingDropout: 0.3, optimizer: { l2: 0.5, decoupledWeightDecay: 0.3 } }],
  ['sgd, l2, decay', { ...wide, optimizer: { name: 'sgd', l2: 0.3, decoupledWeightDecay: 0.1 } }],
]; // biome-ignore format: a table of cases

/** Backbones of the quick suite: the plainest, and the one with parameters of its own. */
const quick = ['lightgcn', 'ngcf'];
const graphBackbones = backboneNames.filter((name) => name !== 'mf');

/** Single precision; a normalised row enlarges the rounding of a short one, layer by layer. */
const tolerance = { absolute: 1e-4, relative: 1e-3 };

/** Trains every graph backbone on the settings of one suite. */
export function backbonesAgainstReference(suite: 'quick' | 'slow'): void {
  enableFusedMultiplyAdd();
  const open: Engine[] = [];
  afterEach(() => Promise.all(open.splice(0).map((engine) => engine.close())));
  async function wasm(plan: EnginePlan, threads: number) {
    const engine = await openWasmEngine(plan, threads);
    open.push(engine);
    return engine;
  }

  const chosenFor = (name: string) =>
    cases.filter(([title]) => (title === 'd = 3' && quick.includes(name)) === (suite === 'quick'));
  describe.each(graphBackbones.filter((name) => chosenFor(name).length > 0))('%s, wasm against reference', (name) => {
    const make = (): Backbone => createBackbone({ name });
    it.each(chosenFor(name))('trains and ranks alike, and bit-equal on 1 and 3 threads: %s', async (_, options) => {
      const small = backbonePlan(make(), options);
      // Rankings depend on the dimension alone.
      const more = { epochs: 1, rankings: options.dimension === undefined ? 'two' : 'every' } as const;
      compareTraining(await wasm(small.plan, 2), await openReferenceEngine(small.plan), small, { tolerance, ...more });
      const exact = { tolerance: { absolute: 0, relative: 0 }, ...more };
      compareTraining(await wasm(small.plan, 3), await wasm(small.plan, 1), small, exact);
    });
  });
}
