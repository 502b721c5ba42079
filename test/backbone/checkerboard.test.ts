import { describe } from 'vitest';
import { backboneNames } from '../../src/backbone/backbones.ts';
import { learnsCheckerboard } from '../contracts/checkerboard.ts';

const graphBackbones = backboneNames.filter((name) => name !== 'mf');

describe.each(['reference', 'wasm'] as const)('engine %s', (engine) => {
  for (const backbone of graphBackbones) {
    for (const loss of ['bsl', 'bpr']) {
      learnsCheckerboard(`${backbone}, ${loss}, user batches`, { engine, backbone, loss });
    }
    learnsCheckerboard(`${backbone}, sl, pair batches`, {
      engine,
      backbone,
      loss: 'sl',
      epochs: 15,
      batch: { kind: 'pair', rows: 32, negatives: 10 },
    });
  }
});
