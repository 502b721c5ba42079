import type { Matrix } from '../array/matrix.ts';
import { row } from '../array/matrix.ts';
import type { Engine, ScoreKind } from '../engine/engine.ts';

/** Steps of c in one unit of the scores: .02 for cosines. */
const STEPS = 50;
/** Where the first search looks, in steps; of equal values the earlier one stays. */
const GRID = [0, 5, -5, 10, -10, 20, -20, 40];
/** The longer stride, over the small hills that a sample of users makes. */
const FAR = 4;
/** As far as a search goes: at one unit of score for each e-fold of popularity hardly anything else is left. */
const MOST = STEPS;

/**
 * Chooses c of the popularity prior by a validation value: the summit, on the lattice of whole steps, uphill in strides of four and then of one from the last c, or from the best of a coarse
 * grid when there is none. The value has one summit as a rule (the prior trades the embedding's order for that of popularity), and moves little from one validation to the next.
 * @param evaluate what lists ranked with a prior are worth; called once for each c that is looked at.
 * @param scale the unit of the scores (`scoreScale`).
 */
export function searchPrior<T extends { readonly value: number }>(
  evaluate: (prior: number) => T,
  scale: number,
  last?: number,
): T {
  const known = new Map<number, T>();
  const at = (step: number): T => {
    const found = known.get(step) ?? evaluate((step / STEPS) * scale);
    known.set(step, found);
    return found;
  };
  const start = last === undefined ? GRID : [Math.max(-MOST, Math.min(MOST, Math.round((last / scale) * STEPS)))];
  let best = start.reduce((a, b) => (at(b).value > at(a).value ? b : a));
  const climb = (stride: number) => {
    for (const by of [stride, -stride]) {
      while (Math.abs(best + by) <= MOST && at(best + by).value > at(best).value) best += by;
    }
  };
  climb(FAR);
  climb(1);
  return at(best);
}

/** The size of an engine's scores: 1 for cosines, mean ‖u‖ · mean ‖v‖ of the final embeddings for inner products. */
export function scoreScale({ finals }: Engine, score: ScoreKind): number {
  return score === 'cosine' ? 1 : meanLength(finals.users) * meanLength(finals.items);
}

function meanLength(m: Matrix): number {
  let total = 0;
  for (let r = 0; r < m.rows; r++) total += Math.sqrt(row(m, r).reduce((sum, x) => sum + x * x, 0));
  return total / Math.max(1, m.rows);
}
