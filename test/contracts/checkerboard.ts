import { expect, it } from 'vitest';
import { csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import type { BackboneName } from '../../src/backbone/backbones.ts';
import { createLoss, fitLoss, type LossName, lossNames } from '../../src/loss/losses.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { checkerboard } from '../support/training-case.ts';

export const engines = ['reference', 'wasm'] as const;
type EngineName = (typeof engines)[number];

const data = checkerboard(40, 20);
const pairs = { kind: 'pair', rows: 32, negatives: 10 } as const;

/** The loss on plain embeddings, with user batches and with pair batches. */
export function learnsWithLoss(engine: EngineName, loss: LossName): void {
  learnsCheckerboard(`${loss}, user batches`, { engine, loss: lossObject(loss) });
  // half the epochs: pair batches make more steps of them, and pointwise losses then learn the withheld items as negatives by heart
  learnsCheckerboard(`${loss}, pair batches`, { engine, loss: lossObject(loss), epochs: 15, batch: pairs });
}

/** The loss on a backbone, with user batches. */
export function learnsOnBackbone(engine: EngineName, backbone: BackboneName, loss: LossName): void {
  // (K + 1) · d columns learn a small board by heart, the withheld items as negatives with it
  const source = backbone === 'ngcf' ? { name: backbone, layers: 1 } : backbone;
  // neighbours speak with the own embedding: a loss that lets go of positives (bsl) takes longer
  const epochs = backbone === 'lightgcn' ? 25 : 15;
  learnsCheckerboard(`${loss} on ${backbone}`, { engine, loss: lossObject(loss), backbone: source, epochs });
}

/** The loss on a backbone, with pair batches. */
export function learnsOnBackboneInPairs(engine: EngineName, backbone: BackboneName, loss: LossName): void {
  learnsCheckerboard(`${loss} on ${backbone}, pair batches`, {
    engine,
    loss: lossObject(loss),
    backbone,
    epochs: 15,
    batch: pairs,
  });
}

/** The one loss that every backbone is tried with in the quick suite; the slow suite takes the others. */
export const quickLoss = 'sl' satisfies LossName;
export const slowLosses = lossNames.filter((name) => name !== quickLoss);

/** The loss as an object, so that training runs in this thread and starts no other. */
function lossObject(name: LossName) {
  // llpauc: a tenth of the eleven negatives would be one, the withheld item; talos: a list of 20 would hold all items
  const fitting = { llpauc: { beta: 0.5 }, talos: { k: 10 } };
  const source = { name, options: fitting[name as keyof typeof fitting] };
  return createLoss(fitLoss(source, data.train.columns));
}

/**
 * What every loss on every engine must learn: even users like even items, odd users odd ones. Of the items that a user has not seen, the
 * withheld one of the user's own colour comes first.
 */
export function learnsCheckerboard(title: string, config: TrainConfigInput): void {
  it(`${title}: the withheld item of a checkerboard comes first`, async () => {
    const {
      users,
      items,
      config: used,
    } = await trainEmbeddings(
      { train: data.train },
      { dimension: 4, epochs: 30, learningRate: 0.05, batch: { rows: 8, negatives: 'all' }, ...config },
    );
    const first = Array.from(data.withheld, (_, u) => {
      const seen = new Set(csrRow(data.train, u));
      const candidates = Array.from({ length: items.rows }, (_, i) => i).filter((i) => !seen.has(i));
      const length = (i: number) => (used.score === 'cosine' ? Math.sqrt(inner(row(items, i), row(items, i))) : 1);
      const score = (i: number) => inner(row(users, u), row(items, i)) / length(i);
      return candidates.reduce((best, i) => (score(i) > score(best) ? i : best));
    });
    expect(first).toEqual(Array.from(data.withheld));
  });
}

function inner(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, c) => sum + x * b[c]!, 0);
}
