import { describe } from 'vitest';
import { backboneNames } from '../../src/backbone/backbones.ts';
import { engines, learnsOnBackbone, slowLosses } from '../contracts/checkerboard.ts';

// Together with checkerboard.test.ts: every loss on every backbone, on both engines.
describe.each(engines)('engine %s', (engine) => {
  for (const backbone of backboneNames.filter((name) => name !== 'mf')) {
    for (const loss of slowLosses) learnsOnBackbone(engine, backbone, loss);
  }
});
