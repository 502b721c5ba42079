import { TaurecError } from '../errors.ts';
import { everyTime } from './every-time.ts';
import type { Interactions } from './interactions.ts';

const NEED = 'recency weights need';

/**
 * Multiplies the weight of each entry (1 without weights) by 2^(−(latest − time) / halfLife): an entry of age `halfLife` counts half.
 * `halfLife` > 0 and `latest` are in the unit of the log's times (seconds for dates). `latest` defaults to the latest time of the log, whose entry keeps its weight.
 * @throws TaurecError `bad-option` for a half-life that is not > 0, `missing-column` for a log without times
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

/** The latest time of a log. @param need what needs times, for errors. @throws TaurecError `missing-column` when it has none */
export function latestTime(log: Interactions, need = NEED): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const time of timesOf(log, need)) latest = Math.max(latest, time);
  return latest;
}

function timesOf(log: Interactions, need = NEED): Float64Array {
  if (log.times) return everyTime(log.times, log.source, need);
  const role = `the time that ${need}`;
  throw new TaurecError('missing-column', { file: log.source, got: 'time', role, columns: ['user', 'item'] });
}
