import { TaurecError } from '../errors.ts';
import type { Interactions } from './interactions.ts';

/**
 * Weights entries by age: w = 2^(−(latest − time) / halfLife), times the weight the entry has already.
 * `halfLife` > 0 and `latest` (default: the latest time of the log, whose entry keeps its weight) are in the unit of the log's times, seconds for dates.
 * Throws `bad-option`, `missing-column`.
 */
export function recencyWeights(log: Interactions, halfLife: number, latest = latestTime(log)): Interactions {
  if (!(halfLife > 0)) {
    throw new TaurecError('bad-option', { option: 'recencyHalfLife', got: halfLife, expected: 'a number > 0' });
  }
  const times = timesOf(log);
  const weights = new Float32Array(times.length);
  for (let e = 0; e < weights.length; e++) {
    weights[e] = 2 ** ((times[e]! - latest) / halfLife) * (log.weights?.[e] ?? 1);
  }
  return { ...log, weights };
}

/** The latest time of a log. Throws `missing-column` when it has no times. */
export function latestTime(log: Interactions): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const time of timesOf(log)) latest = Math.max(latest, time);
  return latest;
}

function timesOf(log: Interactions): Float64Array {
  if (log.times) return log.times;
  const role = 'the time that recency weights need';
  throw new TaurecError('missing-column', { file: log.source, got: 'time', role, columns: ['user', 'item'] });
}
