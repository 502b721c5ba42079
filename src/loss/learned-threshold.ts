import type { LossNeeds, RowStates, StateUpdate } from './loss.ts';

/** Adam's constants (Kingma & Ba, ICLR 2015). */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** Steps without a gradient after which the momentum, below 1e-8 of what it was, no longer moves a 32-bit threshold. */
const LONGEST = 180;

/** The user state: threshold, Adam's moments, and the step of the last visit. The global state: the number of steps. */
export const thresholdState: LossNeeds = { userState: 4, globalState: 1 };
const THRESHOLD = 0;
const MEAN = 1;
const SQUARE = 2;
const STEP = 3;
/** A row's contribution: its derivative, and 1. */
const DERIVATIVE = 0;
const COUNTED = 1;

/** A threshold with the moments of its derivative. */
interface Moments {
  threshold: number;
  mean: number;
  square: number;
}

/** The threshold of the row's user before this step. */
export function learnedThreshold({ user, global }: RowStates, rate: number): number {
  return settled(user, global[0]!, rate).threshold;
}

/** Adds the derivative of the row's quantile loss by the threshold to the user's next step. */
export function contribute({ userUpdate }: RowStates, derivative: number): void {
  userUpdate[DERIVATIVE] = derivative;
  userUpdate[COUNTED] = 1;
}

/** Takes a step of Adam with the mean derivative of each user's rows. As under dense Adam, thresholds of users without rows move on by their momentum: when they are next read. */
export function stepThresholds({ users, global }: StateUpdate, rate: number): void {
  const step = global[0]! + 1;
  for (const { state, sum } of users) {
    if (sum[COUNTED] === 0) continue;
    const moments = settled(state, step - 1, rate);
    move(moments, sum[DERIVATIVE]! / sum[COUNTED]!, BETA1 ** step, BETA2 ** step, rate);
    state[THRESHOLD] = moments.threshold;
    state[MEAN] = moments.mean;
    state[SQUARE] = moments.square;
    state[STEP] = step;
  }
  global[0] = step;
}

/** The state after the steps up to `step`, which had no derivative. */
function settled(state: Readonly<Record<number, number>>, step: number, rate: number): Moments {
  const moments = { threshold: state[THRESHOLD]!, mean: state[MEAN]!, square: state[SQUARE]! };
  if (moments.square === 0) return moments;
  const first = state[STEP]!;
  const last = Math.min(step, first + LONGEST);
  // Running powers: a loop of 180 powers would take longer than the loss.
  let power1 = BETA1 ** first;
  let power2 = BETA2 ** first;
  for (let at = first; at < last; at++) {
    power1 *= BETA1;
    power2 *= BETA2;
    move(moments, 0, power1, power2, rate);
  }
  moments.mean *= BETA1 ** (step - last);
  moments.square *= BETA2 ** (step - last);
  return moments;
}

/** A step of Adam; `power1` and `power2` are β1 and β2 to the number of the step, from 1. */
function move(moments: Moments, derivative: number, power1: number, power2: number, rate: number): void {
  moments.mean = BETA1 * moments.mean + (1 - BETA1) * derivative;
  moments.square = BETA2 * moments.square + (1 - BETA2) * derivative ** 2;
  const root = Math.sqrt(moments.square / (1 - power2));
  moments.threshold -= (rate * moments.mean) / ((1 - power1) * (root + EPSILON));
}
