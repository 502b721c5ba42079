import type { RowStates, StateUpdate } from './loss.ts';
import { LEAST_DEVIATION } from './standardize.ts';

/** What a step keeps of the weight of the steps before it. */
const KEPT = 0.95;

/**
 * The global state of competition temperatures: running weight, mean and variance of the intensities, and running mean of the log factors. It is what the steps before have
 * left; within a step it does not change.
 */
export const competitionStateLength = 4;
const WEIGHT = 0;
const MEAN = 1;
const VARIANCE = 2;
const LOG_FACTOR = 3;

export interface TemperatureRule {
  /** γ: how strongly the temperature follows the standardised intensity, and in which direction. */
  readonly competition: number;
  /** r ≥ 1: a temperature's factor stays within 1/r … r. */
  readonly temperatureRange: number;
}

/**
 * The factor of one positive's temperature:
 *
 *     clip( exp(γ z(I)), 1/r, r ) / G,   z(I) = (I − mean)/max(deviation, 1e-3)
 *
 * G is the running geometric mean of the clipped factors, so that temperatures keep their level. Before the first step it is 1. Adds the positive, with its weight, to what
 * the row contributes to the next state.
 */
export function temperatureFactor(intensity: number, weight: number, rule: TemperatureRule, states: RowStates): number {
  const { global: state, globalUpdate: update } = states;
  const limit = Math.log(rule.temperatureRange);
  const deviation = Math.max(Math.sqrt(state[VARIANCE]!), LEAST_DEVIATION);
  const z = state[WEIGHT]! > 0 ? (intensity - state[MEAN]!) / deviation : 0;
  const logFactor = Math.min(limit, Math.max(-limit, rule.competition * z));
  // about the running mean, so that the variance does not cancel
  const distance = intensity - state[MEAN]!;
  update[WEIGHT]! += weight;
  update[MEAN]! += weight * distance;
  update[VARIANCE]! += weight * distance * distance;
  update[LOG_FACTOR]! += weight * logFactor;
  return Math.exp(logFactor - state[LOG_FACTOR]!);
}

/** Mixes a step's contributions into the state: old weights count .95 of what they did, so about the last 20 steps decide. */
export function updateCompetitionState({ global, globalSum }: StateUpdate): void {
  const added = globalSum[WEIGHT]!;
  if (!(added > 0)) return;
  const old = KEPT * global[WEIGHT]!;
  const share = added / (old + added);
  // distances from the old mean, whose own distance is 0
  const distance = share * (globalSum[MEAN]! / added);
  const squares = (1 - share) * global[VARIANCE]! + share * (globalSum[VARIANCE]! / added);
  global[WEIGHT] = old + added;
  global[MEAN]! += distance;
  global[VARIANCE] = Math.max(0, squares - distance * distance);
  global[LOG_FACTOR] = (1 - share) * global[LOG_FACTOR]! + share * (globalSum[LOG_FACTOR]! / added);
}
