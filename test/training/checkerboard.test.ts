import { describe } from 'vitest';
import { backboneNames } from '../../src/backbone/backbones.ts';
import { lossNames } from '../../src/loss/losses.ts';
import { learnsCheckerboard } from '../contracts/checkerboard.ts';

describe.each(['reference', 'wasm'] as const)('engine %s', (engine) => {
  for (const name of lossNames) {
    // a tenth of the eleven negatives would be one: the withheld item
    const loss = name === 'llpauc' ? { name, beta: 0.5 } : name;
    learnsCheckerboard(`${name}, user batches`, { engine, loss });
    learnsCheckerboard(`${name}, pair batches`, {
      engine,
      loss,
      // half the epochs: pair batches make more steps of them, and pointwise losses then learn the withheld items as negatives by heart
      epochs: 15,
      batch: { kind: 'pair', rows: 32, negatives: 10 },
    });
  }
  for (const backbone of backboneNames.filter((name) => name !== 'mf')) {
    // (K + 1) · d columns learn a small board by heart, the withheld items as negatives with it
    const source = backbone === 'ngcf' ? { name: backbone, layers: 1 } : backbone;
    // neighbours speak with the own embedding: a loss that lets go of positives (bsl) takes longer
    const epochs = backbone === 'lightgcn' ? 25 : 15;
    for (const loss of lossNames) {
      learnsCheckerboard(`${loss} on ${backbone}`, { engine, loss, backbone: source, epochs });
    }
    const pairs = { rows: 32, negatives: 10, kind: 'pair' } as const;
    learnsCheckerboard(`sl on ${backbone}, pair batches`, { engine, loss: 'sl', backbone, epochs: 15, batch: pairs });
  }
});
