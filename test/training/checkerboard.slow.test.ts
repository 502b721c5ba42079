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

// Together with checkerboard.test.ts: every loss on every backbone, and every backbone in pairs. Losses know nothing of backbones, so the reference engine has one loss on each.
describe.each(engines)('engine %s', (engine) => {
  if (engine === 'reference') for (const loss of lossNames) learnsWithLoss(engine, loss);
  for (const backbone of backboneNames.filter((name) => name !== 'mf')) {
    if (engine === 'wasm') for (const loss of slowLosses) learnsOnBackbone(engine, backbone, loss);
    learnsOnBackbone(engine, backbone, quickLoss);
    learnsOnBackboneInPairs(engine, backbone, quickLoss);
  }
});
