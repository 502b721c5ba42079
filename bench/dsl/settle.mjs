import { bestOf } from '../../dist/search/search.js';
import { dataSets } from './settings.mjs';

/** The smallest relative gain for which twice the epochs are taken. */
const LEAST_GAIN = 0.01;
const MOST_DOUBLINGS = 2;

/**
 * Learning rate and epochs of a full training, the same for `sl` and every member. Where a data set has several rates, `sl` at λ 1 and its first τ chooses on the validation part of the first seed: the best rate, then twice
 * the epochs as long as that gains 1%, at most twice.
 * @param {string} data
 * @param {'user' | 'pair'} setting
 * @param {import('./records.mjs').Records} records
 * @returns {{ rate: number, epochs: number, missing?: undefined } | { missing: import('./records.mjs').Trial }} the next training that the choice needs, while one is missing
 */
export function settle(data, setting, records) {
  const { tau, ...settings } = dataSets[data];
  const { rates, epochs } = settings[setting];
  if (rates.length === 1) return { rate: rates[0], epochs };
  const trialOf = (/** @type {number} */ rate, /** @type {number} */ length) => ({
    member: 'sl',
    data,
    seed: 1,
    setting,
    tau,
    lambda: 1,
    rate,
    epochs: length,
  });
  const seen = rates.map((rate) => ({
    point: trialOf(rate, epochs),
    value: records.find(trialOf(rate, epochs))?.value,
  }));
  for (const { point, value } of seen) if (value === undefined) return { missing: point };
  const best = /** @type {{ point: import('./records.mjs').Trial, value: number }} */ (bestOf(seen));
  let chosen = best.point;
  let { value } = best;
  for (let doublings = 0; doublings < MOST_DOUBLINGS; doublings++) {
    const longer = trialOf(chosen.rate, 2 * chosen.epochs);
    const found = records.find(longer);
    if (!found) return { missing: longer };
    if (found.value < (1 + LEAST_GAIN) * value) break;
    chosen = longer;
    value = found.value;
  }
  return { rate: chosen.rate, epochs: chosen.epochs };
}
