import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { randomStream } from '../../src/array/random.ts';
import type { Engine, PersonProblem } from '../../src/engine/engine.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { createLoss, lossNames } from '../../src/loss/losses.ts';
import { FoldIn } from '../../src/recommender/fold-in.ts';
import { draws } from '../support/property-seed.ts';

enableFusedMultiplyAdd();

const ITEMS = 211;
const settings = lossNames.flatMap((name) =>
  (['cosine', 'dot'] as const)
    .map((score) => ({ loss: createLoss({ name }), score }))
    .filter(({ loss, score }) => score === 'cosine' || loss.allowsDotScores),
);
const dsl = createLoss({ name: 'dsl', options: { hardness: 0.3, similarity: -0.4, competition: 0.5, slate: 10 } });
settings.push({ loss: dsl, score: 'cosine' });

/** The engines with the same random items. One is zero; the last 50 are equal. */
async function engines(dimension: number, score: 'cosine' | 'dot', seed: number, threads: number[]): Promise<Engine[]> {
  const plan = { users: 0, items: ITEMS, dimension, score };
  const all = [await openReferenceEngine(plan), ...(await Promise.all(threads.map((t) => openWasmEngine(plan, t))))];
  for (const engine of all) {
    const random = randomStream(seed, 'items');
    for (let i = 0; i < ITEMS; i++) for (let c = 0; c < dimension; c++) row(engine.items, i)[c] = random.normal() / 2;
    row(engine.items, 5).fill(0);
    for (let i = ITEMS - 50; i < ITEMS; i++) row(engine.items, i).set(row(engine.items, 7));
    engine.itemsChanged();
  }
  return all;
}

/** A problem of distinct items, with weights or without. */
function problemOf(setting: Pick<PersonProblem, 'loss' | 'score'>, seed: number, weighted: boolean): PersonProblem {
  const random = randomStream(seed, 'problem');
  const order = Array.from({ length: ITEMS }, (_, i) => i).sort((a, b) => ((a * 79) % ITEMS) - ((b * 79) % ITEMS));
  const p = 1 + random.integer(40);
  const n = 60 + random.integer(100);
  const weights = (length: number) =>
    weighted ? Float32Array.from({ length }, () => 0.2 + 3 * random.real()) : undefined;
  return {
    ...setting,
    positives: Int32Array.from(order.slice(0, p)),
    positiveWeights: weights(p),
    negatives: Int32Array.from(order.slice(p, p + n)),
    negativeWeights: weights(n),
  };
}

describe('personLoss', () => {
  it.each(
    settings.map((setting) => [`${setting.loss.name} ${JSON.stringify(setting.loss.parameters)}`, setting] as const),
  )(
    '%s: the wasm engine is the reference engine, whatever was asked before, on 1 and 2 threads',
    async (_, setting) => {
      const dimension = 19;
      const [reference, one, two] = (await engines(dimension, setting.score, 3, [1, 2])) as [Engine, Engine, Engine];
      const evaluated = (engine: Engine, problem: PersonProblem, user: Float64Array) => {
        const gradient = new Float64Array(dimension);
        return [engine.personLoss(problem, user, gradient), ...gradient];
      };
      for (let seed = 1; seed <= 2; seed++) {
        const problem = problemOf(setting, seed, seed % 2 === 0);
        const random = randomStream(seed, 'user');
        const direction = Float64Array.from({ length: dimension }, () => random.normal());
        const user = direction.map((x) => x / Math.hypot(...direction));
        const expected = evaluated(reference, problem, user);
        const got = evaluated(one, problem, user);
        const scale = Math.max(1, ...expected.map(Math.abs));
        got.forEach((x, e) => {
          expect(Math.abs(x - expected[e]!)).toBeLessThan(2e-4 * scale);
        });
        evaluated(two, problemOf(setting, seed + 50, true), user);
        two.front(user, 20);
        expect(evaluated(two, problem, user)).toEqual(got);
        // the problem is still in the memory
        expect(evaluated(two, problem, user)).toEqual(got);
      }
      await Promise.all([one.close(), two.close()]);
    },
  );

  it.each(settings.map((setting) => [`${setting.loss.name}, ${setting.score}`, setting] as const))(
    '%s: a fold-in by the kernels ends as low as one in double precision',
    async (_, { loss, score }) => {
      const [reference, one] = (await engines(8, score, 5, [1])) as [Engine, Engine];
      const length = score === 'cosine' ? 1 : 1.5;
      const radius = score === 'cosine' ? 1 : length / 2;
      for (const count of [1, 30]) {
        const liked = Int32Array.from({ length: count }, (_, i) => (i * 5 + count) % 150);
        const others = Int32Array.from({ length: ITEMS }, (_, i) => i).filter((item) => !liked.includes(item));
        const valueAt = (u: Float32Array) => {
          const user = Float64Array.from(u, (x) => (x * radius) / length);
          return reference.personLoss({ loss, score, positives: liked, negatives: others }, user, new Float64Array(8));
        };
        const plain = valueAt(new FoldIn(reference, score, loss, length).embedding(liked));
        const fast = new FoldIn(one, score, loss, length).embedding(liked);
        expect(valueAt(fast)).toBeLessThan(plain + 2e-3 * (1 + Math.abs(plain)));
      }
      await one.close();
    },
  );
});

describe('front', () => {
  it.each(['cosine', 'dot'] as const)('%s: the highest-scoring items, nearly as many as asked for', async (score) => {
    const [reference, one, two] = (await engines(6, score, 9, [1, 2])) as [Engine, Engine, Engine];
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 250 }), async (seed, most) => {
        const random = randomStream(seed, 'query');
        const query = Float64Array.from({ length: 6 }, () => random.normal());
        const scores = Array.from({ length: ITEMS }, (_, i) => {
          const values = Array.from(row(reference.items, i));
          const product = values.reduce((sum, x, c) => sum + x * query[c]!, 0);
          return score === 'dot' ? product : product / Math.max(Math.hypot(...values), 1e-12);
        });
        const sorted = scores.toSorted((a, b) => b - a);
        for (const engine of [reference, one]) {
          const items = engine.front(query, most);
          expect(items.length).toBeLessThanOrEqual(most);
          const inFront = new Set(items);
          const least = Math.min(...Array.from(items, (item) => scores[item]!));
          for (let i = 0; i < ITEMS; i++) if (!inFront.has(i)) expect(scores[i]).toBeLessThan(least + 1e-5);
          // all that are missing to nine tenths of `most` have equal scores
          const wanted = Math.floor(0.9 * Math.min(most, ITEMS));
          if (items.length < wanted) expect(sorted[items.length]! - sorted[wanted]!).toBeLessThan(1e-4);
        }
        expect(two.front(query, most)).toEqual(one.front(query, most));
      }),
      draws(30),
    );
    await Promise.all([one.close(), two.close()]);
  });
});
