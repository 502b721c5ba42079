import type { Loss, RowContext, RowStates, ScoreGradients, ScoreRow } from '../../loss/loss.ts';
import { initialStates, needsOf } from '../../loss/loss-needs.ts';
import type { PersonProblem } from '../engine.ts';
import { fusedLoss } from './fused-losses.ts';
import { type ItemRows, normalizeItems } from './item-rows.ts';
import { ITEM_BLOCK, SCRATCH_ROWS, type ThreadMemory } from './memory.ts';
import { kernelLogExpectationExp } from './row-context.ts';

/** A problem as it lies in the engine's memory. */
interface Placed {
  readonly problem: PersonProblem;
  /** [P + n] 1/‖item‖ for cosines; absent: all 1. */
  readonly scales: Float32Array | undefined;
  /** [P + n] views of the memory. */
  readonly scores: Float32Array;
  readonly factors: Float32Array;
  readonly row: ScoreRow;
  readonly gradients: ScoreGradients;
  readonly context: RowContext;
  readonly evaluate: Loss['evaluate'];
}

/**
 * The loss of a person who is not in the model, by the kernels of training: products with the listed items, the loss's own kernel where it has one, and the weighted sum of the items. The last problem
 * stays in the memory, so that the steps of a minimisation copy nothing but the embedding.
 */
export class PersonLoss {
  readonly #memory: ThreadMemory;
  readonly #rows: ItemRows;
  /** [items] 1/‖item‖, computed at the first problem with cosines. */
  #inverseNorms?: Float32Array;
  #placed?: Placed;

  constructor(memory: ThreadMemory, rows: ItemRows) {
    this.#memory = memory;
    this.#rows = rows;
  }

  evaluate(problem: PersonProblem, user: Float64Array, gradient: Float64Array): number {
    if (problem !== this.#placed?.problem) this.#placed = this.#place(problem);
    const { scales, scores, factors, row, gradients, context, evaluate } = this.#placed!;
    const { floats, kernels, layout } = this.#memory;
    const { at, finals, stride } = layout;
    const [bytes, count] = [stride * 4, scores.length];
    floats.set(user, at.personUser >>> 2);
    for (const { table, list, from, count: some } of this.#rows.blocks(finals.items, at.personItems, count, problem))
      kernels.gatherDots(at.personUser, table, bytes, stride, list, some, at.personScores + from * 4);
    if (scales) multiply(scores, scales);
    if (context.states) startRow(context.states);
    const value = evaluate(row, gradients, context);
    if (scales) multiply(factors, scales);
    const sumAt = at.personSum >>> 2;
    floats.fill(0, sumAt, sumAt + stride);
    for (const { table, list, from, count: some } of this.#rows.blocks(finals.items, at.personItems, count, problem))
      kernels.gatherSum(at.personSum, table, bytes, stride, list, at.personGradients + from * 4, 0, some);
    for (let c = 0; c < gradient.length; c++) gradient[c] = floats[sumAt + c]!;
    return value;
  }

  /** Forgets what follows from the item embeddings. */
  itemsChanged(): void {
    this.#inverseNorms = undefined;
    this.#placed = undefined;
  }

  #place(problem: PersonProblem): Placed {
    const { loss, positives, negatives, positiveWeights, negativeWeights } = problem;
    const { ints, layout } = this.#memory;
    const { at } = layout;
    const [p, n] = [positives.length, negatives.length];
    ints.set(positives, at.personItems >>> 2);
    ints.set(negatives, (at.personItems >>> 2) + p);
    const [scores, factors, weights] = [
      this.#view(at.personScores, p + n),
      this.#view(at.personGradients, p + n),
      this.#view(at.personWeights, p + n),
    ];
    const part = (of: Float32Array) => ({ positives: of.subarray(0, p), negatives: of.subarray(p) });
    const weighted = part(weights);
    if (positiveWeights) weighted.positives.set(positiveWeights);
    if (negativeWeights) weighted.negatives.set(negativeWeights);
    return {
      problem,
      scales: this.#scales(problem),
      scores,
      factors,
      row: {
        ...part(scores),
        positiveWeights: positiveWeights && weighted.positives,
        negativeWeights: negativeWeights && weighted.negatives,
      },
      gradients: part(factors),
      context: this.#context(problem),
      evaluate: this.#evaluator(loss, n),
    };
  }

  /** The loss by its kernel, where it has one. */
  #evaluator(loss: Loss, n: number): Loss['evaluate'] {
    const { at } = this.#memory.layout;
    const workplace = {
      memory: this.#memory,
      result: at.personResult,
      scratch: at.personScratch,
      scratchStride: n + 4,
    };
    return fusedLoss(loss, workplace) ?? ((row, gradients, context) => loss.evaluate(row, gradients, context));
  }

  #context(problem: PersonProblem): RowContext {
    const { loss, positives, negatives } = problem;
    const memory = this.#memory;
    const { at } = memory.layout;
    const n = negatives.length;
    const scratchRow = (r: number) => this.#view(at.personScratch + r * (n + 4) * 4, n);
    const states = initialStates(loss, n);
    return {
      // no user of the model
      user: -1,
      positiveItems: positives,
      poolItems: negatives,
      logExpectationExp: (x, tau, weights, probabilities, scale) =>
        kernelLogExpectationExp(memory, at.personResult, x, tau, weights, probabilities, scale),
      itemSimilarity: needsOf(loss).itemSimilarity ? this.#similarity(problem, scratchRow(SCRATCH_ROWS)) : undefined,
      // a loss may pass its updates of item states to a kernel
      states: states && withItemUpdates(states, scratchRow(SCRATCH_ROWS + 1)),
    };
  }

