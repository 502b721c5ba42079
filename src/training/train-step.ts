import type { Backbone, BackboneContext } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import type { Batch } from '../sampler/sampler.ts';

/**
 * One step of training: everything that happens to the embeddings happens here.
 *
 * A batch is B rows: each a user, all of that user's positives (user batches) or one of them (pair batches), and n negatives.
 * With E⁰ the base embeddings, which are trained, E the final ones, which are scored, and U and V the batch's rows of E, normalised when the score is the cosine:
 *
 *     begin          the batch is taken, the rows that it touches are listed
 *     forward        E = F(E⁰)        the backbone, where the plan has one; matrix factorisation: E is E⁰ itself, brought up to date row by row (lazy Adam)
 *     gather         U, V            ← the touched rows of E, with dropout
 *     scoreRows      s = U·Vᵀ, L = Σ_u ρ_u · loss(s_u),  ∂L/∂U = ∂L/∂s · V      one row a user: a pool score serves all of a user's positives
 *     itemGradients  ∂L/∂V = (∂L/∂s)ᵀ · U                                       items split among threads, so sums have one order
 *     backward       ∂L/∂E⁰ = Fᵀ(∂L/∂E)                                         the backbone; before it its term of the loss, where it has one
 *     update         E⁰              ← optimiser(∂L/∂E⁰): the touched rows, with a backbone all rows and the backbone's parameters
 *
 * While the last part runs on other threads, this one calls `meanwhile`: training draws the next batch then.
 *
 * Returns the batch's loss Σ_u ρ_u · loss(s_u), plus the backbone's term, before the update.
 */
export function trainStep(
  engine: Engine,
  backbone: Backbone,
  batch: Batch,
  context: BackboneContext,
  learningRate: number,
  meanwhile?: () => void,
): number {
  const { nodes } = engine;
  engine.begin(batch, context.step);
  if (nodes) backbone.forward(nodes, context);
  engine.gather();
  let loss = engine.scoreRows();
  engine.itemGradients();
  if (nodes) {
    loss += backbone.auxiliaryLoss?.(nodes, context) ?? 0;
    backbone.backward(nodes, context);
  }
  engine.update(learningRate, meanwhile);
  return loss;
}
