import type { Engine } from '../engine/engine.ts';
import type { Batch } from '../sampler/sampler.ts';

/**
 * One step of training: everything that happens to the embeddings happens here.
 *
 * A batch is B rows: each a user, all of that user's positives (user batches) or one of them (pair batches), and n negatives.
 * With U and V the embeddings of the batch's users and items, normalised when the score is the cosine:
 *
 *     gather         U, V            ← the touched rows, brought up to date (lazy Adam), with dropout
 *     scoreRows      s = U·Vᵀ, L = Σ_u ρ_u · loss(s_u),  ∂L/∂U = ∂L/∂s · V      one row a user: a pool score serves all of a user's positives
 *     itemGradients  ∂L/∂V = (∂L/∂s)ᵀ · U                                       items split among threads, so sums have one order
 *     update         U, V            ← optimiser(∂L/∂U, ∂L/∂V)
 *
 * Matrix factorisation is the identity backbone: its base embeddings are the final ones, so the verbs work on the tables themselves.
 * Returns the batch's loss Σ_u ρ_u · loss(s_u), before the update. `step` counts from 0 in the epoch.
 */
export function trainStep(engine: Engine, batch: Batch, step: number, learningRate: number): number {
  engine.gather(batch, step);
  const loss = engine.scoreRows();
  engine.itemGradients();
  engine.update(learningRate);
  return loss;
}