  /** The cosines of a positive with the negatives, written to `out`. */
  #similarity(problem: PersonProblem, out: Float32Array): RowContext['itemSimilarity'] {
    const { positives, negatives } = problem;
    const { kernels, layout } = this.#memory;
    const { at, finals, stride } = layout;
    const inverse = this.#norms();
    const [p, count] = [positives.length, positives.length + negatives.length];
    return (positive) => {
      const item = positives[positive]!;
      // the region of the gradient's sum is free while the loss is evaluated
      this.#rows.copy(item, at.personSum);
      for (const { table, list, from, count: some } of this.#rows.blocks(
        finals.items,
        at.personItems,
        count,
        problem,
      )) {
        const skipped = Math.min(some, Math.max(0, p - from));
        const target = out.byteOffset + (from + skipped - p) * 4;
        kernels.gatherDots(at.personSum, table, stride * 4, stride, list + skipped * 4, some - skipped, target);
      }
      for (let j = 0; j < out.length; j++) out[j]! *= inverse[item]! * inverse[negatives[j]!]!;
      return out;
    };
  }

  #scales({ score, positives, negatives }: PersonProblem): Float32Array | undefined {
    if (score === 'dot') return undefined;
    const inverse = this.#norms();
    const scales = new Float32Array(positives.length + negatives.length);
    for (let i = 0; i < positives.length; i++) scales[i] = inverse[positives[i]!]!;
    for (let j = 0; j < negatives.length; j++) scales[positives.length + j] = inverse[negatives[j]!]!;
    return scales;
  }

  /** [items] 1/‖item‖, by the kernel that normalises; its rows and norms go to regions of ranking, which hold nothing between two calls of `rank`. */
  #norms(): Float32Array {
    if (this.#inverseNorms) return this.#inverseNorms;
    const { floats, layout, plan } = this.#memory;
    const { at } = layout;
    const inverse = new Float32Array(plan.items);
    for (let from = 0; from < plan.items; from += ITEM_BLOCK) {
      const count = Math.min(plan.items - from, ITEM_BLOCK);
      normalizeItems(this.#memory, from, count, at.threadItems, at.threadScores);
      for (let i = 0; i < count; i++) inverse[from + i] = 1 / floats[(at.threadScores >>> 2) + i]!;
    }
    this.#inverseNorms = inverse;
    return inverse;
  }

  #view(address: number, length: number): Float32Array {
    return this.#memory.floats.subarray(address >>> 2, (address >>> 2) + length);
  }
}

/** values_p *= scales_p. */
function multiply(values: Float32Array, scales: Float32Array): void {
  for (let p = 0; p < values.length; p++) values[p]! *= scales[p]!;
}

/** What a row adds to the states starts from 0. */
function startRow({ userUpdate, itemUpdates, globalUpdate }: RowStates): void {
  for (const update of [userUpdate, itemUpdates, globalUpdate]) update.fill(0);
}

/** States whose updates by item, if there are any, lie in `itemUpdates`. */
function withItemUpdates(states: RowStates, itemUpdates: Float32Array): RowStates {
  return states.items.length > 0 ? { ...states, itemUpdates } : states;
}
