import { describe } from 'vitest';
import { backboneNames } from '../../src/backbone/backbones.ts';
import { lossNames } from '../../src/loss/losses.ts';
import {
  engines,
  learnsOnBackbone,
  learnsOnBackboneInPairs,
  learnsWithLoss,
  quickLoss,
} from '../contracts/checkerboard.ts';

// Every loss on plain embeddings, every backbone with one loss; checkerboard.slow.test.ts has the rest of the product.
describe.each(engines)('engine %s', (engine) => {
  for (const loss of lossNames) learnsWithLoss(engine, loss);
  for (const backbone of backboneNames.filter((name) => name !== 'mf')) {
    learnsOnBackbone(engine, backbone, quickLoss);
    learnsOnBackboneInPairs(engine, backbone, quickLoss);
  }
});
