import { type Csr, csrDegree, csrTranspose } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import type { UserRanker } from './ranker.ts';
import { scoreRanker } from './score-ranker.ts';

/** How item neighbours are weighed. */
export interface ItemKnnOptions {
  /** How many most similar items each item keeps, ≥ 1. Default 100. */
  readonly neighbours?: number;
  /** Added to the denominator, ≥ 0: weakens similarities that rest on few users. Default 0. */
  readonly shrink?: number;
}

/**
 * Item-based nearest neighbours: score(u, j) = Σ over the user's training items i that have j among their neighbours of
 * |U_i ∩ U_j| / (√(|U_i|·|U_j|) + shrink), the cosine of the items' user sets. Interaction weights are not used.
 * Neighbours are found once, at cost Σ_u |P_u|². Source: Deshpande & Karypis, TOIS 2004.
 * @throws bad-option.
 */
export function itemKnnRanker(train: Csr, options: ItemKnnOptions = {}): UserRanker {
  const { neighbours = 100, shrink = 0 } = options;
  if (!Number.isSafeInteger(neighbours) || neighbours < 1) {
    throw new TaurecError('bad-option', { option: 'neighbours', got: neighbours, expected: 'a whole number ≥ 1' });
  }
  if (!(shrink >= 0 && shrink < Number.POSITIVE_INFINITY))
    throw new TaurecError('bad-option', { option: 'shrink', got: shrink, expected: 'a number ≥ 0' });
  const { offsets, items, similarities } = nearestItems(train, neighbours, shrink);
  return scoreRanker(train.columns, (user, scores) => {
    scores.fill(0);
    for (let e = train.offsets[user]!; e < train.offsets[user + 1]!; e++) {
      const item = train.indices[e]!;
      for (let n = offsets[item]!; n < offsets[item + 1]!; n++) scores[items[n]!]! += similarities[n]!;
    }
  });
}

/** Each item's most similar other items (ties to the lower id): those of item i stand at offsets[i] .. offsets[i + 1). */
function nearestItems(train: Csr, neighbours: number, shrink: number) {
  const holders = csrTranspose(train);
  const shared = new Int32Array(train.columns);
  const similarity = new Float64Array(train.columns);
  const offsets = new Int32Array(train.columns + 1);
  const items: number[] = [];
  const similarities: number[] = [];
  for (let i = 0; i < train.columns; i++) {
    const found: number[] = [];
    for (let e = holders.offsets[i]!; e < holders.offsets[i + 1]!; e++) {
      const user = holders.indices[e]!;
      for (let f = train.offsets[user]!; f < train.offsets[user + 1]!; f++) {
        const j = train.indices[f]!;
        if (shared[j]!++ === 0 && j !== i) found.push(j);
      }
    }
    for (const j of found)
      similarity[j] = shared[j]! / (Math.sqrt(csrDegree(holders, i) * csrDegree(holders, j)) + shrink);
    const kept = found.sort((a, b) => similarity[b]! - similarity[a]! || a - b).slice(0, neighbours);
    for (const j of kept) {
      items.push(j);
      similarities.push(similarity[j]!);
    }
    for (const j of found) shared[j] = 0;
    shared[i] = 0;
    offsets[i + 1] = items.length;
  }
  return { offsets, items: Int32Array.from(items), similarities: Float64Array.from(similarities) };
}
