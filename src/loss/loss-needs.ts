import type { Loss, LossNeeds, RowStates } from './loss.ts';

/** What a loss needs, every entry filled in; of no loss: nothing. */
export function needsOf(loss?: Loss): Required<LossNeeds> {
  const { itemSimilarity = false, userState = 0, itemState = false, globalState = 0 } = loss?.needs ?? {};
  return { itemSimilarity, userState, itemState, globalState };
}

/** True when the loss keeps anything between steps. */
export function needsStates({ userState, itemState, globalState }: Required<LossNeeds>): boolean {
  return userState > 0 || itemState || globalState > 0;
}

/** What is wrong with the needs of a loss, in words; undefined when nothing is. */
export function needsFault(loss: Loss): string | undefined {
  const needs = needsOf(loss);
  const counts = [needs.userState, needs.globalState];
  if (!counts.every((count) => Number.isInteger(count) && count >= 0))
    return 'needs.userState and needs.globalState to be whole numbers ≥ 0';
  if (needsStates(needs) !== (typeof loss.updateStates === 'function'))
    return 'updateStates(update) exactly when needs names userState, itemState or globalState';
  const initial = loss.initialGlobalState;
  if (initial !== undefined && initial.length !== needs.globalState)
    return `initialGlobalState of needs.globalState = ${needs.globalState} numbers`;
  return undefined;
}

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
