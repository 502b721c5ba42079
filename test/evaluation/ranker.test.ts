import fc from 'fast-check';
import { expect, it } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { embeddingRanker } from '../../src/evaluation/rankers.ts';
import { csrOf, type EvaluationCase, evaluationCases } from '../support/evaluation-case.ts';
import { scoreMatrixRanker } from '../support/score-matrix-ranker.ts';

/** Embeddings whose inner products are the scores of the case: users are the rows of the score matrix, items the unit vectors. */
async function engineOf({ scores }: EvaluationCase) {
  const items = scores[0]!.length;
  const engine = await openReferenceEngine({ users: scores.length, items, dimension: items, score: 'dot' });
  scores.forEach((of, user) => {
    row(engine.users, user).set(of);
  });
  for (let item = 0; item < items; item++) row(engine.items, item)[item] = 1;
  engine.itemsChanged();
  return engine;
}

const optionsOf = (c: EvaluationCase) => {
  const items = c.scores[0]!.length;
  return {
    train: csrOf(items, c.train),
    valid: csrOf(items, c.valid),
    test: csrOf(c.testItems, c.test),
    protocol: 'clean' as const,
    ks: [2, 20],
    auc: true,
    groups: true,
    perUser: true,
  };
};

it("an engine's ranking evaluates like a full sort of its score matrix, for every block size", async () => {
  await fc.assert(
    fc.asyncProperty(evaluationCases, fc.integer({ min: 1, max: 8 }), async (c, blockSize) => {
      const engine = await engineOf(c);
      const expected = evaluateSync(scoreMatrixRanker(c.scores), optionsOf(c));
      expect(evaluateSync(embeddingRanker(engine), { ...optionsOf(c), blockSize })).toEqual(expected);
      await engine.close();
    }),
  );
});

it('an item bias is added to the score of every user, in lists and in AUC', async () => {
  await fc.assert(
    fc.asyncProperty(evaluationCases, fc.infiniteStream(fc.integer({ min: -4, max: 4 })), async (c, biases) => {
      const engine = await engineOf(c);
      const itemBias = Float32Array.from(c.scores[0]!, () => biases.next().value / 2);
      const biased = c.scores.map((of) => of.map((score, item) => score + itemBias[item]!));
      expect(evaluateSync(embeddingRanker(engine, itemBias), optionsOf(c))).toEqual(
        evaluateSync(scoreMatrixRanker(biased), optionsOf(c)),
      );
      await engine.close();
    }),
  );
});

it('diversity of lists: orthogonal items 1, equal items 0; users with one item to show do not count', async () => {
  const c: EvaluationCase = {
    scores: [
      [3, 2, 1],
      [3, 2, 1],
      [1, 2, 3],
    ],
    train: [[], [1, 2], []],
    valid: [],
    test: [[0], [0], [0]],
    testItems: 3,
  };
  const engine = await engineOf(c);
  const diversity = () =>
    evaluateSync(embeddingRanker(engine), { ...optionsOf(c), ks: [1, 2], diversity: engine.items }).metrics;
  expect(diversity()).toMatchObject({ 'diversity@1': 0, 'diversity@2': 1 });
  // Item 2 turns towards item 1: user 0 is shown 0 and 1, user 2 is shown 2 and 1.
  row(engine.items, 2).set([0, 2, 0]);
  engine.itemsChanged();
  expect(diversity()['diversity@2']).toBe((1 + 0) / 2);
});
