/** Timing: warm-up, repetitions, minimum and median. */

/** Results are added to this sum, so that no compiler may leave out the work. */
let sunk = 0;

/** @param {number} value */
export function sink(value) {
  sunk += value;
  if (sunk === Number.MAX_VALUE) console.log(sunk);
}

/**
 * Seconds of each of `rounds` calls of `work`, after `warmup` calls that are not counted.
 * @param {number} rounds
 * @param {number} warmup
 * @param {() => number | Promise<number>} work Returns a number that depends on all of its work.
 */
export async function timeRounds(rounds, warmup, work) {
  const seconds = [];
  for (let round = -warmup; round < rounds; round++) {
    const started = performance.now();
    const result = await work();
    const ended = performance.now();
    sink(result);
    if (round >= 0) seconds.push((ended - started) / 1000);
  }
  return seconds;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {readonly number[]} values */
export function minimum(values) {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}
