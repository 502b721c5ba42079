import { describe } from 'vitest';
import { lossNames } from '../../src/loss/losses.ts';
import { learnsCheckerboard } from '../contracts/checkerboard.ts';

describe.each(['reference', 'wasm'] as const)('engine %s', (engine) => {
  for (const loss of lossNames) {
    learnsCheckerboard(`${loss}, user batches`, { engine, loss });
    learnsCheckerboard(`${loss}, pair batches`, {
      engine,
      loss,
      batch: { kind: 'pair', rows: 32, negatives: 10 },
    });
  }
});
