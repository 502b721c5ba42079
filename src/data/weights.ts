import { TaurecError } from '../errors.ts';
import type { Interactions } from './interactions.ts';

/**
 * Weights entries by age: w = 2^(−(latest − time) / halfLife), times the weight the entry has already. The latest entry of the log keeps its weight.
 * `halfLife` > 0 is in the unit of the log's times (seconds for dates). Throws `bad-option`, `missing-column`.
 */
export function recencyWeights(log: Interactions, halfLife: number): Interactions {
  if (!(halfLife > 0))
    throw new TaurecError('bad-option', { option: 'recencyHalfLife', got: halfLife, expected: 'a number > 0' });
  const { times } = log;
  if (!times) {
    throw new TaurecError('missing-column', {
      file: log.source,
      got: 'time',
      role: 'the time that recency weights need',
      columns: ['user', 'item'],
    });
  }
  let latest = Number.NEGATIVE_INFINITY;
  for (const time of times) latest = Math.max(latest, time);
  const weights = new Float32Array(times.length);
  for (let e = 0; e < weights.length; e++)
    weights[e] = 2 ** ((times[e]! - latest) / halfLife) * (log.weights?.[e] ?? 1);
  return { ...log, weights };
}
