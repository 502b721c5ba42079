import type { Loss, RowStates } from './loss.ts';
import { needsOf, needsStates } from './loss-needs.ts';

/** What a row with `negatives` negatives sees of the states before anything was learned: zeros, and the initial global state. Undefined for a loss without states. */
export function initialStates(loss: Loss, negatives: number): RowStates | undefined {
  const needs = needsOf(loss);
  if (!needsStates(needs)) return undefined;
  const items = needs.itemState ? negatives : 0;
  return {
    user: new Float64Array(needs.userState),
    items: new Float64Array(items),
    global: Float64Array.from(loss.initialGlobalState ?? new Float64Array(needs.globalState)),
    userUpdate: new Float64Array(needs.userState),
    itemUpdates: new Float64Array(items),
    globalUpdate: new Float64Array(needs.globalState),
  };
}
