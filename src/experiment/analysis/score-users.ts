import { row } from '../../array/matrix.ts';
import type { Model } from '../../model/model.ts';
import { inverseNorm, inverseNorms } from '../../recommender/vectors.ts';

/** Users scored in one pass over the items: an embedding is read once for all of them. */
const TILE = 4;

/**
 * Gives each listed user's scores of all items to `visit`, in the order of `users`: cosine or inner product as the model has it, in double precision and without the items' biases.
 * @param visit its array [items] is written anew for the users that come next.
 */
export function scoreUsers(model: Model, users: Int32Array, visit: (user: number, scores: Float64Array) => void): void {
  const cosine = model.config.score === 'cosine';
  const scale = cosine ? inverseNorms(model.items) : new Float64Array(model.items.rows).fill(1);
  const scores = Array.from({ length: TILE }, () => new Float64Array(model.items.rows));
  for (let first = 0; first < users.length; first += TILE) {
    // A tile that is not full has its last user more than once.
    const tile = Array.from({ length: TILE }, (_, t) => users[Math.min(first + t, users.length - 1)]!);
    const queries = tile.map((user) => {
      const embedding = row(model.users, user);
      const inverse = cosine ? inverseNorm(embedding) : 1;
      return Float64Array.from(embedding, (x) => x * inverse);
    });
    scoreTile(model, scale, queries, scores);
    for (let t = 0; t < TILE && first + t < users.length; t++) visit(tile[t]!, scores[t]!);
  }
}

/** Four users at a time: sums of their own, so that the processor adds them side by side. */
function scoreTile(
  { items }: Model,
  scale: Float64Array,
  queries: readonly Float64Array[],
  scores: readonly Float64Array[],
): void {
  const [a, b, c, d] = queries as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [ofA, ofB, ofC, ofD] = scores as [Float64Array, Float64Array, Float64Array, Float64Array];
  const { data, stride, columns, rows } = items;
  for (let item = 0; item < rows; item++) {
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let k = 0, at = item * stride; k < columns; k++, at++) {
      const x = data[at]!;
      sumA += x * a[k]!;
      sumB += x * b[k]!;
      sumC += x * c[k]!;
      sumD += x * d[k]!;
    }
    const by = scale[item]!;
    ofA[item] = sumA * by;
    ofB[item] = sumB * by;
    ofC[item] = sumC * by;
    ofD[item] = sumD * by;
  }
}
