import { BestItems } from '../array/best-items.ts';
import { csrRow } from '../array/csr.ts';
import { row } from '../array/matrix.ts';
import { NeighborTerm } from '../neighbors/neighbors.ts';
import type { ColdItemsSource } from './cold-items-source.ts';

/** Users whose lists are looked at, and the length of these. */
const USERS = 64;
const PLACES = 20;

/** The mean parts of the scores at the top of lists. */
export interface TopLevels {
  /** Cosine or inner product. */
  readonly embedding: number;
  readonly neighbor: number;
}

/** The mean parts of the scores of the 20 best unseen items of up to 64 users, evenly spread over the model's. */
export function topLevels({ users, items, score, itemBias, seen, trained, neighbors }: ColdItemsSource): TopLevels {
  const term = neighbors && new NeighborTerm(neighbors);
  const inverse = Float64Array.from({ length: items.rows }, (_, i) => scaleOf(row(items, i), score));
  const additions = new Float32Array(items.rows);
  const scores = new Float64Array(items.rows);
  let [embedding, neighbor, places] = [0, 0, 0];
  const count = Math.min(USERS, users.rows);
  for (let n = 0; n < count; n++) {
    const user = Math.floor((n * users.rows) / count);
    const own = row(users, user);
    const scale = scaleOf(own, score);
    const added = term?.rows([{ liked: csrRow(trained, user) }]);
    added?.indices.forEach((item, e) => {
      additions[item] = added.values![e]!;
    });
    const isSeen = new Set(csrRow(seen, user));
    const best = new BestItems(Math.min(PLACES, items.rows));
    for (let i = 0, at = 0; i < items.rows; i++, at = i * items.stride) {
      let sum = 0;
      for (let c = 0; c < own.length; c++) sum += own[c]! * items.data[at++]!;
      scores[i] = sum * scale * inverse[i]!;
      if (!isSeen.has(i)) best.offer(i, scores[i]! + (itemBias?.[i] ?? 0) + additions[i]!);
    }
    for (const { item } of best.take()) {
      embedding += scores[item]!;
      neighbor += additions[item]!;
      places++;
    }
    additions.fill(0);
  }
  return { embedding: embedding / Math.max(1, places), neighbor: neighbor / Math.max(1, places) };
}

/** What a vector is multiplied with before an inner product: 1/‖v‖ for cosines. */
function scaleOf(vector: Float32Array, score: ColdItemsSource['score']): number {
  if (score === 'dot') return 1;
  const length = Math.hypot(...vector);
  return length > 0 ? 1 / length : 0;
}
