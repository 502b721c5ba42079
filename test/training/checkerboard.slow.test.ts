import { describe } from 'vitest';
import { backboneNames } from '../../src/backbone/backbones.ts';
import { lossNames } from '../../src/loss/losses.ts';
import {
  engines,
  learnsOnBackbone,
  learnsOnBackboneInPairs,
  learnsWithLoss,
  quickLoss,
  slowLosses,
} from '../contracts/checkerboard.ts';

// Together with checkerboard.test.ts: every loss on every backbone, on both engines, and every backbone in pairs.
describe.each(engines)('engine %s', (engine) => {
  if (engine === 'reference') for (const loss of lossNames) learnsWithLoss(engine, loss);
  for (const backbone of backboneNames.filter((name) => name !== 'mf')) {
    for (const loss of slowLosses) learnsOnBackbone(engine, backbone, loss);
    learnsOnBackbone(engine, backbone, quickLoss);
    learnsOnBackboneInPairs(engine, backbone, quickLoss);
  }
});
