import type { RowStates, StateUpdate } from './loss.ts';
import { LEAST_DEVIATION } from './standardize.ts';

/** Share of the earlier steps' weight that each step keeps: a memory of about 1/(1 − .95) = 20 steps. */
const KEPT = 0.95;

/**
 * Length of the global state of dsl's competition temperatures (docs/losses/dsl.md).
 *
 * The state holds the running weight, mean and variance of the competition intensities, and the running mean of the log factors, all over earlier
 * steps. It does not change within a step.
 */
export const competitionStateLength = 4;
const WEIGHT = 0;
const MEAN = 1;
const VARIANCE = 2;
const LOG_FACTOR = 3;

/** The options that turn a competition intensity into a temperature. */
export interface TemperatureRule {
  /** γ: strength and direction in which the temperature follows the standardised intensity. */
  readonly competition: number;
  /** r ≥ 1: bounds the factor of a temperature to [1/r, r]. */
  readonly temperatureRange: number;
}

/**
 * The temperature factor of one positive:
 *
 *     clip( exp(γ z(I)), 1/r, r ) / G,   z(I) = (I − mean)/max(deviation, 1e-3)
 *
 * G is the running geometric mean of the clipped factors; dividing by it keeps the temperatures at the level of τ. The factor is 1 before the first step.
 * Also adds the positive, with its weight, to the row's contribution to the next state.
 * @param intensity I, in [0, 1]
 * @param weight the positive's weight, ≥ 0
 */
export function temperatureFactor(intensity: number, weight: number, rule: TemperatureRule, states: RowStates): number {
  const { global: state, globalUpdate: update } = states;
  // exp and clip are exchanged: clipping γz to ±log r gives the same factor, and the log factor is needed anyway.
  const limit = Math.log(rule.temperatureRange);
  const deviation = Math.max(Math.sqrt(state[VARIANCE]!), LEAST_DEVIATION);
  const z = state[WEIGHT]! > 0 ? (intensity - state[MEAN]!) / deviation : 0;
  const logFactor = Math.min(limit, Math.max(-limit, rule.competition * z));
  // Moments about the old running mean; about 0 the variance would cancel.
  const distance = intensity - state[MEAN]!;
  update[WEIGHT]! += weight;
  update[MEAN]! += weight * distance;
  update[VARIANCE]! += weight * distance * distance;
  update[LOG_FACTOR]! += weight * logFactor;
  return Math.exp(logFactor - state[LOG_FACTOR]!);
}

/** Mixes the contributions of a step into the state. Earlier weight counts .95 per step, so about the last 20 steps decide. */
export function updateCompetitionState({ global, globalSum }: StateUpdate): void {
  const added = globalSum[WEIGHT]!;
  if (!(added > 0)) return;
  const old = KEPT * global[WEIGHT]!;
  // The share of this step in the new averages.
  const share = added / (old + added);
  // Both moments are about the old mean: it lies at distance 0, and the new mean at `distance`.
  const distance = share * (globalSum[MEAN]! / added);
  const squares = (1 - share) * global[VARIANCE]! + share * (globalSum[VARIANCE]! / added);
  global[WEIGHT] = old + added;
  global[MEAN]! += distance;
  // Var = E(x − a)² − (mean − a)² for any a; rounding may make the difference slightly negative.
  global[VARIANCE] = Math.max(0, squares - distance * distance);
  global[LOG_FACTOR] = (1 - share) * global[LOG_FACTOR]! + share * (globalSum[LOG_FACTOR]! / added);
}
