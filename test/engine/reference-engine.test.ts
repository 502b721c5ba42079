import { test } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { engineContract } from '../contracts/engine-contract.ts';
import { lossStateContract } from '../contracts/loss-state-contract.ts';
import { smallPlan } from '../support/small-plan.ts';
import { compareTraining } from './differential.ts';

engineContract('reference', openReferenceEngine);
lossStateContract('reference', openReferenceEngine);

test('trains the same twice', async () => {
  const small = smallPlan({ embeddingDropout: 0.2 });
  compareTraining(await openReferenceEngine(small.plan), await openReferenceEngine(small.plan), small, {
    tolerance: { absolute: 0, relative: 0 },
  });
});
