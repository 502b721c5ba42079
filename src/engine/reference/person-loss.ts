import { type Matrix, row } from '../../array/matrix.ts';
import { logExpectationExp } from '../../loss/log-expectation-exp.ts';
import { initialStates, needsOf } from '../../loss/loss-needs.ts';
import type { ItemProducts, PersonProblem } from '../engine.ts';
import { addScaled, dot, inverseNorm } from './embedding-table.ts';

/** The loss of a person by its definition, in double precision (`Engine.personLoss`). */
export function personLoss(items: Matrix, problem: PersonProblem, user: Float64Array, gradient: Float64Array): number {
  const { loss, score, positives, negatives, positiveWeights, negativeWeights } = problem;
  const scored = (listed: Int32Array) => Array.from(listed, (item) => prepared(items, item, score === 'cosine'));
  const [liked, others] = [scored(positives), scored(negatives)];
  const scoresOf = (rows: Float64Array[]) => Float64Array.from(rows, (item) => dot(user, item));
  const gradients = { positives: new Float64Array(liked.length), negatives: new Float64Array(others.length) };
  const similarity = (positive: number) => {
    const own = prepared(items, positives[positive]!, true);
    return Float64Array.from(negatives, (item) => dot(own, prepared(items, item, true)));
  };
  const value = loss.evaluate(
    { positives: scoresOf(liked), negatives: scoresOf(others), positiveWeights, negativeWeights },
    gradients,
    {
      // no user of the model
      user: -1,
      positiveItems: positives,
      poolItems: negatives,
      logExpectationExp,
      itemSimilarity: needsOf(loss).itemSimilarity ? similarity : undefined,
      states: initialStates(loss, others.length),
    },
  );
  gradient.fill(0);
  liked.forEach((item, i) => {
    addScaled(gradient, gradients.positives[i]!, item);
  });
  others.forEach((item, j) => {
    addScaled(gradient, gradients.negatives[j]!, item);
  });
  return value;
}

/** An item's embedding, divided by its norm where asked for. */
function prepared(items: Matrix, item: number, normalised: boolean): Float64Array {
  const values = row(items, item);
  const scale = normalised ? inverseNorm(values) : 1;
  return Float64Array.from(values, (x) => x * scale);
}

/** The products with listed items by their definition, in double precision. */
export function itemProducts(items: Matrix): ItemProducts {
  return {
    dots(listed, vector, out) {
      listed.forEach((item, p) => {
        out[p] = dot(prepared(items, item, false), vector);
      });
    },
    sum(listed, factors, out) {
      out.fill(0);
      listed.forEach((item, p) => {
        addScaled(out, factors[p]!, prepared(items, item, false));
      });
    },
  };
}
