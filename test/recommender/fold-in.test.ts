import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import { initialStates } from '../../src/loss/loss-needs.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { FoldIn } from '../../src/recommender/fold-in.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

const losses = [
  ['sl', { tau: 0.2 }, 'cosine'],
  ['sl', { tau: 0.2, negativeWeight: 0.7 }, 'cosine'],
  ['sl', { tau: 0.2, userTau: 1 }, 'cosine'],
  ['bsl', { tau: 0.2, tau1: 0.5 }, 'cosine'],
  ['bpr', {}, 'dot'],
  ['bce', {}, 'dot'],
  ['gbce', {}, 'dot'],
  ['psl', { tau: 0.2 }, 'cosine'],
  ['sogclr', { tau: 0.2 }, 'cosine'],
  ['advinfonce', { tau: 0.2 }, 'cosine'],
  ['llpauc', {}, 'cosine'],
  ['mse', {}, 'dot'],
] as const;

/** An engine with random items, and no users. */
async function engineOf(items: number, dimension: number, score: 'cosine' | 'dot', seed: number) {
  const engine = await openReferenceEngine({ users: 0, items, dimension, score });
  engine.items.data.set(randomModel({ items, dimension, seed }).items.data);
  engine.itemsChanged();
  return engine;
}

describe('FoldIn', () => {
  it.each(losses)('%s %o, %s: no direction nearby has a smaller loss', async (name, options, score) => {
    const loss = createLoss({ name, options });
    const length = score === 'cosine' ? 1 : 1.5;
    // inner products are fitted at half the length
    const radius = score === 'cosine' ? 1 : length / 2;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.uniqueArray(fc.nat(29), { minLength: 1, maxLength: 6 }),
        async (seed, likedList) => {
          const engine = await engineOf(30, 4, score, seed);
          const liked = Int32Array.from(likedList);
          const others = Int32Array.from({ length: 30 }, (_, i) => i).filter((i) => !likedList.includes(i));
          /** The loss by its definition: all other items as negatives. */
          const lossAt = (u: ArrayLike<number>) => {
            const size = Math.hypot(...Array.from(u));
            const scoresOf = (list: Int32Array) =>
              Float64Array.from(list, (i) => {
                const item = Array.from(row(engine.items, i));
                const product = (radius / size) * item.reduce((sum, x, c) => sum + x * u[c]!, 0);
                return score === 'dot' ? product : product / Math.hypot(...item);
              });
            const scores = { positives: scoresOf(liked), negatives: scoresOf(others) };
            const gradients = { positives: scores.positives.slice(), negatives: scores.negatives.slice() };
            return loss.evaluate(scores, gradients, {
              user: 0,
              positiveItems: liked,
              poolItems: others,
              logExpectationExp,
              states: initialStates(loss, others.length),
            });
          };
          const folded = new FoldIn(engine, score, loss, length, { steps: 200 }).embedding(liked);
          expect(Math.hypot(...folded)).toBeCloseTo(length, 5);
          const random = randomStream(seed, 'directions');
          for (let trial = 0; trial < 20; trial++) {
            const moved = Array.from(folded, (x) => x + 0.05 * length * random.normal());
            expect(lossAt(moved)).toBeGreaterThan(lossAt(folded) - 1e-4 * (1 + Math.abs(lossAt(folded))));
          }
        },
      ),
      draws(20),
    );
  });

  it('an item that weighs more scores higher', async () => {
    const engine = await engineOf(50, 8, 'cosine', 3);
    const folding = new FoldIn(engine, 'cosine', createLoss({ name: 'sl' }), 1);
    const scoreOf7 = (weight: number) => {
      const u = folding.embedding(Int32Array.of(7, 21, 33), Float32Array.of(weight, 1, 1));
      const item = row(engine.items, 7);
      return item.reduce((sum, x, c) => sum + x * u[c]!, 0) / Math.hypot(...item);
    };
    expect(scoreOf7(4)).toBeGreaterThan(scoreOf7(1));
    expect(scoreOf7(1)).toBeGreaterThan(scoreOf7(0.1));
  });

  it('a sampled catalogue leads to nearly the same embedding, always the same one', async () => {
    const engine = await engineOf(4000, 8, 'cosine', 5);
    const loss = createLoss({ name: 'sl', options: { tau: 0.1 } });
    const exact = new FoldIn(engine, 'cosine', loss, 1, { negatives: 4000 });
    const sampled = new FoldIn(engine, 'cosine', loss, 1, { negatives: 1000, seed: 9 });
    const again = new FoldIn(engine, 'cosine', loss, 1, { negatives: 1000, seed: 9 });
    for (let person = 0; person < 5; person++) {
      const liked = Int32Array.of(person, 100 + person, 2000 + 7 * person);
      const a = exact.embedding(liked);
      const b = sampled.embedding(liked);
      expect(a.reduce((sum, x, c) => sum + x * b[c]!, 0)).toBeGreaterThan(0.99);
      expect(again.embedding(liked)).toEqual(b);
    }
  });

  it('is defined for an item without direction', async () => {
    const engine = await engineOf(20, 4, 'cosine', 5);
    row(engine.items, 3).fill(0);
    const folded = new FoldIn(engine, 'cosine', createLoss({ name: 'sl' }), 1).embedding(Int32Array.of(3));
    expect(Math.hypot(...folded)).toBeCloseTo(1, 5);
  });
});
