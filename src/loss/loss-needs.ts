import type { Loss, LossNeeds, RowStates } from './loss.ts';

/** The needs of a loss with every entry filled in; without a loss, no needs. */
export function needsOf(loss?: Loss): Required<LossNeeds> {
  const {
    itemSimilarity = false,
    pairs = false,
    userState = 0,
    itemState = false,
    globalState = 0,
  } = loss?.needs ?? {};
  return { itemSimilarity, pairs, userState, itemState, globalState };
}

/** True when the loss keeps any state between steps. */
export function needsStates({ userState, itemState, globalState }: Required<LossNeeds>): boolean {
  return userState > 0 || itemState || globalState > 0;
}

/** Describes what is wrong with the needs of a loss; undefined when nothing is. The text completes "expected …" in an error. */
export function needsFault(loss: Loss): string | undefined {
  const needs = needsOf(loss);
  const counts = [needs.userState, needs.globalState];
  if (!counts.every((count) => Number.isInteger(count) && count >= 0))
    return 'needs.userState and needs.globalState to be whole numbers ≥ 0';
  if (needsStates(needs) !== (typeof loss.updateStates === 'function'))
    return 'updateStates(update) exactly when needs names userState, itemState or globalState';
  if (typeof loss.startEpoch === 'function' && !needsStates(needs))
    return 'startEpoch(states) only when needs names userState, itemState or globalState';
  const initial = loss.initialGlobalState;
  if (initial !== undefined && initial.length !== needs.globalState)
    return `initialGlobalState of needs.globalState = ${needs.globalState} numbers`;
  return undefined;
}

/** The states that a row with `negatives` negatives sees before training: zeros, and the initial global state. Undefined for a loss without states. Fold-in and tests evaluate a loss with them. */
export function initialStates(loss: Loss, negatives: number): RowStates | undefined {
  const needs = needsOf(loss);
  if (!needsStates(needs)) return undefined;
  // One float per negative, not per item of the catalogue: a row sees only the items of its pool.
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
